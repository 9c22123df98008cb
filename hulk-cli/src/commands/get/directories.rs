//! Creates the directories of a tree that is downloaded.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, DirBuilder},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::{
    attributes::Attributes,
    error::{Error, Result},
};

/// Directories below `top`, and the attributes to give them.
pub(super) struct LocalDirectories {
    top: PathBuf,
    /// Attributes by path from the top, with `/`.
    attributes: HashMap<String, Attributes>,
    /// Directories that did not exist before.
    created: Mutex<HashSet<String>>,
}

impl LocalDirectories {
    pub(super) fn new(top: PathBuf, attributes: HashMap<String, Attributes>) -> Self {
        Self {
            top,
            attributes,
            created: Mutex::default(),
        }
    }

    /// Creates a directory and its parents. Those that exist must be directories: a link would lead out
    /// of the tree. The top itself may be a link, since the user names it.
    ///
    /// # Errors
    /// If something else is in the way, or the system refuses.
    pub(super) fn create_all(&self, relative: &str) -> Result<()> {
        let mut path = self.top.clone();
        let mut from_top = String::new();
        for name in relative.split('/').filter(|name| !name.is_empty()) {
            path.push(name);
            if !from_top.is_empty() {
                from_top.push('/');
            }
            from_top.push_str(name);
            let attributes = self.attributes.get(&from_top).copied();
            if create(&path, attributes.unwrap_or_default())? {
                let mut created = self.created.lock().unwrap_or_else(PoisonError::into_inner);
                created.insert(from_top.clone());
            }
        }
        Ok(())
    }

    /// Sets the modes and times of the directories that were created, the deepest first: a new entry changes
    /// a directory's time, and a read-only directory accepts none.
    pub(super) fn restore(&self) {
        let created = self.created.lock().unwrap_or_else(PoisonError::into_inner);
        let attributes = self.attributes.iter();
        let mut directories: Vec<_> = attributes
            .filter(|(path, _)| created.contains(*path))
            .collect();
        directories.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        for (relative, attributes) in directories {
            let path = self.top.join(relative);
            if is_directory(&path) {
                attributes.restore_at(&path);
            }
        }
    }
}

/// Creates a directory if it does not exist. Returns whether it was created.
///
/// # Errors
/// If something else is in the way, be it a link, or the system refuses.
pub(super) fn create(path: &Path, attributes: Attributes) -> Result<bool> {
    if is_directory(path) {
        return Ok(false);
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, attributes.mode_of_new_directory());
    #[cfg(not(unix))]
    let _ = attributes;
    match builder.create(path) {
        Ok(()) => Ok(true),
        // Another process created it in between.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_directory(path) => Ok(false),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::failed(format!(
            "{} is not a directory, or is a link to one: nothing is written through it",
            path.display()
        ))
        .on(path.display())
        .with_hint("remove it, or name another directory with -o")),
        Err(error) => Err(Error::local("create", path, &error)),
    }
}

/// Whether the path itself is a directory, not a link to one.
fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}
