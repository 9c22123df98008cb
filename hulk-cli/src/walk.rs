//! Walks a local directory.

use std::{
    collections::{HashMap, HashSet},
    fs::{FileType, Metadata},
    io,
    path::{Path, PathBuf},
};

use hulk_proto::{directory::SkippedFile, path::normalised};
use walkdir::{DirEntry, WalkDir};

use crate::{
    attributes::Attributes,
    error::{Error, Result},
    path_filter::PathFilter,
};

/// Files and directories to upload.
#[derive(Default)]
pub(crate) struct Tree {
    /// Attributes of the top itself.
    pub(crate) attributes: Attributes,
    pub(crate) files: Vec<TreeFile>,
    /// All selected directories below the top, each after its parent.
    pub(crate) directories: Vec<TreeDirectory>,
    /// Entries that cannot be uploaded (links, sockets, devices), each with the reason.
    pub(crate) skipped: Vec<SkippedFile>,
    /// Entries that could not be read.
    pub(crate) failed: Vec<(String, Error)>,
}

pub(crate) struct TreeFile {
    pub(crate) path: PathBuf,
    /// Path from the top, with `/`.
    pub(crate) relative: String,
    pub(crate) size_bytes: u64,
}

pub(crate) struct TreeDirectory {
    /// Path from the top, with `/`.
    pub(crate) relative: String,
    pub(crate) attributes: Attributes,
}

impl Tree {
    /// Walks `top` in the order of names, so that two runs do the same. Blocks.
    ///
    /// # Errors
    /// `not_found` if there are files and none is selected; `exists` if two would have the same name on the
    /// server.
    pub(crate) fn walk(top: &Path, chosen: &PathFilter, follow_links: bool) -> Result<Self> {
        let mut tree = Self::default();
        let mut is_left_out = chosen.has_includes();
        let walk = WalkDir::new(top).follow_links(follow_links);
        let mut entries = walk.sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    tree.refuse(top, chosen, error);
                    continue;
                }
            };
            let is_directory = entry.file_type().is_dir();
            let Some(relative) = relative(entry.path(), top) else {
                let shown = entry.path().display().to_string();
                tree.failed
                    .push((shown, Error::failed("the name is not UTF-8")));
                if is_directory {
                    entries.skip_current_dir();
                }
                continue;
            };
            let is_top = relative.is_empty();
            let is_taken = match is_directory {
                true => is_top || chosen.enters(&relative),
                false => chosen.takes_file(&relative),
            };
            match is_taken {
                true => tree.take(&entry, relative),
                false if is_directory => entries.skip_current_dir(),
                false => {}
            }
            is_left_out |= !is_taken;
        }
        if !chosen.takes_empty_directories() {
            tree.keep_holding();
        }
        let is_nothing = tree.files.is_empty() && tree.directories.is_empty();
        let is_told = !tree.skipped.is_empty() || !tree.failed.is_empty();
        if is_left_out && is_nothing && !is_told {
            return Err(chosen.nothing());
        }
        tree.refuse_twins()?;
        Ok(tree)
    }

    fn take(&mut self, entry: &DirEntry, relative: String) {
        let path = entry.path();
        if let Some(reason) = special(entry.file_type()) {
            let reason = reason.to_owned();
            self.skipped.push(SkippedFile {
                path: relative,
                reason,
            });
            return;
        }
        match entry.metadata() {
            Ok(metadata) => self.add(path, relative, &metadata),
            Err(error) => {
                let error = Error::local("read", path, &error.into());
                self.failed.push((relative, error));
            }
        }
    }

    fn add(&mut self, path: &Path, relative: String, metadata: &Metadata) {
        match metadata.is_dir() {
            true if relative.is_empty() => self.attributes = Attributes::of(metadata),
            true => self.directories.push(TreeDirectory {
                relative,
                attributes: Attributes::of(metadata),
            }),
            false => self.files.push(TreeFile {
                path: path.to_owned(),
                relative,
                size_bytes: metadata.len(),
            }),
        }
    }

    /// Records an entry that the walk could not read: a link that is circular or broken is skipped, and
    /// everything else has failed.
    fn refuse(&mut self, top: &Path, chosen: &PathFilter, error: walkdir::Error) {
        let path = error.path().unwrap_or(top).to_owned();
        let is_link = path
            .symlink_metadata()
            .is_ok_and(|found| found.is_symlink());
        let is_round = error.loop_ancestor().is_some();
        let shown = relative(&path, top).unwrap_or_else(|| path.display().to_string());
        // The error's own text would repeat the path.
        let error = error.into_io_error();
        let error = error.unwrap_or_else(|| io::Error::other("it links to a directory above it"));
        if is_link && !chosen.takes_file(&shown) {
            return;
        }
        if is_link && (is_round || error.kind() == io::ErrorKind::NotFound) {
            let reason = match is_round {
                true => "a symbolic link to a directory above it",
                false => "a broken symbolic link",
            };
            let reason = reason.to_owned();
            self.skipped.push(SkippedFile {
                path: shown,
                reason,
            });
            return;
        }
        let error = Error::local("read", &path, &error);
        self.failed.push((shown, error));
    }

    /// Keeps only the directories that contain a file.
    fn keep_holding(&mut self) {
        let holding: HashSet<&str> = self
            .files
            .iter()
            .flat_map(|file| above(&file.relative))
            .collect();
        self.directories
            .retain(|directory| holding.contains(directory.relative.as_str()));
    }

    /// Fails if two names that differ here are one on the server.
    fn refuse_twins(&self) -> Result<()> {
        let files = self.files.iter().map(|file| &file.relative);
        let directories = self.directories.iter().map(|directory| &directory.relative);
        let mut names: HashMap<String, &String> = HashMap::new();
        let all = || files.clone().chain(directories.clone());
        // One that is not ASCII here may be on the server: the Kelvin sign becomes a K.
        if all().all(|name| name.is_ascii()) {
            return Ok(());
        }
        for relative in all() {
            if let Some(other) = names.insert(normalised(relative), relative) {
                return Err(Error::exists(format!(
                    "{other:?} and {relative:?} would have the same name on the server ({})",
                    normalised(relative)
                ))
                .with_hint("they differ only in Unicode encoding: rename one"));
            }
        }
        Ok(())
    }
}

/// Returns the directories above a path, the outermost first, without the top.
pub(crate) fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}

fn relative(path: &Path, top: &Path) -> Option<String> {
    let parts = path.strip_prefix(top).ok()?.iter();
    let parts: Option<Vec<&str>> = parts.map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

/// Returns what an entry is, if it is neither a file nor a directory.
fn special(kind: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        for (is_one, what) in [
            (kind.is_fifo(), "not a regular file (a named pipe)"),
            (kind.is_socket(), "not a regular file (a socket)"),
            (
                kind.is_block_device() || kind.is_char_device(),
                "not a regular file (a device)",
            ),
        ] {
            if is_one {
                return Some(what);
            }
        }
    }
    match kind.is_symlink() {
        true => Some("a symbolic link"),
        false => (!kind.is_file() && !kind.is_dir()).then_some("not a regular file"),
    }
}
