//! Settings of the process that the operating system keeps.

/// Raises the limit of open files and connections as far as the system allows, and returns it.
pub(crate) fn raise_open_files() -> u64 {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(most) => {
            tracing::info!(open_files = most, "limit of open files");
            most
        }
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            // The least that systems allow.
            256
        }
    }
}

/// Denies other users access to files that this process creates from now on: a server's files are
/// private, and the keys to them are among them.
pub fn keep_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}
