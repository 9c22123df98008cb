//! A local directory, walked.

use std::{
    fs::{self, Metadata},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use hulk_proto::Timestamp;
use serde_json::{Map, Value, json};
use walkdir::WalkDir;

use crate::{
    choice::Chosen,
    error::{Error, Result},
    transfer::local::open_itself,
};

/// What is to be put of it.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<TreeFile>,
    /// From the top, with `/`.
    pub(crate) empty_directories: Vec<String>,
    /// What cannot be put: links, sockets, devices; each with what it is.
    pub(crate) skipped: Vec<(PathBuf, &'static str)>,
    /// What could not be read.
    pub(crate) failed: Vec<(String, Error)>,
}

pub(crate) struct TreeFile {
    pub(crate) path: PathBuf,
    /// From the top, with `/`.
    pub(crate) relative: String,
    pub(crate) size_bytes: u64,
    /// Mode and time, as they are kept with the file.
    pub(crate) metadata: Map<String, Value>,
}

impl Tree {
    /// Blocks. In the order of names, so that two runs do the same.
    pub(crate) fn walk(top: &Path, chosen: &Chosen) -> Self {
        let mut tree = Self::default();
        // The directory that holds the last file, to tell empty ones.
        let mut empty: Vec<String> = Vec::new();
        let mut entries = WalkDir::new(top).sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(top).to_owned();
                    let error = std::io::Error::from(error);
                    let error = Error::local("read", &path, &error);
                    tree.failed.push((path.display().to_string(), error));
                    continue;
                }
            };
            let kind = entry.file_type();
            let Some(relative) = relative(entry.path(), top) else {
                let shown = entry.path().display().to_string();
                tree.failed
                    .push((shown, Error::failed("the name is not UTF-8")));
                if kind.is_dir() {
                    entries.skip_current_dir();
                }
                continue;
            };
            if relative.is_empty() {
                continue;
            }
            if kind.is_dir() {
                match chosen.enters(&relative) {
                    true => empty.push(relative),
                    false => entries.skip_current_dir(),
                }
                continue;
            }
            if !chosen.takes_file(&relative) {
                continue;
            }
            if let Some(why) = special(&kind) {
                tree.skipped.push((entry.path().to_owned(), why));
                continue;
            }
            empty.retain(|directory| !is_below(&relative, directory));
            match entry.metadata() {
                Ok(metadata) => tree.files.push(TreeFile {
                    path: entry.path().to_owned(),
                    relative,
                    size_bytes: metadata.len(),
                    metadata: kept(&metadata),
                }),
                Err(error) => {
                    let error = Error::local("read", entry.path(), &error.into());
                    tree.failed.push((relative, error));
                }
            }
        }
        // One that holds another makes it appear.
        let all = empty.clone();
        empty.retain(|one| !all.iter().any(|other| is_below(other, one)));
        if chosen.takes_empty_directories() {
            tree.empty_directories = empty;
        }
        tree
    }
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn relative(path: &Path, top: &Path) -> Option<String> {
    let parts = path.strip_prefix(top).ok()?.iter();
    let parts: Option<Vec<&str>> = parts.map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

fn special(kind: &std::fs::FileType) -> Option<&'static str> {
    if kind.is_symlink() {
        return Some("a symbolic link");
    }
    (!kind.is_file()).then_some("not a regular file")
}

fn kept(metadata: &Metadata) -> Map<String, Value> {
    let mut kept = Map::new();
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(metadata) & 0o777;
        kept.insert("mode".to_owned(), json!(format!("{mode:o}")));
    }
    let modified = metadata.modified().ok();
    let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
    if let Some(time) = millis.and_then(|millis| Timestamp::from_unix_millis(millis).ok()) {
        kept.insert("mtime".to_owned(), json!(time.to_string()));
    }
    kept
}

/// Makes a directory below `top`, with those above it. What is there must be directories: a link
/// would lead out of the tree. `top` itself may be a link, since the user names it.
///
/// # Errors
/// If something else is in the way, or the system refuses.
pub(crate) fn make_below(top: &Path, relative: &Path) -> Result<()> {
    let mut path = top.to_owned();
    for name in relative {
        path.push(name);
        if is_directory(&path) {
            continue;
        }
        match fs::create_dir(&path) {
            Ok(()) => {}
            // Another made it in between.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_directory(&path) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(Error::failed(format!(
                    "{} is no directory, or a link to one: nothing is written through it",
                    path.display()
                ))
                .with_hint("remove it, or name another directory with -o"));
            }
            Err(error) => return Err(Error::local("make", &path, &error)),
        }
    }
    Ok(())
}

/// Whether the path itself is one, not where it leads.
fn is_directory(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir())
}

/// Gives a file that was just made the mode and the time that it was put with, where they are known;
/// of the mode, what the umask allows.
///
/// # Errors
/// If the system refuses.
pub(crate) fn restore(path: &Path, kept: &Map<String, Value>) -> Result<()> {
    let fault = |error: std::io::Error| Error::local("set the mode and time of", path, &error);
    let text = |name: &str| kept.get(name)?.as_str();
    let mode = text("mode").and_then(|mode| u32::from_str_radix(mode, 8).ok());
    let time: Option<Timestamp> = text("mtime").and_then(|time| time.parse().ok());
    if mode.is_none() && time.is_none() {
        return Ok(());
    }
    // Windows sets the times of a file only where it is open to be written.
    let file = open_itself(path, cfg!(windows)).map_err(fault)?;
    if let Some(time) = time {
        let millis = time.unix_millis();
        let nanos = (millis.rem_euclid(1000) * 1_000_000) as u32;
        let time = filetime::FileTime::from_unix_time(millis.div_euclid(1000), nanos);
        filetime::set_file_handle_times(&file, None, Some(time)).map_err(fault)?;
    }
    #[cfg(unix)]
    if let Some(mode) = mode {
        use std::os::unix::fs::PermissionsExt;
        let made = file.metadata().map_err(fault)?.permissions().mode();
        let mode = fs::Permissions::from_mode(mode & allowed(made));
        file.set_permissions(mode).map_err(fault)?;
    }
    Ok(())
}

/// What the umask lets a file have that came out with this mode when it was made, which is never to
/// be run: who may read it may run it too.
#[cfg(unix)]
fn allowed(made: u32) -> u32 {
    (made & 0o666) | ((made & 0o444) >> 2)
}
