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

    /// When the link ends: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never
    #[arg(long, value_name = "POLICY")]
    pub(crate) expires: Option<ExpirationPolicy>,

    /// Ask for a password that the link is to ask for
    #[arg(long)]
    pub(crate) password: bool,

    /// Read that password from the standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,

    /// How many downloads in all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_downloads: Option<u64>,

    /// Others can put files into the directory, and see nothing of it
    #[arg(long, conflicts_with = "max_downloads")]
    pub(crate) uploads: bool,

    /// With --uploads, the largest file that is taken, as 500MB
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "uploads")]
    pub(crate) max_size: Option<u64>,

    /// With --uploads, how many bytes are taken in all, as 20GB [default: half of your quota]
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "uploads")]
    pub(crate) max_total: Option<u64>,

    /// With --uploads, how many files are taken in all [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), requires = "uploads")]
    pub(crate) max_files: Option<u64>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum ShareCommand {
    /// List your links
    Ls,
    /// Revoke links: they answer 410 from now on
    Rm {
        /// Tokens, links or ids
        #[arg(required = true, value_name = "TOKEN")]
        tokens: Vec<String>,
    },
    /// List what is being put in through a link and is not finished
    Uploads {
        /// Token, link or id
        #[arg(value_name = "TOKEN")]
        token: String,
        /// Drop it: what is put in after that has to begin anew
        #[arg(long)]
        cancel: bool,
    },
}
