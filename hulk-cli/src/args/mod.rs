//! Command-line arguments. No logic here.

mod account;
mod admin;
mod entries;
mod share;
mod size;
mod tiers;
mod transfer;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use account::Keys;
pub(crate) use admin::{Admin, AdminAudit, AdminFiles, AdminJobs, AdminUsers};
pub(crate) use entries::{Find, Ls, Mkdir, Rm, Set, Sort, Trash};
pub(crate) use share::{Share, ShareCommand};
pub(crate) use tiers::{AdminRequests, AdminTiers, ChangeTier, Decision, NewTier, TierLimits};
pub(crate) use transfer::{Choice, Get, Put};

/// Put a file, get a link that works at once, with plain curl
#[derive(Parser, Debug)]
#[command(name = "hulk", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Server to use [env: HULK_SERVER] [default: the profile's]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,

    /// Profile to use [env: HULK_PROFILE] [default: that of the last login]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Print one JSON document on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Print only errors on stderr
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Print more details
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,

    /// Hide progress
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,

    /// Answer yes to every question
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum When {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Upload files and print their links
    Put(Put),
    /// Download files and directories, and verify them
    Get(Get),
    /// List files and directories
    Ls(Ls),
    /// Rename or move files and directories; links stay valid
    Mv {
        /// Paths from your root, or ids
        #[arg(required = true, value_name = "SRC")]
        sources: Vec<String>,
        /// Directory if it ends in / or is one, else the new path
        #[arg(value_name = "DEST")]
        to: String,
    },
    /// Create directories and their parents
    Mkdir(Mkdir),
    /// Find files by name, tag, type, size and age
    Find(Find),
    /// Set access, expiry, tags and description of a file or directory
    Set(Set),
    /// Share files and directories by link; list and revoke links
    Share(Share),
    /// List the kept versions of a file
    Versions {
        /// Path from your root, or id
        remote: String,
    },
    /// Restore an older version of a file as the newest one
    Restore {
        /// Path from your root, or id
        remote: String,
        /// Version to restore [default: the one before the current]
        #[arg(long, value_name = "N")]
        version: Option<u64>,
    },
    /// List, restore and delete items in the trash
    #[command(subcommand)]
    Trash(Trash),
    /// Show how much you store, by type, and your quota
    Usage,
    /// Show all details of a file or directory
    Info {
        /// Path from your root, or id
        remote: String,
    },
    /// Open your files in a browser, signed in by a link that works once, for 60 s
    ///
    /// Prints the link instead if no browser can be opened, with --json, and if the output is no terminal,
    /// unless --quiet is given.
    #[command(after_help = "Example: hulk open datasets/2026")]
    Open {
        /// Path from your root, id or link of what to show; for a file, its directory [default: your root]
        remote: Option<String>,
    },
    /// Move files and directories to the trash
    Rm(Rm),
    /// Manage API keys
    #[command(subcommand)]
    Keys(Keys),
    /// Manage the users, tiers, files and jobs of a server, as moderator or admin
    #[command(subcommand)]
    Admin(Admin),
    /// Log in to a server: by a code that you type on its page, or with an API key
    Login {
        /// Read the API key from standard input
        #[arg(long)]
        api_key_stdin: bool,
    },
    /// Log out: remove the API key of the profile, and revoke it if login created it
    Logout,
    /// Show the user and API key you are logged in with
    Whoami,
    /// Check server, key, clocks, store and proxies, and suggest fixes
    Doctor,
    /// Run a server, with nothing else to install
    #[cfg(feature = "serve")]
    Serve(Box<hulk_server::Config>),
    /// Print shell completions
    Completions { shell: Shell },
    /// Print the manual page of hulk, or of one command
    Man { command: Option<String> },
    /// Hold the clipboard until another program takes it; started by `put`
    #[command(name = "keep-clipboard", hide = true)]
    KeepClipboard,
}

impl Command {
    /// Whether the command changes nothing, locally or on the server.
    pub(crate) fn only_lists(&self) -> bool {
        match self {
            Self::Ls(_)
            | Self::Find(_)
            | Self::Info { .. }
            | Self::Versions { .. }
            | Self::Usage
            | Self::Whoami
            | Self::Doctor
            | Self::Completions { .. }
            | Self::Man { .. }
            | Self::Keys(Keys::Ls)
            | Self::Trash(Trash::Ls) => true,
            Self::Share(share) => matches!(
                share.command,
                Some(ShareCommand::Ls | ShareCommand::Uploads { cancel: false, .. })
            ),
            Self::Admin(admin) => admin.only_lists(),
            Self::Put(put) => put.choice.dry_run,
            Self::Get(get) => get.choice.dry_run,
            _ => false,
        }
    }
}
