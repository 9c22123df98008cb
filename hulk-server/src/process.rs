//! What the process asks of the operating system for itself.

/// Lets the process have as many files and connections open as the system allows; how many that are.
pub(crate) fn raise_open_files() -> u64 {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(most) => {
            tracing::info!(open_files = most, "limit of open files");
            most
        }
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            // What systems give at least.
            256
        }
    }
}

/// Nobody else may read what this process makes from now on: a server's files are private, and the keys
/// to them are among them.
pub fn keep_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}
