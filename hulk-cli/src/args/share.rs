//! Arguments of `share`.

use clap::{Args, Subcommand};
use hulk_proto::ExpirationPolicy;

use super::size::size;

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Share {
    #[command(subcommand)]
    pub(crate) command: Option<ShareCommand>,

    /// Path from your root, or id
    #[arg(required = true)]
    pub(crate) remote: Option<String>,

    /// When the link expires: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never
    #[arg(long, value_name = "POLICY")]
    pub(crate) expires: Option<ExpirationPolicy>,

    /// Protect the link with a password, which is prompted for
    #[arg(long)]
    pub(crate) password: bool,

    /// Read the password from standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,

    /// Maximum number of downloads
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_downloads: Option<u64>,

    /// Let others upload files into the directory without seeing its contents
    #[arg(long, conflicts_with = "max_downloads")]
    pub(crate) uploads: bool,

    /// With --uploads, maximum size of each file, such as 500MB
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "uploads")]
    pub(crate) max_size: Option<u64>,

    /// With --uploads, maximum size of all files together, such as 20GB [default: half of your quota]
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "uploads")]
    pub(crate) max_total: Option<u64>,

    /// With --uploads, maximum number of files [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), requires = "uploads")]
    pub(crate) max_files: Option<u64>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum ShareCommand {
    /// List your share links
    Ls,
    /// Revoke share links, which answer 410 from then on
    Rm {
        /// Tokens, links or ids
        #[arg(required = true, value_name = "TOKEN")]
        tokens: Vec<String>,
    },
    /// List the unfinished uploads of a share link
    Uploads {
        /// Token, link or id
        #[arg(value_name = "TOKEN")]
        token: String,
        /// Cancel them; they cannot be resumed, only restarted
        #[arg(long)]
        cancel: bool,
    },
}
