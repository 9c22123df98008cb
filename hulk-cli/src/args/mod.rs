//! What can be typed. No logic here.

mod account;
mod entries;
mod share;
mod size;
mod transfer;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use account::Keys;
pub(crate) use entries::{Find, Ls, Mkdir, Rm, Set, Sort, Trash};
pub(crate) use share::{Share, ShareCommand};
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
    /// Server to talk to [env: HULK_SERVER] [default: the profile's]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,

    /// Profile to use [env: HULK_PROFILE] [default: the one of the last login]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Print one JSON document on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Print nothing on stderr but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Say more of what is done
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,

    /// Show no progress
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
    /// Download files, verified
    Get(Get),
    /// List files and directories
    Ls(Ls),
    /// Rename or move files and directories; their links stay
    Mv {
        /// Paths from your root, or ids
        #[arg(required = true, value_name = "SRC")]
        sources: Vec<String>,
        /// A directory if it ends in / or is one, else the new path
        #[arg(value_name = "DEST")]
        to: String,
    },
    /// Make directories, with those above them
    Mkdir(Mkdir),
    /// Find files by name, tag, type, size and age
    Find(Find),
    /// Say who may read a file or directory, when it expires, and what it is
    Set(Set),
    /// Make links for others, that end, ask a password, count, or take files in
    Share(Share),
    /// List the versions of a file that are kept
    Versions {
        /// Path from your root, or id
        remote: String,
    },
    /// Bring an older version of a file back, as the newest one
    Restore {
        /// Path from your root, or id
        remote: String,
        /// Which one [default: the one before the current]
        #[arg(long, value_name = "N")]
        version: Option<u64>,
    },
    /// See, restore and empty the trash
    #[command(subcommand)]
    Trash(Trash),
    /// Tell how much you store, by type, and your quota
    Usage,
    /// Tell all about a file or directory
    Info {
        /// Path from your root, or id
        remote: String,
    },
    /// Move files and directories to the trash
    Rm(Rm),
    /// Manage API keys
    #[command(subcommand)]
    Keys(Keys),
    /// Keep an API key for a server
    Login {
        /// Read the API key from the standard input
        #[arg(long)]
        api_key_stdin: bool,
    },
    /// Forget the API key of the profile
    Logout,
    /// Tell who you are to the server
    Whoami,
    /// Try what transfers need: server, key, clocks, store, proxies; and tell what to do
    Doctor,
    /// Run a server, with nothing to install
    #[cfg(feature = "serve")]
    Serve(Box<hulk_server::Config>),
    /// Print the completions of a shell
    Completions { shell: Shell },
    /// Print the manual page, of a command if one is named
    Man { command: Option<String> },
    /// Holds the clipboard until another program takes it; `put` starts this for itself
    #[command(name = "keep-clipboard", hide = true)]
    KeepClipboard,
}

impl Command {
    /// Whether it changes nothing, here or on the server.
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
            Self::Put(put) => put.choice.dry_run,
            Self::Get(get) => get.choice.dry_run,
            _ => false,
        }
    }
}
