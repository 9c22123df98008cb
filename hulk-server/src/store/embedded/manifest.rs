//! The JSON records of objects, multipart uploads and parts.

use std::{collections::BTreeMap, fs, io, path::Path};

use hulk_proto::{Blake3, Sha256, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Bytes of a file in the owner's data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    /// The file's name.
    pub(super) name: String,
    /// Offset of the bytes in the file.
    pub(super) offset: u64,
    pub(super) len: u64,
    /// Digest of exactly these bytes, if it was ever computed.
    pub(super) blake3: Option<Blake3>,
}

/// Record of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) key: String,
    /// Id of the data directory, if there are segments; for a multipart upload, the upload's id.
    pub(super) data: Option<String>,
    /// All bytes of a small object, so that one file is made durable instead of two with their directories.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "base64_bytes"
    )]
    pub(super) inline: Option<Vec<u8>>,
    pub(super) size_bytes: u64,
    pub(super) etag: String,
    /// Digest of the whole object, if it was ever computed.
    pub(super) sha256: Option<Sha256>,
    pub(super) attributes: Attributes,
    pub(super) modified_at: Timestamp,
    pub(super) segments: Vec<Segment>,
}

mod base64_bytes {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = bytes.as_ref().map(|bytes| STANDARD.encode(bytes));
        text.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        text.map(|text| STANDARD.decode(text).map_err(D::Error::custom))
            .transpose()
    }
}

/// Attributes that a client gave an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Attributes {
    pub(super) content_type: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// Record of an unfinished multipart upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct UploadRecord {
    pub(super) key: String,
    pub(super) attributes: Attributes,
    pub(super) initiated_at: Timestamp,
}

/// Record of a part of a multipart upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PartRecord {
    pub(super) number: u32,
    pub(super) size_bytes: u64,
    pub(super) blake3: Blake3,
    pub(super) modified_at: Timestamp,
    pub(super) segments: Vec<Segment>,
}

impl PartRecord {
    pub(super) fn etag(&self) -> String {
        self.blake3.to_string()
    }

    /// Reads a record. It was written without waiting for the disk: after a power cut it may be
    /// incomplete, and then the part counts as not received.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        match read(path) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            other => other,
        }
    }
}

/// Reads a record; `None` if the file does not exist.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(json) => Ok(Some(serde_json::from_slice(&json)?)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn to_json<T: Serialize>(record: &T) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(record)?)
}

/// Returns the segments that make up `start..end` of the bytes in `segments`.
pub(super) fn slice(segments: &[Segment], start: u64, end: u64) -> Vec<Segment> {
    let mut position = 0;
    let mut cut = Vec::new();
    for segment in segments {
        let (from, to) = (start.max(position), end.min(position + segment.len));
        if from < to {
            let whole = to - from == segment.len;
            cut.push(Segment {
                name: segment.name.clone(),
                offset: segment.offset + (from - position),
                len: to - from,
                blake3: segment.blake3.filter(|_| whole),
            });
        }
        position += segment.len;
    }
    cut
}
