//! Removes what a crash left behind: data directories that no manifest and no upload names, and uploads
//! without a record.

use std::{collections::HashSet, fs, io, path::Path};

use super::{
    layout::Name,
    manifest::{self, Manifest},
    objects::Objects,
};

/// Removes leftovers and returns their number. Data that is being written is not touched, nor is data
/// created after the walk began, since it is in flight or in a manifest that was not seen.
pub(super) fn run(objects: &Objects) -> io::Result<u64> {
    let layout = objects.layout();
    // Candidates first, then directories in use: one that becomes an object in the meantime is found in
    // its manifest.
    let mut candidates = HashSet::new();
    for shard in names(&layout.all_data())? {
        candidates.extend(names(&layout.all_data().join(shard))?);
    }
    candidates.retain(|id| !objects.in_flight().contains(id));
    let mut removed = 0;
    for upload in names(&layout.uploads())? {
        let directory = layout.upload(&upload);
        if directory.join("upload.json").exists() {
            candidates.remove(&upload);
        } else if candidates.contains(&upload) {
            removed += u64::from(fs::remove_dir_all(directory).is_ok());
        }
    }
    walk_manifests(&layout.objects(), &mut |manifest| {
        if let Some(data) = &manifest.data {
            candidates.remove(data);
        }
    })?;
    for id in candidates {
        removed += u64::from(fs::remove_dir_all(layout.data(&id)).is_ok());
    }
    Ok(removed)
}

fn walk_manifests(directory: &Path, visit: &mut impl FnMut(&Manifest)) -> io::Result<()> {
    for name in names(directory)? {
        let path = directory.join(&name);
        match Name::decode(&name) {
            Some(Name::Manifest(_)) => {
                manifest::read(&path)?.iter().for_each(&mut *visit);
            }
            Some(Name::Directory(_)) => walk_manifests(&path, visit)?,
            None => {}
        }
    }
    Ok(())
}

fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    entries
        .filter_map(|entry| {
            entry
                .map(|entry| entry.file_name().into_string().ok())
                .transpose()
        })
        .collect()
}
