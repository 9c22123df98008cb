//! Arguments of the commands that list and change files and directories.

use clap::{Args, Subcommand, ValueEnum};
use hulk_proto::ExpirationPolicy;

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
