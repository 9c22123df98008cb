//! Arguments of `put` and `get`.

use std::path::PathBuf;

use clap::Args;
use hulk_proto::ExpirationPolicy;

use super::size::size;

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
