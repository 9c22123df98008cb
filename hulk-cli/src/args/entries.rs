//! Arguments of the commands that list and change files and directories.

use clap::{Args, Subcommand, ValueEnum};
use hulk_proto::ExpirationPolicy;

#[derive(Args, Debug)]
pub(crate) struct Ls {
    /// Path of a directory or file, from your root
    pub(crate) remote: Option<String>,

    /// Show size, time, expiry and permission
    #[arg(short)]
    pub(crate) long: bool,

    /// List directories recursively
    #[arg(short = 'R')]
    pub(crate) recursive: bool,

    /// Sort by name, by size (the smallest first) or by time (the oldest first)
    #[arg(long, value_name = "ORDER", default_value = "name")]
    pub(crate) sort: Sort,

    /// Reverse the order
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

    /// Remove directories and everything in them
    #[arg(short, long)]
    pub(crate) recursive: bool,

    /// Delete permanently instead of moving to the trash
    #[arg(long)]
    pub(crate) purge: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Mkdir {
    /// Paths from your root
    #[arg(required = true, value_name = "REMOTE")]
    pub(crate) remotes: Vec<String>,

    /// Do not fail if a directory already exists
    #[arg(short, long)]
    pub(crate) parents: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Find {
    /// Parts of the name, or tag:T, type:models, size>10MB, size<1GB, age<7d, age>4w; all must match
    #[arg(required = true, value_name = "QUERY")]
    pub(crate) query: Vec<String>,

    /// Show size, time, expiry and permission
    #[arg(short)]
    pub(crate) long: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Set {
    /// Path from your root, or id; / sets the default for everything without a setting of its own
    pub(crate) remote: String,

    /// Let anyone with the link download
    #[arg(long, conflicts_with_all = ["private", "inherit"])]
    pub(crate) public: bool,

    /// Let only you download
    #[arg(long, conflicts_with = "inherit")]
    pub(crate) private: bool,

    /// Inherit the setting of the parent directory
    #[arg(long)]
    pub(crate) inherit: bool,

    /// When to delete it, from now: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never; for a directory, sets
    /// the default for files put into it
    #[arg(long, value_name = "POLICY")]
    pub(crate) expires: Option<ExpirationPolicy>,

    /// Add a tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,

    /// Remove a tag; may be given several times
    #[arg(long, value_name = "TAG")]
    pub(crate) untag: Vec<String>,

    /// Describe the file
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Trash {
    /// List deleted files and directories that can be restored
    Ls,
    /// Restore items to their original path, or to a free name if the path is in use
    Restore {
        /// Original paths, or ids
        #[arg(required = true, value_name = "ITEM")]
        items: Vec<String>,
        /// Restore to this path instead
        #[arg(long, value_name = "REMOTE")]
        to: Option<String>,
    },
    /// Delete items in the trash permanently
    Rm {
        /// Original paths, or ids
        #[arg(required = true, value_name = "ITEM")]
        items: Vec<String>,
    },
    /// Delete everything in the trash permanently
    Empty,
}
