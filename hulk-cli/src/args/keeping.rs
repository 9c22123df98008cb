//! The commands that tidy, bring back, find and share.

use clap::{Args, Subcommand};
use hulk_proto::ExpirationPolicy;

use super::size;

#[derive(Args, Debug)]
pub(crate) struct Rm {
    /// Paths from your root, or ids
    #[arg(required = true, value_name = "REMOTE")]
    pub(crate) remotes: Vec<String>,

    /// Directories too, with all that is in them
    #[arg(short, long)]
    pub(crate) recursive: bool,

    /// Delete for good, not to the trash
    #[arg(long)]
    pub(crate) purge: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Mkdir {
    /// Paths from your root
    #[arg(required = true, value_name = "REMOTE")]
    pub(crate) remotes: Vec<String>,

    /// One that is there is no error
    #[arg(short, long)]
    pub(crate) parents: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Find {
    /// Parts of the name, and tag:T, type:models, size>10MB, size<1GB, age<7d, age>4w
    #[arg(required = true, value_name = "QUERY")]
    pub(crate) query: Vec<String>,

    /// Size, time, expiry and permission too
    #[arg(short)]
    pub(crate) long: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Set {
    /// Path from your root, or id; / is the default for all that does not say otherwise
    pub(crate) remote: String,

    /// Everybody with the link may download
    #[arg(long, conflicts_with_all = ["private", "inherit"])]
    pub(crate) public: bool,

    /// Only you may download
    #[arg(long, conflicts_with = "inherit")]
    pub(crate) private: bool,

    /// As the directory above says
    #[arg(long)]
    pub(crate) inherit: bool,

    /// When to delete it, from now: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never; of a directory, what
    /// is put into it
    #[arg(long, value_name = "POLICY")]
    pub(crate) expires: Option<ExpirationPolicy>,

    /// Add a tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,

    /// Take a tag away; may be given several times
    #[arg(long, value_name = "TAG")]
    pub(crate) untag: Vec<String>,

    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

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

#[derive(Subcommand, Debug)]
pub(crate) enum Trash {
    /// List what was deleted and can come back
    Ls,
    /// Put things back where they were; under a free name if theirs is taken
    Restore {
        /// Paths that they had, or ids
        #[arg(required = true, value_name = "ITEM")]
        items: Vec<String>,
        /// Another path for it
        #[arg(long, value_name = "REMOTE")]
        to: Option<String>,
    },
    /// Delete things in the trash for good
    Rm {
        /// Paths that they had, or ids
        #[arg(required = true, value_name = "ITEM")]
        items: Vec<String>,
    },
    /// Delete all that is in the trash for good
    Empty,
}
