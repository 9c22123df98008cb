//! Arguments of `keys`.

use clap::{
    Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use hulk_proto::{ExpirationPolicy, KeyPermission, RemotePath};

#[derive(Subcommand, Debug)]
pub(crate) enum Keys {
    /// List your API keys
    Ls,
    /// Create an API key and print it once
    Create {
        /// Label that says what the key is for
        #[arg(long)]
        label: String,
        /// Permissions of the key
        #[arg(long, value_name = "read|upload|write|all", value_parser = key_permission())]
        permissions: KeyPermission,
        /// When the key expires: 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d or never
        #[arg(long, value_name = "POLICY")]
        expires: Option<ExpirationPolicy>,
        /// Directory that the key is bound to; created if it does not exist
        #[arg(long, value_name = "REMOTE")]
        path: Option<RemotePath>,
    },
    /// Revoke an API key
    Rm {
        /// Id of the key, as `hulk keys ls` shows it
        id: String,
    },
}

/// Parser of key permissions, each with its meaning for help and completions.
fn key_permission() -> impl TypedValueParser<Value = KeyPermission> {
    let value = |permission: KeyPermission| {
        PossibleValue::new(permission.as_str()).help(permission.meaning())
    };
    PossibleValuesParser::new(KeyPermission::ALL.map(value))
        .try_map(|text| text.parse::<KeyPermission>())
}
