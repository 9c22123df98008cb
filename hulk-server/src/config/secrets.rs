//! Secrets, which come from the environment alone: others can see a program's arguments.

use std::env;

use aws_sdk_s3::config::Credentials;

use super::{
    root_key::{InvalidRootKey, RootKey},
    values::network,
};

const S3_EVENTS: &str = "HULK_S3_EVENTS_SECRET";
const ROOT_KEY: &str = "HULK_ROOT_API_KEY";
const ROOT_NETWORKS: &str = "HULK_ROOT_ALLOWED_IPS";

/// A variable without which the store cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("--s3-endpoint needs {0} in the environment")]
pub struct MissingVariable(&'static str);

/// Reads the secret that the store's webhook proves itself with, if one is set.
pub(crate) fn s3_events() -> Option<String> {
    let secret = env::var(S3_EVENTS).ok();
    secret.filter(|secret| !secret.is_empty())
}

/// Why there can be no root key as the environment has it.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    #[error("{ROOT_KEY} {0}")]
    Key(#[from] InvalidRootKey),
    #[error("{ROOT_NETWORKS}: {0}: {1}")]
    Networks(String, String),
}

/// Reads the operator's key, if there is one.
///
/// # Errors
/// If the key is too short, or what it is bound to are no networks.
pub(crate) fn root_key() -> Result<Option<RootKey>, RootKeyError> {
    let Some(key) = env::var(ROOT_KEY).ok().filter(|key| !key.is_empty()) else {
        return Ok(None);
    };
    let networks = env::var(ROOT_NETWORKS).unwrap_or_default();
    let networks = networks.split(',').map(str::trim);
    let networks = networks
        .filter(|text| !text.is_empty())
        .map(|text| network(text).map_err(|error| RootKeyError::Networks(text.to_owned(), error)));
    Ok(Some(RootKey::new(
        &key,
        networks.collect::<Result<_, _>>()?,
    )?))
}

/// Reads the standard AWS variables.
///
/// # Errors
/// If the key or its secret is missing.
pub(crate) fn aws_credentials() -> Result<Credentials, MissingVariable> {
    let variable = |name: &'static str| env::var(name).map_err(|_| MissingVariable(name));
    Ok(Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    ))
}
