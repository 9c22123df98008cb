//! A data directory that no manifest names yet.

use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    layout::{Layout, create_directories, sync_directory},
    manifest::Segment,
};

/// Ids of data directories that are being written, which the sweep does not touch.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<String>>>);

impl InFlight {
    pub(super) fn contains(&self, id: &str) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(id)
    }

    fn insert(&self, id: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned());
    }

    fn remove(&self, id: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }
}

/// A new data directory, which is removed if it is dropped before `keep`.
pub(super) struct Staged {
    id: String,
    path: PathBuf,
    in_flight: InFlight,
    kept: bool,
}

impl Staged {
    pub(super) fn create(layout: &Layout, in_flight: &InFlight) -> io::Result<Self> {
        let id = hulk_proto::Id::random().to_string();
        let path = layout.data(&id);
        in_flight.insert(&id);
        let staged = Self {
            id,
            path,
            in_flight: in_flight.clone(),
            kept: false,
        };
        create_directories(&staged.path)?;
        Ok(staged)
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn create_segment(&self, name: &str) -> io::Result<File> {
        File::create_new(self.path.join(name))
    }

    /// Makes the directory's entries durable; the segments already are.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync_directory(&self.path)
    }

    /// Keeps the directory, which a manifest names now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.kept {
            // The sweep removes what stays behind.
            let _ = fs::remove_dir_all(&self.path);
        }
        self.in_flight.remove(&self.id);
    }
}

/// A part's segment that no record names yet. It is removed if it is dropped before `keep`.
pub(super) struct StagedPart {
    path: PathBuf,
    kept: bool,
}

impl StagedPart {
    pub(super) fn create(path: PathBuf) -> io::Result<(Self, File)> {
        let file = File::create_new(&path)?;
        Ok((Self { path, kept: false }, file))
    }

    /// Keeps the segment, which a record names now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for StagedPart {
    fn drop(&mut self) {
        if !self.kept {
            // What stays behind is removed with the upload.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Links segments into another data directory, under `prefix` and a number.
pub(super) fn link_segments(
    layout: &Layout,
    from: &str,
    to: &str,
    prefix: &str,
    segments: &[Segment],
) -> io::Result<Vec<Segment>> {
    let (from, to) = (layout.data(from), layout.data(to));
    let mut linked = Vec::with_capacity(segments.len());
    for (index, segment) in segments.iter().enumerate() {
        let name = format!("{prefix}{index}");
        link_or_copy(&from.join(&segment.name), &to.join(&name))?;
        linked.push(Segment {
            name,
            ..segment.clone()
        });
    }
    Ok(linked)
}

/// Links a file, or copies it: some file systems have no links, and all limit their number.
fn link_or_copy(from: &std::path::Path, to: &std::path::Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
        Err(_) => {
            fs::copy(from, to)?;
            File::open(to)?.sync_all()
        }
    }
}
