//! Results of the checks of `/readyz?verbose` and `hulk doctor`.

use serde::{Deserialize, Serialize};

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    pub name: String,
    pub outcome: Outcome,
    /// What the check found.
    pub message: String,
    /// How to fix it; `null` if the outcome is `good`.
    pub fix: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Good,
    /// Not required, but something works less well.
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

    /// Checks a clock that is `ahead_seconds` ahead of the local one.
    pub fn clock(name: &str, ahead_seconds: i64) -> Self {
        let fix = "synchronise the clocks with NTP";
        let seconds = ahead_seconds.unsigned_abs();
        let message = format!("it differs by {seconds} s from the local clock");
        if seconds > MAX_SKEW_SECONDS {
            Self::failed(name, message, fix)
        } else if seconds > MUCH_SKEW_SECONDS {
            Self::warning(name, message, fix)
        } else {
            Self::good(name, message)
        }
    }
}

/// S3 refuses requests signed by a clock that differs by more.
const MAX_SKEW_SECONDS: u64 = 15 * 60;
const MUCH_SKEW_SECONDS: u64 = 60;

/// Whether requests can be served, and the checks that this is based on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Readiness {
    pub ready: bool,
    pub checks: Vec<Check>,
}
