//! Multipart uploads. Parts are written to the directory that the object will use.

use std::{fs, io, sync::Arc};

use hulk_proto::{Blake3, Id, Timestamp};
use s3s::{S3Result, dto, s3_error};

use super::{
    disk::{blocking, fault},
    ingest::ingest,
    layout::{create_directories, sync_directory},
    manifest::{self, Attributes, Manifest, PartRecord, Segment, UploadRecord},
    objects::{Expected, Objects, Place},
    reader,
    staged::{StagedPart, link_segments},
};

/// S3's limits. The minimum size applies to all parts except the last.
const MAX_PARTS: u32 = 10_000;
const MIN_PART_BYTES: u64 = 5 << 20;

/// The record of an upload in its directory; the parts are beside it as `<number>.json`.
const UPLOAD_RECORD: &str = "upload.json";

/// A part as a client names it when it completes an upload.
pub(super) struct NamedPart {
    pub(super) number: u32,
    pub(super) etag: String,
}

/// A part as a client uploads it.
pub(super) struct PutPart {
    pub(super) key: String,
    pub(super) upload_id: String,
    pub(super) number: u32,
    pub(super) body: dto::StreamingBlob,
    pub(super) expected: Expected,
}

impl Objects {
    pub(super) fn create_upload(&self, key: &str, attributes: Attributes) -> S3Result<String> {
        // A key that no manifest can have is refused before the parts are sent.
        self.layout()
            .manifest(key)
            .ok_or_else(|| s3_error!(KeyTooLongError))?;
        let id = Id::random().to_string();
        let record = UploadRecord {
            key: key.to_owned(),
            attributes,
            initiated_at: Timestamp::now(),
        };
        let json = manifest::to_json(&record).map_err(fault)?;
        let path = self.layout().upload(&id).join(UPLOAD_RECORD);
        self.layout().write(&path, &json).map_err(fault)?;
        create_directories(&self.layout().data(&id)).map_err(fault)?;
        Ok(id)
    }

    pub(super) async fn put_part(self: &Arc<Self>, put: PutPart) -> S3Result<PartRecord> {
        let PutPart {
            key,
            upload_id,
            number,
            body,
            expected,
        } = put;
        check_number(number)?;
        let name = format!("{number}-{}", Id::random());
        let (objects, id, segment) = (self.clone(), upload_id.clone(), name.clone());
        let (staged, file) = blocking(move || {
            objects.find_upload(&key, &id)?;
            StagedPart::create(objects.layout().data(&id).join(segment)).map_err(fault)
        })
        .await?;
        let found = ingest(body, file, expected.digests.hashers_of_part()).await?;
        expected.check(&found)?;
        let objects = self.clone();
        blocking(move || {
            let blake3 = found.digests.blake3;
            let blake3 = blake3.ok_or_else(|| s3_error!(InternalError, "a part has no digest"))?;
            let len = found.size_bytes;
            let part = objects.record_part(
                &upload_id,
                PartRecord {
                    number,
                    size_bytes: len,
                    blake3,
                    modified_at: Timestamp::now(),
                    segments: vec![Segment {
                        name,
                        offset: 0,
                        len,
                        blake3: Some(blake3),
                    }],
                },
            )?;
            staged.keep();
            Ok(part)
        })
        .await
    }

    /// Makes a part from a range of an object's bytes, by linking its segments.
    pub(super) fn copy_part(
        &self,
        from: &str,
        range: impl FnOnce(u64) -> S3Result<std::ops::Range<u64>>,
        key: &str,
        upload_id: &str,
        number: u32,
    ) -> S3Result<PartRecord> {
        check_number(number)?;
        self.find_upload(key, upload_id)?;
        let source = self.find(from)?;
        let range = range(source.size_bytes)?;
        let prefix = format!("{number}-{}-", Id::random());
        let Some(data) = &source.data else {
            let bytes = source.inline.unwrap_or_default();
            let bytes = bytes.get(range.start as usize..range.end as usize);
            return self.record_copy(upload_id, number, prefix, bytes.unwrap_or_default());
        };
        let segments = manifest::slice(&source.segments, range.start, range.end);
        let blake3 = match segments.as_slice() {
            [
                Segment {
                    blake3: Some(known),
                    ..
                },
            ] => *known,
            segments => reader::digest(&self.layout().data(data), segments).map_err(fault)?,
        };
        let segments =
            link_segments(self.layout(), data, upload_id, &prefix, &segments).map_err(fault)?;
        let part = PartRecord {
            number,
            size_bytes: range.end - range.start,
            blake3,
            modified_at: Timestamp::now(),
            segments,
        };
        self.record_part(upload_id, part)
    }

    /// Makes a part from bytes that are not in a file yet.
    fn record_copy(
        &self,
        upload_id: &str,
        number: u32,
        name: String,
        bytes: &[u8],
    ) -> S3Result<PartRecord> {
        let write = || {
            let mut file = fs::File::create_new(self.layout().data(upload_id).join(&name))?;
            io::Write::write_all(&mut file, bytes)?;
            file.sync_all()
        };
        write().map_err(fault)?;
        let blake3 = Blake3(blake3::hash(bytes).into());
        let len = bytes.len() as u64;
        let part = PartRecord {
            number,
            size_bytes: len,
            blake3,
            modified_at: Timestamp::now(),
            segments: vec![Segment {
                name,
                offset: 0,
                len,
                blake3: Some(blake3),
            }],
        };
        self.record_part(upload_id, part)
    }

    /// Records a part, whose bytes are durable, in place of an earlier one of its number. Does not wait for
    /// the record to be durable too: `complete_upload` checks that everything exists.
    fn record_part(&self, upload_id: &str, part: PartRecord) -> S3Result<PartRecord> {
        let _lock = self.lock_upload(upload_id);
        let directory = self.layout().upload(upload_id);
        if !directory.join(UPLOAD_RECORD).exists() {
            return Err(s3_error!(NoSuchUpload));
        }
        let path = directory.join(format!("{}.json", part.number));
        let old = PartRecord::read(&path).map_err(fault)?;
        self.layout()
            .write_soon(&path, &manifest::to_json(&part).map_err(fault)?)
            .map_err(fault)?;
        for segment in old.into_iter().flat_map(|old| old.segments) {
            let _ = fs::remove_file(self.layout().data(upload_id).join(segment.name));
        }
        Ok(part)
    }

    /// Writes the manifest, which turns the upload into an object. A crash after that leaves the upload's
    /// records, and the same request has the same outcome when it is repeated.
    pub(super) fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        named: &[NamedPart],
    ) -> S3Result<Manifest> {
        let _upload_lock = self.lock_upload(upload_id);
        let record = match self.find_upload(key, upload_id) {
            Ok(record) => record,
            // It was completed before, and the answer was lost.
            Err(error) => {
                return self
                    .find(key)
                    .ok()
                    .filter(|done| done.data.as_deref() == Some(upload_id))
                    .ok_or(error);
            }
        };
        let parts = self.choose_parts(upload_id, named)?;
        let mut digests = blake3::Hasher::new();
        for part in &parts {
            digests.update(&part.blake3.0);
        }
        let manifest = Manifest {
            key: key.to_owned(),
            data: Some(upload_id.to_owned()),
            inline: None,
            size_bytes: parts.iter().map(|part| part.size_bytes).sum(),
            etag: format!(
                "{}-{}",
                hulk_proto::Blake3(digests.finalize().into()),
                parts.len()
            ),
            sha256: None,
            attributes: record.attributes,
            modified_at: Timestamp::now(),
            segments: parts.into_iter().flat_map(|part| part.segments).collect(),
        };
        sync_directory(&self.layout().data(upload_id)).map_err(fault)?;
        self.replace(&manifest, Place::Any)?;
        self.delete_upload(upload_id).map_err(fault)?;
        self.drop_unused_segments(upload_id, &manifest);
        Ok(manifest)
    }

    fn choose_parts(&self, upload_id: &str, named: &[NamedPart]) -> S3Result<Vec<PartRecord>> {
        if named.is_empty() {
            return Err(s3_error!(
                MalformedXML,
                "an upload must have at least one part"
            ));
        }
        if !named.is_sorted_by(|one, next| one.number < next.number) {
            return Err(s3_error!(InvalidPartOrder));
        }
        let mut parts = Vec::with_capacity(named.len());
        for name in named {
            let path = self
                .layout()
                .upload(upload_id)
                .join(format!("{}.json", name.number));
            let part = PartRecord::read(&path).map_err(fault)?;
            let part = part
                .filter(|part| part.etag() == name.etag)
                .filter(|part| self.has_segments(upload_id, part));
            parts.push(part.ok_or_else(|| s3_error!(InvalidPart))?);
        }
        let (_last, rest) = parts.split_last().ok_or_else(|| s3_error!(InvalidPart))?;
        if rest.iter().any(|part| part.size_bytes < MIN_PART_BYTES) {
            return Err(s3_error!(EntityTooSmall));
        }
        Ok(parts)
    }

    fn has_segments(&self, upload_id: &str, part: &PartRecord) -> bool {
        let directory = self.layout().data(upload_id);
        part.segments.iter().all(|segment| {
            let found = fs::metadata(directory.join(&segment.name));
            found.is_ok_and(|found| found.len() >= segment.offset + segment.len)
        })
    }

    /// Removes parts that were sent but not named; the sweep removes any that stay behind.
    fn drop_unused_segments(&self, upload_id: &str, manifest: &Manifest) {
        let used: std::collections::HashSet<&str> = manifest
            .segments
            .iter()
            .map(|segment| segment.name.as_str())
            .collect();
        let Ok(files) = fs::read_dir(self.layout().data(upload_id)) else {
            return;
        };
        for file in files.flatten() {
            if !file
                .file_name()
                .to_str()
                .is_some_and(|name| used.contains(name))
            {
                let _ = fs::remove_file(file.path());
            }
        }
    }

    pub(super) fn abort_upload(&self, key: &str, upload_id: &str) -> S3Result<()> {
        let _lock = self.lock_upload(upload_id);
        self.find_upload(key, upload_id)?;
        self.delete_upload(upload_id).map_err(fault)?;
        self.discard_data(upload_id);
        Ok(())
    }

    /// Removes the record first: without it the upload does not exist.
    fn delete_upload(&self, upload_id: &str) -> io::Result<()> {
        let directory = self.layout().upload(upload_id);
        self.layout().remove(&directory.join(UPLOAD_RECORD))?;
        fs::remove_dir_all(&directory)
    }

    pub(super) fn find_upload(&self, key: &str, upload_id: &str) -> S3Result<UploadRecord> {
        let id: Id = upload_id.parse().map_err(|_| s3_error!(NoSuchUpload))?;
        let path = self.layout().upload(id.as_str()).join(UPLOAD_RECORD);
        let record: Option<UploadRecord> = manifest::read(&path).map_err(fault)?;
        record
            .filter(|record| record.key == key)
            .ok_or_else(|| s3_error!(NoSuchUpload))
    }

    /// Returns the parts received, ordered by number.
    pub(super) fn list_parts(&self, key: &str, upload_id: &str) -> S3Result<Vec<PartRecord>> {
        self.find_upload(key, upload_id)?;
        let mut parts = Vec::new();
        for file in fs::read_dir(self.layout().upload(upload_id)).map_err(fault)? {
            let path = file.map_err(fault)?.path();
            if path.ends_with(UPLOAD_RECORD) {
                continue;
            }
            let part = PartRecord::read(&path).map_err(fault)?;
            parts.extend(part.filter(|part| self.has_segments(upload_id, part)));
        }
        parts.sort_by_key(|part| part.number);
        Ok(parts)
    }

    /// Returns (id, record), ordered by key and id.
    pub(super) fn list_uploads(&self, prefix: &str) -> S3Result<Vec<(String, UploadRecord)>> {
        let mut uploads = Vec::new();
        for directory in fs::read_dir(self.layout().uploads()).map_err(fault)? {
            let directory = directory.map_err(fault)?;
            let record: Option<UploadRecord> =
                manifest::read(&directory.path().join(UPLOAD_RECORD)).map_err(fault)?;
            let record = record.filter(|record| record.key.starts_with(prefix));
            uploads.extend(directory.file_name().into_string().ok().zip(record));
        }
        uploads.sort_by(|(id, record), (other_id, other)| {
            (&record.key, id).cmp(&(&other.key, other_id))
        });
        Ok(uploads)
    }
}

fn check_number(number: u32) -> S3Result<()> {
    match number {
        1..=MAX_PARTS => Ok(()),
        _ => Err(s3_error!(
            InvalidArgument,
            "a part number must be 1 to 10,000"
        )),
    }
}
