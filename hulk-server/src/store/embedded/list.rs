//! Lists keys in the order of their bytes, as S3 does.

use std::{fs, io, path::Path};

use s3s::S3Result;

use super::{
    disk::fault,
    layout::Name,
    manifest::{self, Manifest},
    objects::Objects,
};

/// A page of a listing.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) objects: Vec<Manifest>,
    /// Keys up to and including the delimiter, each once.
    pub(super) prefixes: Vec<String>,
    /// Key or prefix after which the listing continues; `None` on the last page.
    pub(super) truncated_at: Option<String>,
}

pub(super) struct Listing<'a> {
    pub(super) prefix: &'a str,
    pub(super) after: &'a str,
    /// Whether `/` is the delimiter; there is no other.
    pub(super) grouped: bool,
    pub(super) limit: usize,
}

impl Objects {
    pub(super) fn list(&self, listing: &Listing<'_>) -> S3Result<Listed> {
        let mut listed = Listed::default();
        listing
            .walk(&self.layout().objects(), "", &mut listed)
            .map_err(fault)?;
        Ok(listed)
    }
}

impl Listing<'_> {
    /// Adds the keys below `directory`, which begin with `base`. Returns false once the page is full.
    fn walk(&self, directory: &Path, base: &str, listed: &mut Listed) -> io::Result<bool> {
        for (key, name, is_directory) in children(directory, base)? {
            if !self.may_hold(&key, is_directory) {
                continue;
            }
            let path = directory.join(name);
            let group = is_directory && self.grouped && key.len() > self.prefix.len();
            if is_directory && !group {
                if !self.walk(&path, &key, listed)? {
                    return Ok(false);
                }
                continue;
            }
            if group && key.as_str() <= self.after {
                continue;
            }
            if listed.objects.len() + listed.prefixes.len() == self.limit {
                let objects = listed.objects.last().map(|object| object.key.clone());
                listed.truncated_at = objects.max(listed.prefixes.last().cloned());
                return Ok(false);
            }
            match group {
                true => listed.prefixes.push(key),
                false => listed.objects.extend(manifest::read::<Manifest>(&path)?),
            }
        }
        Ok(true)
    }

    /// Whether the key, or one below the directory, has the prefix and comes after `after`.
    fn may_hold(&self, key: &str, is_directory: bool) -> bool {
        if is_directory {
            let on_the_way = key.starts_with(self.prefix) || self.prefix.starts_with(key);
            on_the_way && (key > self.after || self.after.starts_with(key))
        } else {
            key.starts_with(self.prefix) && key > self.after
        }
    }
}

/// Returns (key, name on disk, is a directory) in the order of the keys; a directory's key ends in `/`.
fn children(directory: &Path, base: &str) -> io::Result<Vec<(String, String, bool)>> {
    let entries = match fs::read_dir(directory) {
        // Pruned in the meantime.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut children = Vec::new();
    for entry in entries {
        let Ok(name) = entry?.file_name().into_string() else {
            continue;
        };
        match Name::decode(&name) {
            Some(Name::Manifest(decoded)) => {
                children.push((format!("{base}{decoded}"), name, false))
            }
            Some(Name::Directory(decoded)) => {
                children.push((format!("{base}{decoded}/"), name, true));
            }
            None => {}
        }
    }
    children.sort();
    Ok(children)
}
