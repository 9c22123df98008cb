//! A file that is being fetched, beside its final place. It grows from its beginning, so that what
//! is there after any end of the program is what came, and can be gone on with.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use hulk_proto::Sha256;

use super::begun::{self, Found, Record};
use crate::{
    attributes::Attributes,
    error::{Error, Result},
    transfer::{RANGE_BYTES, records},
};

pub(crate) struct Partial {
    pub(crate) file: File,
    /// Nobody can know it before the file is there.
    path: PathBuf,
    /// Bytes that were there before.
    pub(crate) kept: u64,
    /// The record by which another run finds it.
    record: Option<PathBuf>,
    is_done: bool,
}

/// Where a file is to be.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    /// What happens to a file that is there.
    pub(crate) replace: bool,
    /// It has them from its first moment on, so that nobody reads what is not for them.
    pub(crate) attributes: Attributes,
}

impl Partial {
    /// Blocks. What an earlier run has fetched of the same file is gone on with; not if its digest
    /// is not known, or another process is at it. `claim` is kept for the next run.
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
                Self::go_on(&directory, place, (sha256, claim), attributes)
            }
            _ => Self::unnamed(&directory, attributes),
        };
        let mut partial = opened.map_err(fault)?;
        let len = partial.file.metadata().map_err(fault)?.len();
        partial.kept = len.min(size_bytes) / RANGE_BYTES * RANGE_BYTES;
        partial.file.set_len(partial.kept).map_err(fault)?;
        if free < size_bytes - partial.kept {
            return Err(Error::full(format!(
                "cannot write {}: it has {size_bytes} bytes, and {free} are free there",
                target.display()
            )));
        }
        Ok(partial)
    }

    /// The claim of the download that an earlier run has begun.
    pub(crate) fn claim(target: &Path, sha256: Sha256) -> Option<String> {
        let record: Record = records::read(&begun::place(target)?)?;
        record.claim.filter(|_| record.sha256 == sha256)
    }

    /// Removes what an earlier run has fetched: the file came another way.
    pub(crate) fn discard(target: &Path) {
        if let Some(place) = begun::place(target)
            && let Some(record) = records::read::<Record>(&place)
            && let Found::File(_) = record.open()
        {
            remove(&place, &record);
        }
    }

    /// Of what is written at once. Blocks.
    pub(crate) fn aside(target: Place<'_>) -> io::Result<Self> {
        Self::unnamed(&directory_of(target.path), target.attributes)
    }

    /// For a copy. Blocks. The next run finds it if this one is killed, as it finds what came over the
    /// network; what an earlier run has left is removed.
    pub(crate) fn of_copy(target: Place<'_>, sha256: Sha256) -> io::Result<Self> {
        let claim = Self::claim(target.path, sha256);
        Self::discard(target.path);
        let mut partial = Self::aside(target)?;
        if let Some(place) = begun::place(target.path) {
            let kept = begun::keep(&place, &partial.path, &partial.file, (sha256, claim));
            partial.record = kept.ok().map(|()| place);
        }
        Ok(partial)
    }

    /// A new file that has the bytes of `from`, and shares them with it. Blocks.
    pub(crate) fn linked(target: &Path, from: &Path) -> io::Result<Self> {
        let link = |path: &Path| fs::hard_link(from, path).and_then(|()| File::open(path));
        let (file, path) = builder().make_in(directory_of(target), link)?.keep()?;
        // It is new here, whenever it came into the cache.
        let _ = filetime::set_file_handle_times(&file, None, Some(filetime::FileTime::now()));
        Ok(Self::new(file, path))
    }

    fn unnamed(directory: &Path, attributes: Attributes) -> io::Result<Self> {
        let mut builder = builder();
        // As for any new file, not as for a secret one: the umask decides.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(PermissionsExt::from_mode(attributes.mode_of_new()));
        }
        #[cfg(not(unix))]
        let _ = attributes;
        let (file, path) = builder.tempfile_in(directory)?.keep()?;
        Ok(Self::new(file, path))
    }

    fn new(file: File, path: PathBuf) -> Self {
        Self {
            file,
            path,
            kept: 0,
            record: None,
            is_done: false,
        }
    }

    /// The partial file of the record at `place`, or a new one that is kept there.
    fn go_on(
        directory: &Path,
        place: PathBuf,
        (sha256, claim): (Sha256, Option<String>),
        attributes: Attributes,
    ) -> io::Result<Self> {
        let known: Option<Record> = records::read(&place);
        let found = known.as_ref().map_or(Found::Nothing, Record::open);
        match (found, known) {
            // What was there before is another file now.
            (Found::File(_), Some(record)) if record.sha256 != sha256 => {
                remove(&place, &record);
                Self::go_on(directory, place, (sha256, claim), attributes)
            }
            (Found::File(file), Some(mut record)) => {
                let mut partial = Self::new(file, record.partial.clone());
                if claim.is_some() && claim != record.claim {
                    record.claim = claim;
                    // Then the next run counts as another download.
                    let _ = records::write(&place, &record);
                }
                partial.record = Some(place);
                Ok(partial)
            }
            (Found::Taken, _) => Self::unnamed(directory, attributes),
            _ => {
                let mut partial = Self::unnamed(directory, attributes)?;
                let kept = begun::keep(&place, &partial.path, &partial.file, (sha256, claim));
                // What cannot be kept cannot be gone on with; that is no reason not to fetch it.
                partial.record = kept.ok().map(|()| place);
                Ok(partial)
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its attributes and its final name. Without `replace` nothing that is there is replaced,
    /// and in any case only a file or a link to one.
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
                // Somebody was faster; nobody goes on with this one.
                self.forget();
            }
            return Err(fault(error));
        }
        self.is_done = true;
        self.forget();
        Ok(())
    }

    /// No other run finds it: what is there is not what was wanted, or all of it.
    pub(crate) fn forget(&mut self) {
        if let Some(place) = self.record.take() {
            begun::forget(&place, &self.path);
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        if self.file.metadata().is_ok_and(|found| found.len() == 0) {
            self.forget();
        }
        if self.record.is_none() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn remove(place: &Path, record: &Record) {
    let _ = fs::remove_file(&record.partial);
    begun::forget(place, &record.partial);
}

/// A pipe, a socket or a device is somebody's, and no copy of it is anywhere.
fn refuse_special(path: &Path) -> Result<()> {
    let found = path.symlink_metadata().map(|found| found.file_type());
    match found {
        Ok(kind) if !kind.is_file() && !kind.is_symlink() && !kind.is_dir() => Err(Error::exists(
            format!("{} is no regular file: it is not replaced", path.display()),
        )
        .on(path.display())
        .with_hint("remove it, or name another place with -o")),
        _ => Ok(()),
    }
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".hulk-").suffix(".part");
    builder
}

pub(crate) fn directory_of(target: &Path) -> PathBuf {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A link fails where something is, be it another link; some file systems have none.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if to.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}
