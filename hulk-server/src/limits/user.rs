//! Limits on what one user may store, and for how long.

use std::{sync::Arc, time::Duration};

use hulk_proto::limits::{MAX_FILE_BYTES, UNLIMITED_QUOTA_BYTES};

use crate::db::users::UserRow;

/// Limits on what a user may store, and for how long.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes in all, versions and trash included.
    pub storage_bytes: u64,
    /// Files and directories in all, those in the trash included.
    pub max_objects: i64,
    /// Size of the largest file.
    pub max_file_bytes: u64,
    /// Finished versions of a file, the current one included; that one is always kept.
    pub versions_kept: usize,
    /// How long deleted things can be restored; zero deletes them permanently at once.
    pub trash_kept: Duration,
    /// Bytes that may be downloaded in a calendar month.
    pub month_bytes: Option<u64>,
    /// Lower case, without a dot; empty allows all.
    pub allowed_extensions: Arc<[String]>,
}

impl Limits {
    /// Returns the limits of a user: those of the server and of the tier, with the user's quota.
    pub fn of(server: &Self, user: &UserRow) -> Self {
        let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
        let file_bytes = user.tier_file_bytes.map_or(u64::MAX, unsigned);
        Self {
            storage_bytes: unsigned(user.quota_bytes),
            max_objects: server
                .max_objects
                .min(user.tier_objects.unwrap_or(i64::MAX)),
            max_file_bytes: server.max_file_bytes.min(file_bytes),
            month_bytes: user.tier_month_bytes.map(unsigned),
            ..server.clone()
        }
    }

    /// Returns the limits of root, whom those of users do not bind.
    pub(crate) fn lifted(self) -> Self {
        Self {
            storage_bytes: UNLIMITED_QUOTA_BYTES,
            max_objects: i64::MAX,
            max_file_bytes: MAX_FILE_BYTES,
            month_bytes: None,
            allowed_extensions: Arc::default(),
            ..self
        }
    }

    /// Whether deleted things can be restored.
    pub fn keeps_trash(&self) -> bool {
        !self.trash_kept.is_zero()
    }
}
