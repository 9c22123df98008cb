//! A file that is being fetched, beside its final path. It grows from its beginning, so that however the
//! program ends, the file holds the bytes received so far, and can be resumed.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use filetime::FileTime;
use hulk_proto::{Id, Sha256};

use super::begun::{self, Found, Record, Turn, directory_of};
use crate::{
    attributes::Attributes,
    error::{Error, Result},
    transfer::{RANGE_BYTES, records},
};

pub(crate) struct Partial {
    pub(crate) file: File,
    /// A random name, which cannot be known before the file exists.
    path: PathBuf,
    /// Bytes kept from an earlier run.
    pub(crate) complete_bytes: u64,
    /// The record by which another run finds it.
    record: Option<PathBuf>,
    /// Held for a file that has no identity of its own to be recorded.
    _turn: Option<Turn>,
    is_done: bool,
}

/// Final path of a file, and how to create it.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    /// Whether an existing file is replaced.
    pub(crate) replace: bool,
    /// Given to the file when it is created, so that no other user can read a private file.
    pub(crate) attributes: Attributes,
}

impl Partial {
    /// Opens a partial file; blocks. The one of an earlier run for the same file is resumed, unless the
    /// digest is unknown or another process has locked it. `claim` is kept for the next run.
    pub(crate) fn open(
        target: Place<'_>,
        size_bytes: u64,
        sha256: Option<Sha256>,
        claim: Option<String>,
    ) -> Result<Self> {
        let (target, attributes) = (target.path, target.attributes);
        let fault = |error: io::Error| Error::local("write", target, &error);
        let directory = directory_of(target);
        let free = fs4::available_space(&directory).map_err(fault)?;
        let opened = match (sha256, begun::place(target)) {
            (Some(sha256), Some(place)) => {
                Self::resume(&directory, place, (sha256, claim), attributes)
            }
            _ => Self::unnamed(&directory, attributes),
        };
        let mut partial = opened.map_err(fault)?;
        let len = partial.file.metadata().map_err(fault)?.len();
        partial.complete_bytes = len.min(size_bytes) / RANGE_BYTES * RANGE_BYTES;
        partial
            .file
            .set_len(partial.complete_bytes)
            .map_err(fault)?;
        if free < size_bytes - partial.complete_bytes {
            return Err(Error::full(format!(
                "cannot write {}: it has {size_bytes} bytes, and {free} are free there",
                target.display()
            )));
        }
        Ok(partial)
    }

    /// Returns the claim of the download that an earlier run started.
    pub(crate) fn claim(target: &Path, sha256: Sha256) -> Option<String> {
        let record: Record = records::read(&begun::place(target)?)?;
        record.claim.filter(|_| record.sha256 == sha256)
    }

    /// Removes the partial file of an earlier run: the file arrived another way.
    pub(crate) fn discard(target: &Path) {
        if let (Some(place), Ok(turn)) = (begun::place(target), Turn::wait()) {
            discard(&turn, &place);
        }
    }

    /// Creates a partial file that is written at once, and never resumed. Blocks.
    pub(crate) fn aside(target: Place<'_>) -> io::Result<Self> {
        Self::unnamed(&directory_of(target.path), target.attributes)
    }

    /// Creates a partial file for a copy; blocks. If this run is killed, the next one finds it like any
    /// download; the partial file of an earlier run is removed.
    pub(crate) fn of_copy(target: Place<'_>, about: (Sha256, Option<String>)) -> io::Result<Self> {
        let (Some(place), Ok(turn)) = (begun::place(target.path), Turn::wait()) else {
            return Self::aside(target);
        };
        discard(&turn, &place);
        let directory = directory_of(target.path);
        Self::recorded(&turn, &directory, place, about, target.attributes)
    }

    /// Creates a new file that shares its bytes with `from`; blocks. If this run is killed, the next one
    /// removes it. The caller finishes it at once: other downloads wait for that.
    pub(crate) fn linked(
        target: &Path,
        from: &Path,
        about: (Sha256, Option<String>),
    ) -> io::Result<Self> {
        let path = new_name(&directory_of(target));
        let turn = Turn::wait()?;
        let place = begun::place(target);
        if let Some(place) = &place {
            discard(&turn, place);
            begun::plan(&turn, place, &path, about)?;
        }
        fs::hard_link(from, &path)?;
        let mut linked = Self::new(File::open(&path)?, path);
        // The file is new here, however old it is in the cache.
        let _ = filetime::set_file_handle_times(&linked.file, None, Some(FileTime::now()));
        linked.record = place;
        linked._turn = Some(turn);
        Ok(linked)
    }

    /// Creates a partial file that is recorded at `place`, from before it exists. A file that cannot be
    /// recorded cannot be resumed; that is no reason not to fetch it.
    fn recorded(
        turn: &Turn,
        directory: &Path,
        place: PathBuf,
        about: (Sha256, Option<String>),
        attributes: Attributes,
    ) -> io::Result<Self> {
        let path = new_name(directory);
        if begun::plan(turn, &place, &path, about.clone()).is_err() {
            return Self::unnamed(directory, attributes);
        }
        let mut partial = Self::new(create(&path, attributes)?, path);
        match begun::record(&place, &partial.path, &partial.file, about) {
            Ok(()) => partial.record = Some(place),
            Err(_) => begun::delete(&place, &partial.path),
        }
        Ok(partial)
    }

    fn unnamed(directory: &Path, attributes: Attributes) -> io::Result<Self> {
        let path = new_name(directory);
        Ok(Self::new(create(&path, attributes)?, path))
    }

    fn new(file: File, path: PathBuf) -> Self {
        Self {
            file,
            path,
            complete_bytes: 0,
            record: None,
            _turn: None,
            is_done: false,
        }
    }

    /// Opens the partial file of the record at `place`, or a new one that is recorded there.
    fn resume(
        directory: &Path,
        place: PathBuf,
        (sha256, claim): (Sha256, Option<String>),
        attributes: Attributes,
    ) -> io::Result<Self> {
        let Ok(turn) = Turn::wait() else {
            return Self::unnamed(directory, attributes);
        };
        let known: Option<Record> = records::read(&place);
        let found = known
            .as_ref()
            .map_or(Found::Nothing, |known| known.open(&turn));
        match (found, known) {
            (Found::File(file), Some(mut record)) if record.sha256 == sha256 => {
                let mut partial = Self::new(file, record.partial.clone());
                if claim.is_some() && claim != record.claim {
                    record.claim = claim;
                    // If this fails, the next run counts as another download.
                    let _ = records::write(&place, &record);
                }
                partial.record = Some(place);
                Ok(partial)
            }
            (Found::Taken, _) => Self::unnamed(directory, attributes),
            (found, known) => {
                // The target is of another file now, or the earlier run was killed too early.
                if let (Found::File(_) | Found::Planned, Some(record)) = (found, known) {
                    remove(&place, &record);
                }
                Self::recorded(&turn, directory, place, (sha256, claim), attributes)
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its attributes and its final name. Without `replace` nothing is replaced, and with it
    /// only a file or a link to one.
    pub(crate) fn finish(mut self, target: Place<'_>) -> Result<()> {
        let path = target.path;
        let fault = |error: io::Error| Error::local("write", path, &error);
        target.attributes.restore(&self.file);
        let named = match target.replace {
            true => {
                refuse_special(path)?;
                fs::rename(&self.path, path)
            }
            false => rename_to_new(&self.path, path),
        };
        if let Err(error) = named {
            if error.kind() == io::ErrorKind::AlreadyExists {
                // Another process was faster; this file will not be resumed.
                self.delete();
            }
            return Err(fault(error));
        }
        self.is_done = true;
        self.delete_record();
        Ok(())
    }

    /// Removes the file, which is damaged or not needed, and then its record: a kill in between leaves
    /// nothing that the next run cannot find.
    pub(crate) fn delete(&mut self) {
        self.is_done = true;
        let _ = fs::remove_file(&self.path);
        self.delete_record();
    }

    fn delete_record(&mut self) {
        if let Some(place) = self.record.take() {
            begun::delete(&place, &self.path);
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let is_empty = || self.file.metadata().is_ok_and(|found| found.len() == 0);
        if !self.is_done && (self.record.is_none() || is_empty()) {
            self.delete();
        }
    }
}

/// Removes the partial file of the record at `place`, unless another process has it.
fn discard(turn: &Turn, place: &Path) {
    if let Some(record) = records::read::<Record>(place)
        && let Found::File(_) | Found::Planned = record.open(turn)
    {
        remove(place, &record);
    }
}

fn remove(place: &Path, record: &Record) {
    let _ = fs::remove_file(&record.partial);
    begun::delete(place, &record.partial);
}

/// Fails for a pipe, a socket or a device: another program uses it, and it could not be restored.
fn refuse_special(path: &Path) -> Result<()> {
    let found = path.symlink_metadata().map(|found| found.file_type());
    match found {
        Ok(kind) if !kind.is_file() && !kind.is_symlink() && !kind.is_dir() => {
            Err(Error::exists(format!(
                "{} is not a regular file: it is not replaced",
                path.display()
            ))
            .on(path.display())
            .with_hint("remove it, or name another path with -o"))
        }
        _ => Ok(()),
    }
}

/// Returns a path that nobody can foresee.
fn new_name(directory: &Path) -> PathBuf {
    directory.join(format!(".hulk-{}.part", Id::random()))
}

/// Creates a new file with the mode of any new file, not of a secret one: the umask decides.
fn create(path: &Path, attributes: Attributes) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, attributes.mode_of_new());
    #[cfg(not(unix))]
    let _ = attributes;
    options.open(path)
}

/// Renames without replacing: in one step where the system can, since a kill between two would leave two
/// names. A hard link fails if the target exists, even as a link; some file systems have no hard links.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::{
            fs::{CWD, RenameFlags, renameat_with},
            io::Errno,
        };
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // The file system cannot.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
    }
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if to.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}
