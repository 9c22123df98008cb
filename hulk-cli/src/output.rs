//! Where a download is written: `-o`.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    waiting::{Waiting, is_read_only},
};

/// Directories that name the open files of this process.
const DESCRIPTORS: [&str; 2] = ["/dev/fd", "/proc/self/fd"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// The current directory.
    Here,
    Directory(PathBuf),
    File(PathBuf),
    Stdout,
    /// A pipe, a device, or a file that the shell has opened: it is written to, and never replaced.
    Stream(PathBuf),
}

impl Output {
    pub(crate) fn of(path: Option<&Path>) -> Self {
        let Some(path) = path else {
            return Self::Here;
        };
        let is_stdout = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
            .iter()
            .any(|name| path == Path::new(name));
        let found = path.metadata();
        let is_open = DESCRIPTORS
            .map(Path::new)
            .contains(&path.parent().unwrap_or(path))
            || path == Path::new("/dev/stderr");
        let is_special =
            |found: &std::fs::Metadata| is_open || !(found.is_file() || found.is_dir());
        match found {
            _ if is_stdout => Self::Stdout,
            Ok(found) if is_special(&found) => Self::Stream(path.to_owned()),
            Ok(found) if found.is_dir() => Self::Directory(path.to_owned()),
            _ if path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                Self::Directory(path.to_owned())
            }
            _ => Self::File(path.to_owned()),
        }
    }

    /// Whether bytes are written in order, and no file is renamed at the end.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Self::Stdout | Self::Stream(_))
    }

    /// Whether it takes only one file or directory.
    pub(crate) fn is_one(&self) -> bool {
        !matches!(self, Self::Here | Self::Directory(_))
    }

    /// Returns the path for a file or directory of this name. Creates nothing.
    ///
    /// # Errors
    /// `usage` if a name is needed and none is safe.
    pub(crate) fn place(&self, name: Option<&str>) -> Result<PathBuf> {
        let name = || {
            name.ok_or_else(|| {
                Error::usage("it has no name that is safe here").with_hint("give one with -o FILE")
            })
        };
        match self {
            Self::Here => name().map(PathBuf::from),
            Self::Directory(directory) => Ok(directory.join(name()?)),
            Self::File(path) | Self::Stream(path) => Ok(path.clone()),
            Self::Stdout => Ok(PathBuf::from("-")),
        }
    }

    /// Creates the output directory, if one was named.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn prepare(&self) -> Result<()> {
        match self {
            Self::Directory(path) => {
                std::fs::create_dir_all(path).map_err(|error| Error::local("create", path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Opens the stream to write to; waits for a pipe's reader.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Write + Send>> {
        match self {
            Self::Stream(path) => {
                // A file that the shell has opened is truncated, as with `curl -o`.
                let file = OpenOptions::new().write(true).truncate(true).open(path)?;
                Ok(Box::new(Waiting(file)))
            }
            _ if is_read_only() => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Ok(Box::new(Waiting(io::stdout()))),
        }
    }
}
