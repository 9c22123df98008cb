//! Objects: put, get, copy, delete.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hulk_proto::Timestamp;
use s3s::{S3Result, dto, s3_error};

use super::{
    digests::Digests,
    disk::{blocking, fault},
    ingest::{Ingested, collect, ingest},
    layout::Layout,
    manifest::{self, Attributes, Manifest, Segment},
    reader::Reader,
    staged::{InFlight, Staged, link_segments},
};

/// Size up to which an object is stored in its manifest.
const INLINE_BYTES: u64 = 32 << 10;
/// Number of locks: at least as many as there are writers at a time.
const LOCKS: usize = 64;

pub(super) struct Objects {
    layout: Layout,
    in_flight: InFlight,
    key_locks: Locks,
    upload_locks: Locks,
}

/// Locks by the hash of a name: names that share a lock wait for each other.
struct Locks([Mutex<()>; LOCKS]);

impl Locks {
    fn new() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }

    fn of(&self, name: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let index = hasher.finish() % LOCKS as u64;
        self.0[index as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Size and digests that a client announced for its bytes.
#[derive(Clone, Copy, Default)]
pub(super) struct Expected {
    pub(super) size_bytes: Option<u64>,
    pub(super) digests: Digests,
}

/// Whether a PUT may replace an existing object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Any,
    New,
}

/// An object as a client uploads it.
pub(super) struct Put {
    pub(super) key: String,
    pub(super) attributes: Attributes,
    pub(super) body: dto::StreamingBlob,
    pub(super) expected: Expected,
    pub(super) place: Place,
}

impl Expected {
    pub(super) fn check(&self, found: &Ingested) -> S3Result<()> {
        if self.size_bytes.is_some_and(|size| size != found.size_bytes) {
            return Err(s3_error!(IncompleteBody));
        }
        self.digests.check(&found.digests)
    }
}

impl Objects {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            in_flight: InFlight::default(),
            key_locks: Locks::new(),
            upload_locks: Locks::new(),
        }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// Locks a key while its manifest is read and replaced.
    fn lock(&self, key: &str) -> MutexGuard<'_, ()> {
        self.key_locks.of(key)
    }

    /// Locks an upload while its records change. This lock is taken before that of its key.
    pub(super) fn lock_upload(&self, id: &str) -> MutexGuard<'_, ()> {
        self.upload_locks.of(id)
    }

    pub(super) async fn put(self: &Arc<Self>, put: Put) -> S3Result<Manifest> {
        if put
            .expected
            .size_bytes
            .is_some_and(|size| size <= INLINE_BYTES)
        {
            return self.put_inline(put).await;
        }
        let Put {
            key,
            attributes,
            body,
            expected,
            place,
        } = put;
        let (objects, target) = (self.clone(), key.clone());
        let (staged, file) = blocking(move || {
            if place == Place::New && objects.find(&target).is_ok() {
                return Err(s3_error!(PreconditionFailed));
            }
            let staged = objects.stage()?;
            let file = staged.create_segment("0").map_err(fault)?;
            Ok((staged, file))
        })
        .await?;
        let hashers = expected.digests.hashers_of_object();
        let found = ingest(body, file, hashers).await?;
        expected.check(&found)?;
        let sha256 = found.digests.sha256;
        let manifest = Manifest {
            key,
            data: Some(staged.id().to_owned()),
            inline: None,
            size_bytes: found.size_bytes,
            etag: sha256.map(String::from).unwrap_or_default(),
            sha256,
            attributes,
            modified_at: Timestamp::now(),
            segments: vec![Segment {
                name: "0".into(),
                offset: 0,
                len: found.size_bytes,
                blake3: None,
            }],
        };
        let objects = self.clone();
        blocking(move || {
            objects.commit(&manifest, staged, place)?;
            Ok(manifest)
        })
        .await
    }

    /// Stores the bytes in the manifest.
    async fn put_inline(self: &Arc<Self>, put: Put) -> S3Result<Manifest> {
        let bytes = collect(put.body, INLINE_BYTES).await?;
        let mut hashers = put.expected.digests.hashers_of_object();
        hashers.update(&bytes);
        let found = Ingested {
            size_bytes: bytes.len() as u64,
            digests: hashers.finish(),
        };
        put.expected.check(&found)?;
        let sha256 = found.digests.sha256;
        let manifest = Manifest {
            key: put.key,
            data: None,
            inline: Some(bytes),
            size_bytes: found.size_bytes,
            etag: sha256.map(String::from).unwrap_or_default(),
            sha256,
            attributes: put.attributes,
            modified_at: Timestamp::now(),
            segments: Vec::new(),
        };
        let objects = self.clone();
        blocking(move || {
            objects.replace(&manifest, put.place)?;
            Ok(manifest)
        })
        .await
    }

    fn stage(&self) -> S3Result<Staged> {
        Staged::create(&self.layout, &self.in_flight).map_err(fault)
    }

    /// Copies by linking; the source keeps its own links. `precondition` checks the source first.
    pub(super) fn copy(
        &self,
        from: &str,
        to: &str,
        attributes: Option<Attributes>,
        precondition: impl FnOnce(&Manifest) -> S3Result<()>,
    ) -> S3Result<Manifest> {
        let source = self.find(from)?;
        precondition(&source)?;
        let Some(data) = source.data.clone() else {
            let copy = Manifest {
                key: to.to_owned(),
                attributes: attributes.unwrap_or(source.attributes),
                modified_at: Timestamp::now(),
                ..source
            };
            self.replace(&copy, Place::Any)?;
            return Ok(copy);
        };
        let staged = self.stage()?;
        let linked = link_segments(&self.layout, &data, staged.id(), "", &source.segments);
        let copy = Manifest {
            key: to.to_owned(),
            data: Some(staged.id().to_owned()),
            segments: linked.map_err(fault)?,
            attributes: attributes.unwrap_or(source.attributes),
            modified_at: Timestamp::now(),
            ..source
        };
        self.commit(&copy, staged, Place::Any)?;
        Ok(copy)
    }

    fn commit(&self, manifest: &Manifest, staged: Staged, place: Place) -> S3Result<()> {
        staged.sync().map_err(fault)?;
        self.replace(manifest, place)?;
        staged.keep();
        Ok(())
    }

    /// Replaces the manifest of its key, and deletes the data of the old one.
    pub(super) fn replace(&self, manifest: &Manifest, place: Place) -> S3Result<()> {
        let path = self.manifest_path(&manifest.key)?;
        let _lock = self.lock(&manifest.key);
        let old: Option<Manifest> = manifest::read(&path).map_err(fault)?;
        if place == Place::New && old.is_some() {
            return Err(s3_error!(PreconditionFailed));
        }
        let json = manifest::to_json(manifest).map_err(fault)?;
        self.layout.write(&path, &json).map_err(fault)?;
        if let Some(data) = old.and_then(|old| old.data)
            && manifest.data.as_ref() != Some(&data)
        {
            self.discard_data(&data);
        }
        Ok(())
    }

    pub(super) fn find(&self, key: &str) -> S3Result<Manifest> {
        let path = self.manifest_path(key)?;
        manifest::read(&path)
            .map_err(fault)?
            .ok_or_else(|| s3_error!(NoSuchKey))
    }

    /// Reads the bytes `start..end` of an object; `None` if it was deleted or replaced since its manifest
    /// was read.
    pub(super) fn read(
        &self,
        manifest: &Manifest,
        start: u64,
        end: u64,
    ) -> S3Result<Option<Reader>> {
        let Some(data) = &manifest.data else {
            let bytes = manifest.inline.as_deref().unwrap_or_default();
            let bytes = bytes.get(start as usize..end as usize).unwrap_or_default();
            return Ok(Some(Reader::memory(Bytes::copy_from_slice(bytes))));
        };
        let segments = manifest::slice(&manifest.segments, start, end);
        match Reader::open(self.layout.data(data), segments) {
            Ok(reader) => Ok(Some(reader)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fault(error)),
        }
    }

    /// Deletes an object; one that does not exist is not an error.
    pub(super) fn delete(&self, key: &str) -> S3Result<()> {
        let path = self.manifest_path(key)?;
        let _lock = self.lock(key);
        let old: Option<Manifest> = manifest::read(&path).map_err(fault)?;
        if let Some(old) = old {
            self.layout.remove(&path).map_err(fault)?;
            if let Some(data) = &old.data {
                self.discard_data(data);
            }
            self.prune_directories(&path);
        }
        Ok(())
    }

    /// Deletes a data directory; the sweep removes what cannot be removed now.
    pub(super) fn discard_data(&self, id: &str) {
        let _ = fs::remove_dir_all(self.layout.data(id));
    }

    /// Removes directories of the key that are empty now; one that is being written to stays, or the writer
    /// creates it again.
    fn prune_directories(&self, manifest: &Path) {
        let top = self.layout.objects();
        let above = manifest
            .ancestors()
            .skip(1)
            .take_while(|directory| **directory != top);
        for directory in above {
            if fs::remove_dir(directory).is_err() {
                break;
            }
        }
    }

    fn manifest_path(&self, key: &str) -> S3Result<PathBuf> {
        self.layout
            .manifest(key)
            .ok_or_else(|| s3_error!(KeyTooLongError))
    }
}
