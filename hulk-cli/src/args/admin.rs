//! Arguments of `admin`.

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use hulk_proto::Role;

use super::{
    size::quota,
    tiers::{AdminRequests, AdminTiers},
};

#[derive(Subcommand, Debug)]
pub(crate) enum Admin {
    /// List, create, change and delete users
    #[command(subcommand)]
    Users(AdminUsers),
    /// List and delete files of all users
    #[command(subcommand)]
    Files(AdminFiles),
    /// List, create, change and delete tiers, which limit what their users may store and transfer
    #[command(subcommand)]
    Tiers(AdminTiers),
    /// List, approve and refuse requests of users for another tier
    #[command(subcommand)]
    Requests(AdminRequests),
    /// Show how much the server holds
    Stats,
    /// Show how the server is set up, without secrets
    Settings,
    /// List who did what, the newest first
    Audit(AdminAudit),
    /// List work that the server does on its own, such as mails to send
    Jobs(AdminJobs),
}

#[derive(Subcommand, Debug)]
pub(crate) enum AdminUsers {
    /// List users
    Ls {
        /// Only users with this text in their email address or names
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only users with this role
        #[arg(long, value_parser = role())]
        role: Option<Role>,
        /// Only suspended users
        #[arg(long)]
        suspended: bool,
    },
    /// Show a user, with what they have and their newest files
    Show {
        /// Id or email address
        user: String,
    },
    /// Create a user and print the id
    Create {
        /// Email address of the user
        #[arg(long)]
        email: String,
        /// Role of the user
        #[arg(long, default_value = "user", value_parser = role())]
        role: Role,
        /// Mark the email address as verified; otherwise a mail is sent to it
        #[arg(long)]
        verified: bool,
        /// Bytes that the user may store, such as 50GB, or unlimited [default: the server's]
        #[arg(long, value_name = "SIZE", value_parser = quota)]
        quota: Option<u64>,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Change the role, the tier, the quota or the state of the email address of a user
    Set {
        /// Id or email address
        user: String,
        /// New role
        #[arg(long, value_parser = role())]
        role: Option<Role>,
        /// New tier, named by name or id; the quota becomes that of the tier
        #[arg(long)]
        tier: Option<String>,
        /// Bytes that the user may store, such as 50GB, or unlimited
        #[arg(long, value_name = "SIZE", value_parser = quota)]
        quota: Option<u64>,
        /// Mark the email address as verified
        #[arg(long)]
        verified: bool,
    },
    /// Suspend a user: their keys, sessions, links and shares stop at once
    Suspend {
        /// Id or email address
        user: String,
    },
    /// Restore a suspended user
    Restore {
        /// Id or email address
        user: String,
    },
    /// Set the password of a user
    Password {
        /// Id or email address
        user: String,
        /// Read the new password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Delete a user and everything of theirs permanently
    Rm {
        /// Id or email address
        user: String,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum AdminFiles {
    /// List files of all users
    Ls {
        /// Only files of this user, named by id or email address
        #[arg(long)]
        user: Option<String>,
        /// Only files with this text in their name
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only files of this media type, such as image/png
        #[arg(long = "type", value_name = "MIME")]
        mime_type: Option<String>,
    },
    /// Move files to the trash of their owners
    Rm {
        /// Ids of files, as `hulk admin files ls` shows them
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct AdminAudit {
    /// Only what this user did, named by id or email address
    #[arg(long)]
    pub(crate) user: Option<String>,

    /// Only this action, such as file.delete
    #[arg(long)]
    pub(crate) action: Option<String>,

    /// Only what was done to the user, file, key or share with this id
    #[arg(long, value_name = "ID")]
    pub(crate) target: Option<String>,

    /// Most events to list
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Args, Debug)]
pub(crate) struct AdminJobs {
    /// Only jobs in this state
    #[arg(long, value_parser = ["queued", "running", "done", "failed"])]
    pub(crate) state: Option<String>,

    /// Most jobs to list
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

impl Admin {
    /// Whether the command changes nothing.
    pub(super) fn only_lists(&self) -> bool {
        match self {
            Self::Users(users) => {
                matches!(users, AdminUsers::Ls { .. } | AdminUsers::Show { .. })
            }
            Self::Files(files) => matches!(files, AdminFiles::Ls { .. }),
            Self::Tiers(tiers) => matches!(tiers, AdminTiers::Ls),
            Self::Requests(requests) => matches!(requests, AdminRequests::Ls { .. }),
            Self::Stats | Self::Settings | Self::Audit(_) | Self::Jobs(_) => true,
        }
    }
}

/// Parser of roles, which names them in help and completions.
fn role() -> impl TypedValueParser<Value = Role> {
    let roles = [Role::User, Role::Moderator, Role::Admin].map(Role::as_str);
    PossibleValuesParser::new(roles).try_map(|text| text.parse::<Role>())
}
