//! Arguments of `put` and `get`.

use std::path::PathBuf;

use clap::Args;
use hulk_proto::ExpirationPolicy;

use super::size::size;

#[derive(Args, Debug)]
pub(crate) struct Put {
    /// Files and directories to upload; - for standard input
    #[arg(required = true, value_name = "PATH|-")]
    pub(crate) paths: Vec<PathBuf>,

    /// Where to put them: a directory if it ends in / or is one, else the file itself; or a drop link
    #[arg(long, value_name = "REMOTE|LINK")]
    pub(crate) to: Option<String>,

    /// Name of the file; required for standard input
    #[arg(long)]
    pub(crate) name: Option<String>,

    /// When to delete the files: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never
    #[arg(long, value_name = "POLICY")]
    pub(crate) expires: Option<ExpirationPolicy>,

    /// Let anyone with the link download
    #[arg(long, conflicts_with = "private")]
    pub(crate) public: bool,

    /// Let only you download
    #[arg(long)]
    pub(crate) private: bool,

    /// Fail if the file already exists
    #[arg(long)]
    pub(crate) no_clobber: bool,

    #[command(flatten)]
    pub(crate) choice: Choice,

    /// Follow symbolic links in directories instead of skipping them
    #[arg(short = 'L', long)]
    pub(crate) follow_links: bool,

    #[command(flatten)]
    pub(crate) speed: Speed,

    /// Size of a part, such as 16MiB [default: chosen by the server]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) part_size: Option<u64>,

    /// Copy the link to the clipboard even if stdout is not a terminal
    #[arg(long, overrides_with = "no_clipboard")]
    pub(crate) clipboard: bool,

    /// Do not copy the link to the clipboard
    #[arg(long, overrides_with = "clipboard")]
    pub(crate) no_clipboard: bool,

    /// Show the link as a QR code on stderr
    #[arg(long)]
    pub(crate) qr: bool,

    /// Serve the files from this process until Ctrl-C; needs no account and no server
    #[arg(long)]
    #[cfg(feature = "serve")]
    pub(crate) serve: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Links, ids, or paths from your root
    #[arg(required = true, value_name = "LINK|ID|REMOTE")]
    pub(crate) sources: Vec<String>,

    /// File or directory to write to; - for standard output
    #[arg(short, long, value_name = "FILE|DIR|-")]
    pub(crate) output: Option<PathBuf>,

    /// Skip the SHA-256 check
    #[arg(long)]
    pub(crate) no_verify: bool,

    /// Replace existing files
    #[arg(long)]
    pub(crate) force: bool,

    /// Do not read or write the download cache
    #[arg(long)]
    pub(crate) no_cache: bool,

    #[command(flatten)]
    pub(crate) choice: Choice,

    #[command(flatten)]
    pub(crate) speed: Speed,
}

/// Selects files of a directory; the order of the flags does not matter.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Choice {
    /// In directories, include only matching files; DIR/ matches all below; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,

    /// In directories, skip matching files and directories; overrides --include
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,

    /// Show what would be done without doing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Speed {
    /// Number of parallel connections [default: adaptive]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) parallel: Option<u16>,

    /// Limit the bytes per second, such as 2MB or 500KiB
    #[arg(long, value_name = "RATE", value_parser = size)]
    pub(crate) limit_rate: Option<u64>,
}
