//! What `/readyz?verbose` and `hulk doctor` found.

use serde::{Deserialize, Serialize};

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    pub name: String,
    pub outcome: Outcome,
    /// What was seen.
    pub message: String,
    /// What to do about it, if it is not good.
    pub fix: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Good,
    /// It works without, but less well.
    Warning,
    Failed,
}

impl Check {
    pub fn good(name: &str, message: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            outcome: Outcome::Good,
            message: message.into(),
            fix: None,
        }
    }

    pub fn warning(name: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Warning,
            fix: Some(fix.into()),
            ..Self::good(name, message)
        }
    }

    pub fn failed(name: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Failed,
            ..Self::warning(name, message, fix)
        }
    }

    /// Of another's clock that is so many seconds ahead of ours.
    pub fn clock(name: &str, ahead_seconds: i64) -> Self {
        let fix = "set the clocks, by NTP";
        let seconds = ahead_seconds.unsigned_abs();
        let message = format!("it differs by {seconds} s from the one here");
        if seconds > MAX_SKEW_SECONDS {
            Self::failed(name, message, fix)
        } else if seconds > MUCH_SKEW_SECONDS {
            Self::warning(name, message, fix)
        } else {
            Self::good(name, message)
        }
    }
}

/// S3 refuses what was signed with a clock that is further off.
const MAX_SKEW_SECONDS: u64 = 15 * 60;
const MUCH_SKEW_SECONDS: u64 = 60;

/// Whether requests can be served, and what was tried to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Readiness {
    pub ready: bool,
    pub checks: Vec<Check>,
}
