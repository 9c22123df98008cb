//! Arguments of `admin tiers` and `admin requests`.

use clap::{Args, Subcommand};

use super::size::{Limit, byte_limit, count_limit};

#[derive(Subcommand, Debug)]
pub(crate) enum AdminTiers {
    /// List all tiers
    Ls,
    /// Create a tier and print the id; a limit that is not given is unlimited
    Create(NewTier),
    /// Change the name, the limits or the price of a tier; what is not given stays
    Set(ChangeTier),
    /// Delete a tier that no user has
    Rm {
        /// Name or id
        tier: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct NewTier {
    /// Name of the tier
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) limits: TierLimits,

    /// Show the tier to users, who may then request it
    #[arg(long)]
    pub(crate) public: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ChangeTier {
    /// Name or id
    pub(crate) tier: String,

    /// New name
    #[arg(long)]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) limits: TierLimits,

    /// Show the tier to users, who may then request it
    #[arg(long, conflicts_with = "private")]
    pub(crate) public: bool,

    /// Hide the tier from users
    #[arg(long)]
    pub(crate) private: bool,
}

/// What a tier allows, and what it costs.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TierLimits {
    /// Bytes that each user may store, such as 50GB, or unlimited
    #[arg(long, value_name = "SIZE", value_parser = byte_limit)]
    pub(crate) storage: Option<Limit>,

    /// Files and directories that each user may have, or unlimited
    #[arg(long, value_name = "N", value_parser = count_limit)]
    pub(crate) objects: Option<Limit>,

    /// Bytes that may be downloaded in a calendar month (UTC), or unlimited
    #[arg(long, value_name = "SIZE", value_parser = byte_limit)]
    pub(crate) monthly: Option<Limit>,

    /// Size of the largest file, or unlimited
    #[arg(long, value_name = "SIZE", value_parser = byte_limit)]
    pub(crate) max_file: Option<Limit>,

    /// Price as users see it; empty for none
    #[arg(long, value_name = "TEXT")]
    pub(crate) price: Option<String>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum AdminRequests {
    /// List requests for tiers
    Ls {
        /// Only requests in this state
        #[arg(long, value_parser = ["pending", "approved", "refused"])]
        state: Option<String>,
        /// Only requests of this user, named by id or email address
        #[arg(long)]
        user: Option<String>,
    },
    /// Approve a request: the user gets the tier
    Approve(Decision),
    /// Refuse a request: the user keeps their tier
    Refuse(Decision),
}

#[derive(Args, Debug)]
pub(crate) struct Decision {
    /// Id of the request, as `hulk admin requests ls` shows it
    pub(crate) id: String,

    /// Note for the user
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}
