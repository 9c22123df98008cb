//! What can be typed. No logic here.

mod keeping;

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use clap_complete::Shell;
use hulk_proto::{ExpirationPolicy, KeyPermission};

pub(crate) use keeping::{Find, Mkdir, Rm, Set, Share, ShareCommand, Trash};

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

#[derive(Args, Debug)]
pub(crate) struct Put {
    /// Files and directories to upload; - is the standard input
    #[arg(required = true, value_name = "PATH|-")]
    pub(crate) paths: Vec<PathBuf>,

    /// Where to put them: a directory if it ends in / or is one, else the file itself; or a drop link
    #[arg(long, value_name = "REMOTE|LINK")]
    pub(crate) to: Option<String>,

    /// Name for the file; the standard input needs one
    #[arg(long)]
    pub(crate) name: Option<String>,

    /// When to delete it: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never
    #[arg(long, value_name = "POLICY")]
    pub(crate) expires: Option<ExpirationPolicy>,

    /// Everybody with the link may download
    #[arg(long, conflicts_with = "private")]
    pub(crate) public: bool,

    /// Only you may download
    #[arg(long)]
    pub(crate) private: bool,

    /// Refuse to replace a file that is there
    #[arg(long)]
    pub(crate) no_clobber: bool,

    #[command(flatten)]
    pub(crate) choice: Choice,

    /// In directories, put what symbolic links point to; without it they are skipped
    #[arg(short = 'L', long)]
    pub(crate) follow_links: bool,

    #[command(flatten)]
    pub(crate) speed: Speed,

    /// Bytes of a part, as 16MiB; the server chooses if it is not given
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) part_size: Option<u64>,

    /// Copy the link to the clipboard even if stdout is no terminal
    #[arg(long, overrides_with = "no_clipboard")]
    pub(crate) clipboard: bool,

    /// Leave the clipboard alone
    #[arg(long, overrides_with = "clipboard")]
    pub(crate) no_clipboard: bool,

    /// Show the link as a QR code on stderr
    #[arg(long)]
    pub(crate) qr: bool,

    /// Serve the files from this process until Ctrl-C: no account, no server needed
    #[arg(long)]
    #[cfg(feature = "serve")]
    pub(crate) serve: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Links, ids, or paths from your root
    #[arg(required = true, value_name = "LINK|ID|REMOTE")]
    pub(crate) sources: Vec<String>,

    /// File or directory to write to; - is the standard output
    #[arg(short, long, value_name = "FILE|DIR|-")]
    pub(crate) output: Option<PathBuf>,

    /// Do not compare the SHA-256
    #[arg(long)]
    pub(crate) no_verify: bool,

    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,

    /// Neither use nor keep what was downloaded before
    #[arg(long)]
    pub(crate) no_cache: bool,

    #[command(flatten)]
    pub(crate) choice: Choice,

    #[command(flatten)]
    pub(crate) speed: Speed,
}

/// Of a directory, which files; the order of the flags does not matter.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Choice {
    /// In directories, take only files that match; DIR/ takes all that is below; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,

    /// Of directories, no files or directories that match; stronger than --include
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Speed {
    /// Connections at a time; found out if it is not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) parallel: Option<u16>,

    /// Bytes per second at most, as 2MB or 500KiB
    #[arg(long, value_name = "RATE", value_parser = size)]
    pub(crate) limit_rate: Option<u64>,
}

fn size(text: &str) -> Result<u64, String> {
    match parse_size::parse_size(text) {
        Ok(0) => Err("expected more than 0".to_owned()),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(format!("{error}; expected bytes as 500KiB or 2MB")),
    }
}

#[derive(Args, Debug)]
pub(crate) struct Ls {
    /// Directory or file, from your root
    pub(crate) remote: Option<String>,

    /// Size, time, expiry and permission too
    #[arg(short)]
    pub(crate) long: bool,

    /// What is in the directories too
    #[arg(short = 'R')]
    pub(crate) recursive: bool,

    #[arg(long, value_name = "ORDER", default_value = "name")]
    pub(crate) sort: Sort,

    #[arg(long)]
    pub(crate) reverse: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Name,
    Size,
    Created,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Keys {
    /// List your API keys
    Ls,
    /// Make an API key and print it, once
    Create {
        /// What it is for
        #[arg(long)]
        label: String,
        /// What it may do
        #[arg(long, value_name = "read|upload|write|all", value_parser = key_permission())]
        permissions: KeyPermission,
        /// When it stops to work: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never
        #[arg(long, value_name = "POLICY")]
        expires: Option<ExpirationPolicy>,
    },
    /// Revoke an API key
    Rm { id: String },
}

/// Each with what it grants, for help and completions.
fn key_permission() -> impl TypedValueParser<Value = KeyPermission> {
    let value = |permission: KeyPermission| {
        PossibleValue::new(permission.as_str()).help(permission.meaning())
    };
    PossibleValuesParser::new(KeyPermission::ALL.map(value))
        .try_map(|text| text.parse::<KeyPermission>())
}
