//! Uploads in parts.

use aws_sdk_s3::{
    error::ProvideErrorMetadata,
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use hulk_proto::{Blake3, Md5, PartChecksum, PartDigest, PartLayout, upload::ReceivedPart};
use md5::Digest;

use super::{
    client::{Attested, Store},
    error::{StoreError, StoreErrorKind, status_of},
    object_key,
};

/// Outcome of a request to assemble the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completed {
    Done,
    /// A part does not exist or has changed.
    PartMissing,
    /// The upload does not exist; perhaps it was completed before.
    UploadMissing,
}

/// Range of an object that is copied; `len` is at least 1.
#[derive(Clone, Copy)]
pub struct SourceRange<'a> {
    pub key: &'a str,
    pub start: u64,
    pub len: u64,
}

impl Store {
    /// Returns the ETag of an object that is made of parts with these ETags. S3 does not promise it, but all
    /// stores with MD5s as ETags do it like this; `None` if the ETag of a part is not a digest.
    pub fn etag_of_parts(&self, etags: &[String]) -> Option<String> {
        let count = etags.len();
        match self.capabilities.part_digest {
            PartDigest::Md5 => {
                let mut whole = md5::Md5::new();
                for etag in etags {
                    whole.update(etag.parse::<Md5>().ok()?.0);
                }
                Some(format!("{}-{count}", Md5(whole.finalize().into())))
            }
            PartDigest::Blake3 => {
                let mut whole = blake3::Hasher::new();
                for etag in etags {
                    whole.update(&etag.parse::<Blake3>().ok()?.0);
                }
                Some(format!("{}-{count}", Blake3(whole.finalize().into())))
            }
        }
    }

    /// Returns the checksum that protects parts in transit. A CRC32C costs a tenth of an MD5, but a store
    /// that does not know it ignores it: the first upload probes the store with a wrong one.
    pub async fn part_checksum(&self, env: &str) -> Result<PartChecksum, StoreError> {
        let known = self.part_checksum.get_or_try_init(|| async {
            match self.capabilities.checks_crc32c {
                Some(true) => Ok(PartChecksum::Crc32c),
                Some(false) => Ok(PartChecksum::Md5),
                None => self.probe_checksum(env).await,
            }
        });
        known.await.copied()
    }

    async fn probe_checksum(&self, env: &str) -> Result<PartChecksum, StoreError> {
        let key = object_key::probe(env);
        let upload_id = self.create_multipart(&key).await?;
        let wrong = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(&key)
            .upload_id(&upload_id)
            .part_number(1)
            .checksum_crc32_c("AAAAAA==")
            .body(ByteStream::from_static(b"probe"))
            .send()
            .await;
        self.abort_multipart(&key, &upload_id).await?;
        match wrong {
            Err(error) if status_of(&error) == Some(400) => Ok(PartChecksum::Crc32c),
            Err(error) if status_of(&error).is_none_or(|status| status >= 500 && status != 501) => {
                Err(StoreError::unavailable("UploadPart", &key, error))
            }
            _ => Ok(PartChecksum::Md5),
        }
    }

    pub async fn create_multipart(&self, key: &str) -> Result<String, StoreError> {
        let created = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| StoreError::answered("CreateMultipartUpload", key, error))?;
        let upload_id = created.upload_id.filter(|id| !id.is_empty());
        upload_id.ok_or_else(|| {
            StoreError::unavailable("CreateMultipartUpload", key, "the answer has no upload id")
        })
    }

    /// Lists the received parts by number; `None` if the upload does not exist.
    pub async fn list_parts(
        &self,
        key: &str,
        upload_id: &str,
    ) -> Result<Option<Vec<ReceivedPart>>, StoreError> {
        let mut pages = self
            .client
            .list_parts()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .into_paginator()
            .send();
        let mut parts = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(error) if status_of(&error) == Some(404) => return Ok(None),
                other => other.map_err(|error| StoreError::unavailable("ListParts", key, error))?,
            };
            parts.extend(page.parts().iter().filter_map(|part| {
                Some(ReceivedPart {
                    number: part.part_number()?.try_into().ok()?,
                    size_bytes: part.size()?.try_into().ok()?,
                    etag: bare(part.e_tag()?),
                })
            }));
        }
        parts.sort_by_key(|part| part.number);
        Ok(Some(parts))
    }

    /// Makes a part from a range of another object, and returns its ETag.
    pub async fn copy_part(
        &self,
        source: SourceRange<'_>,
        key: &str,
        upload_id: &str,
        number: u32,
    ) -> Result<String, StoreError> {
        let copied = self
            .client
            .upload_part_copy()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .part_number(i32::try_from(number).unwrap_or(i32::MAX))
            .copy_source(format!("{}/{}", self.bucket, source.key))
            .copy_source_range(format!(
                "bytes={}-{}",
                source.start,
                source.start + source.len - 1
            ))
            .send()
            .await
            .map_err(|error| StoreError::answered("UploadPartCopy", source.key, error))?;
        let etag = copied.copy_part_result.and_then(|result| result.e_tag);
        etag.map(|etag| bare(&etag))
            .ok_or_else(|| StoreError::unavailable("UploadPartCopy", source.key, "no ETag"))
    }

    /// Makes an object of parts 1, 2, … with these ETags.
    pub async fn complete_multipart(
        &self,
        key: &str,
        upload_id: &str,
        etags: &[String],
    ) -> Result<Completed, StoreError> {
        let parts = (1..).zip(etags).map(|(number, etag)| {
            CompletedPart::builder()
                .part_number(number)
                .e_tag(format!("\"{etag}\""))
                .build()
        });
        let named = CompletedMultipartUpload::builder().set_parts(Some(parts.collect()));
        let completed = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .multipart_upload(named.build())
            .send()
            .await;
        match completed {
            Ok(_) => Ok(Completed::Done),
            Err(error) => match (status_of(&error), error.code()) {
                (Some(404), _) | (_, Some("NoSuchUpload")) => Ok(Completed::UploadMissing),
                (Some(400), _) => Ok(Completed::PartMissing),
                // Some stores answer differently if the upload does not exist any more.
                _ => match self.is_made_of(key, etags).await {
                    Ok(true) => Ok(Completed::Done),
                    _ => Err(StoreError::answered("CompleteMultipartUpload", key, error)),
                },
            },
        }
    }

    async fn is_made_of(&self, key: &str, etags: &[String]) -> Result<bool, StoreError> {
        let found = self.inspect(key).await?;
        let expected = self.etag_of_parts(etags);
        Ok(expected.is_some() && found.map(|found| found.etag) == expected)
    }

    /// Aborts an upload; one that does not exist counts as aborted.
    pub async fn abort_multipart(&self, key: &str, upload_id: &str) -> Result<(), StoreError> {
        let aborted = self
            .client
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .send()
            .await;
        match aborted {
            Err(error) if status_of(&error) == Some(404) => Ok(()),
            other => other
                .map(drop)
                .map_err(|error| StoreError::unavailable("AbortMultipartUpload", key, error)),
        }
    }

    /// Copies an object by its parts: one request copies at most 5 GiB.
    pub(super) async fn copy_in_parts(
        &self,
        from: &str,
        to: &str,
        source: &Attested,
    ) -> Result<(), StoreError> {
        let layout = PartLayout::choose(source.size_bytes);
        let upload_id = self.create_multipart(to).await?;
        let copied = async {
            let mut etags = Vec::new();
            for number in 1..=layout.part_count() {
                let source = SourceRange {
                    key: from,
                    start: layout.offset(number),
                    len: layout.len(number),
                };
                etags.push(self.copy_part(source, to, &upload_id, number).await?);
            }
            match self.complete_multipart(to, &upload_id, &etags).await? {
                Completed::Done => Ok(()),
                _ => Err(StoreError::new(
                    "CompleteMultipartUpload",
                    to,
                    StoreErrorKind::Missing,
                )),
            }
        };
        let outcome = copied.await;
        if outcome.is_err() {
            self.abort_multipart(to, &upload_id).await?;
        }
        outcome
    }
}

fn bare(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}
