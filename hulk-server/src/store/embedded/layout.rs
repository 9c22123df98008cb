//! Paths of the store on disk, and durable writes to them.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use nanoid::nanoid;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the store's directory was made by a newer version of this program")]
    Newer,
    #[error("the store's directory cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// Name of the bucket, and the region, which S3 requires.
pub(crate) const BUCKET: &str = "hulkastorus-ugc";
pub(crate) const REGION: &str = "auto";
/// Version of the layout, stored in the file `format`.
const FORMAT: &str = "1";
/// File systems allow names of at most 255 bytes; one is the manifest's mark.
const MAX_SEGMENT_BYTES: usize = 254;
/// Marks a manifest, so that the keys `a` and `a/b` can both exist.
const MANIFEST_MARK: char = '@';
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn open(root: &Path) -> Result<Self, OpenError> {
        let layout = Self {
            root: root.to_owned(),
        };
        if layout.temporary().exists() {
            fs::remove_dir_all(layout.temporary())?;
        }
        for directory in [
            layout.objects(),
            layout.all_data(),
            layout.uploads(),
            layout.temporary(),
        ] {
            create_directories(&directory)?;
        }
        let format = root.join("format");
        match fs::read_to_string(&format) {
            Ok(found) if found.trim() == FORMAT => Ok(layout),
            Ok(_) => Err(OpenError::Newer),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                layout.write(&format, FORMAT.as_bytes())?;
                Ok(layout)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the access key and secret with which URLs are signed. They are created once, so that URLs
    /// stay valid after a restart.
    pub(super) fn credentials(&self) -> io::Result<(String, String)> {
        let path = self.root.join("credentials");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = format!("{}\n{}\n", nanoid!(20), nanoid!(40));
                self.write(&path, text.as_bytes())?;
                text
            }
            other => other?,
        };
        let mut lines = text.lines().map(str::to_owned);
        lines.next().zip(lines.next()).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the file store/credentials is damaged",
            )
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    pub(super) fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    pub(super) fn all_data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Returns the directory of an object's segments; sharded, so that no directory grows too large.
    pub(super) fn data(&self, id: &str) -> PathBuf {
        self.all_data().join(&id[..id.len().min(2)]).join(id)
    }

    pub(super) fn upload(&self, id: &str) -> PathBuf {
        self.uploads().join(id)
    }

    /// Returns the path of a manifest; `None` if a part of the key is too long for a file name.
    pub(super) fn manifest(&self, key: &str) -> Option<PathBuf> {
        let mut path = self.objects();
        let mut parts = key.split('/').map(encode_name).peekable();
        while let Some(mut part) = parts.next() {
            if part.len() > MAX_SEGMENT_BYTES {
                return None;
            }
            if parts.peek().is_none() {
                part.push(MANIFEST_MARK);
            }
            path.push(part);
        }
        Some(path)
    }

    /// Replaces a file: readers see the old contents or the new, and after `Ok` the new contents survive
    /// a power cut.
    pub(super) fn write(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        let parent = path.parent().unwrap_or(&self.root);
        let mut file = tempfile::NamedTempFile::new_in(self.temporary())?;
        file.write_all(contents)?;
        file.as_file().sync_all()?;
        loop {
            // The directories are durable once the file and the last directory are: file systems write
            // their journals in order.
            fs::create_dir_all(parent)?;
            match file.persist(path) {
                Ok(_) => return sync_directory(parent),
                // The directory was empty, and a deletion has pruned it in the meantime.
                Err(error) if error.error.kind() == io::ErrorKind::NotFound => file = error.file,
                Err(error) => return Err(error.error),
            }
        }
    }

    /// Like `write`, but a power cut may lose the new file, or a part of it.
    pub(super) fn write_soon(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(self.temporary())?;
        file.write_all(contents)?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    /// Removes a file durably, and returns whether it existed.
    pub(super) fn remove(&self, path: &Path) -> io::Result<bool> {
        match fs::remove_file(path) {
            Ok(()) => {
                sync_directory(path.parent().unwrap_or(&self.root))?;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A file name in the tree of manifests, decoded.
pub(super) enum Name {
    Manifest(String),
    Directory(String),
}

impl Name {
    pub(super) fn decode(name: &str) -> Option<Self> {
        match name.strip_suffix(MANIFEST_MARK) {
            Some(name) => decode_name(name).map(Self::Manifest),
            None => decode_name(name).map(Self::Directory),
        }
    }
}

/// Encodes a part of a key: an empty one as `%`, and with dots escaped where they would mean a directory.
fn encode_name(part: &str) -> String {
    match part {
        "" => "%".to_owned(),
        "." | ".." => part.replace('.', "%2E"),
        part => utf8_percent_encode(part, NAME).to_string(),
    }
}

fn decode_name(name: &str) -> Option<String> {
    match name {
        "%" => Some(String::new()),
        name => percent_decode_str(name).decode_utf8().ok().map(Into::into),
    }
}

/// Like `create_dir_all`, but the directories survive a power cut.
pub(super) fn create_directories(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_directories(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_directory(parent.unwrap_or(Path::new(".")))
}

pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
