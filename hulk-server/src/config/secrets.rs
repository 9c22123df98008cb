//! Secrets, which come from the environment alone: others can see a program's arguments.

use std::env;

use aws_sdk_s3::config::Credentials;

const S3_EVENTS: &str = "HULK_S3_EVENTS_SECRET";

/// A variable without which the store cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("--s3-endpoint needs {0} in the environment")]
pub struct MissingVariable(&'static str);

/// Reads the secret that the store's webhook proves itself with, if one is set.
pub(crate) fn s3_events() -> Option<String> {
    let secret = env::var(S3_EVENTS).ok();
    secret.filter(|secret| !secret.is_empty())
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
