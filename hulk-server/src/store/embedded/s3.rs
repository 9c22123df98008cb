//! The S3 operations: `s3s` parses requests and checks signatures, `Objects` does the work.

use std::sync::Arc;

use s3s::{S3, S3Request, S3Response, S3Result, dto, s3_error};

use super::{
    convert::{
        attributes, base64, check_bucket, check_source, conditions, copy_range, last_modified,
        length, named_part, override_header, part_number, put, put_part, source_key, wanted,
    },
    disk::blocking,
    multipart::NamedPart,
    objects::Objects,
};

/// An object may be replaced after its manifest is read and before its first byte is, but hardly this often.
const READ_ATTEMPTS: usize = 8;

pub(super) struct Backend {
    objects: Arc<Objects>,
}

impl Backend {
    pub(super) fn new(objects: Arc<Objects>) -> Self {
        Self { objects }
    }

    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Objects) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let objects = self.objects.clone();
        blocking(move || work(&objects)).await
    }
}

#[async_trait::async_trait]
impl S3 for Backend {
    async fn head_bucket(
        &self,
        request: S3Request<dto::HeadBucketInput>,
    ) -> S3Result<S3Response<dto::HeadBucketOutput>> {
        check_bucket(&request.input.bucket)?;
        Ok(S3Response::new(dto::HeadBucketOutput::default()))
    }

    async fn put_object(
        &self,
        request: S3Request<dto::PutObjectInput>,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        let put = put(request)?;
        let manifest = self.objects.put(put).await?;
        Ok(S3Response::new(dto::PutObjectOutput {
            e_tag: Some(dto::ETag::Strong(manifest.etag)),
            checksum_sha256: manifest.sha256.map(base64),
            ..Default::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<dto::GetObjectInput>,
    ) -> S3Result<S3Response<dto::GetObjectOutput>> {
        let conditions = conditions(&request.extensions, &request.headers);
        let input = request.input;
        check_bucket(&input.bucket)?;
        let key = input.key;
        let (manifest, part, reader) = self
            .blocking(move |objects| {
                for _ in 0..READ_ATTEMPTS {
                    let manifest = objects.find(&key)?;
                    let part = wanted(&manifest, &conditions, true)?;
                    let range = part.clone().unwrap_or(0..manifest.size_bytes);
                    if let Some(reader) = objects.read(&manifest, range.start, range.end)? {
                        return Ok((manifest, part, reader));
                    }
                }
                Err(s3_error!(
                    SlowDown,
                    "the object is replaced too often to be read"
                ))
            })
            .await?;
        let content_range = part.as_ref().map(|part| {
            let last = part.end.saturating_sub(1);
            format!("bytes {}-{last}/{}", part.start, manifest.size_bytes)
        });
        let whole = content_range.is_none();
        let bytes = part.map_or(manifest.size_bytes, |part| part.end - part.start);
        Ok(S3Response::new(dto::GetObjectOutput {
            body: Some(dto::StreamingBlob::wrap(reader)),
            content_length: Some(length(bytes)),
            content_range,
            accept_ranges: Some("bytes".into()),
            e_tag: Some(dto::ETag::Strong(manifest.etag)),
            last_modified: Some(last_modified(manifest.modified_at)),
            checksum_sha256: manifest
                .sha256
                .filter(|_| whole && input.checksum_mode.is_some())
                .map(base64),
            content_type: manifest.attributes.content_type,
            metadata: Some(manifest.attributes.metadata.into_iter().collect()),
            ..Default::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<dto::HeadObjectInput>,
    ) -> S3Result<S3Response<dto::HeadObjectOutput>> {
        let conditions = conditions(&request.extensions, &request.headers);
        let input = request.input;
        check_bucket(&input.bucket)?;
        let manifest = self
            .blocking(move |objects| {
                let manifest = objects.find(&input.key)?;
                wanted(&manifest, &conditions, false)?;
                Ok(manifest)
            })
            .await?;
        let mut response = S3Response::new(dto::HeadObjectOutput {
            content_length: Some(length(manifest.size_bytes)),
            accept_ranges: Some("bytes".into()),
            e_tag: Some(dto::ETag::Strong(manifest.etag)),
            last_modified: Some(last_modified(manifest.modified_at)),
            checksum_sha256: manifest
                .sha256
                .filter(|_| input.checksum_mode.is_some())
                .map(base64),
            content_type: manifest.attributes.content_type,
            metadata: Some(manifest.attributes.metadata.into_iter().collect()),
            ..Default::default()
        });
        // `s3s` applies the overrides to GET only; a client may send a HEAD first.
        override_header(&mut response, "content-type", input.response_content_type)?;
        override_header(
            &mut response,
            "content-disposition",
            input.response_content_disposition,
        )?;
        Ok(response)
    }

    async fn delete_object(
        &self,
        request: S3Request<dto::DeleteObjectInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectOutput>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        self.blocking(move |objects| objects.delete(&input.key))
            .await?;
        Ok(S3Response::new(dto::DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<dto::DeleteObjectsInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectsOutput>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        let output = self
            .blocking(move |objects| {
                let (mut deleted, mut errors) = (Vec::new(), Vec::new());
                for object in input.delete.objects {
                    let key = Some(object.key.clone());
                    match objects.delete(&object.key) {
                        Ok(()) => deleted.push(dto::DeletedObject {
                            key,
                            ..Default::default()
                        }),
                        Err(error) => errors.push(dto::Error {
                            key,
                            code: Some(error.code().as_str().to_owned()),
                            ..Default::default()
                        }),
                    }
                }
                Ok(dto::DeleteObjectsOutput {
                    deleted: Some(deleted),
                    errors: (!errors.is_empty()).then_some(errors),
                    ..Default::default()
                })
            })
            .await?;
        Ok(S3Response::new(output))
    }

    async fn copy_object(
        &self,
        request: S3Request<dto::CopyObjectInput>,
    ) -> S3Result<S3Response<dto::CopyObjectOutput>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        let from = source_key(&input.copy_source)?;
        let replaced = input
            .metadata_directive
            .is_some_and(|directive| directive.as_str() == dto::MetadataDirective::REPLACE)
            .then(|| attributes(input.content_type, input.metadata));
        let manifest = self
            .blocking(move |objects| {
                objects.copy(&from, &input.key, replaced, |source| {
                    check_source(
                        source,
                        &input.copy_source_if_match,
                        &input.copy_source_if_none_match,
                    )
                })
            })
            .await?;
        Ok(S3Response::new(dto::CopyObjectOutput {
            copy_object_result: Some(dto::CopyObjectResult {
                e_tag: Some(dto::ETag::Strong(manifest.etag)),
                last_modified: Some(last_modified(manifest.modified_at)),
                checksum_sha256: manifest.sha256.map(base64),
                ..Default::default()
            }),
            ..Default::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<dto::CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CreateMultipartUploadOutput>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        let attributes = attributes(input.content_type, input.metadata);
        let key = input.key.clone();
        let id = self
            .blocking(move |objects| objects.create_upload(&key, attributes))
            .await?;
        Ok(S3Response::new(dto::CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..Default::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<dto::UploadPartInput>,
    ) -> S3Result<S3Response<dto::UploadPartOutput>> {
        let checksum_crc32c = request.input.checksum_crc32c.clone();
        let checksum_sha256 = request.input.checksum_sha256.clone();
        let put = put_part(request)?;
        let part = self.objects.put_part(put).await?;
        Ok(S3Response::new(dto::UploadPartOutput {
            e_tag: Some(dto::ETag::Strong(part.etag())),
            checksum_crc32c,
            checksum_sha256,
            ..Default::default()
        }))
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<dto::UploadPartCopyInput>,
    ) -> S3Result<S3Response<dto::UploadPartCopyOutput>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        let from = source_key(&input.copy_source)?;
        let number = part_number(input.part_number)?;
        let part = self
            .blocking(move |objects| {
                let source = objects.find(&from)?;
                check_source(
                    &source,
                    &input.copy_source_if_match,
                    &input.copy_source_if_none_match,
                )?;
                let wanted = input.copy_source_range.as_deref();
                let range = |size| copy_range(wanted, size);
                objects.copy_part(&from, range, &input.key, &input.upload_id, number)
            })
            .await?;
        Ok(S3Response::new(dto::UploadPartCopyOutput {
            copy_part_result: Some(dto::CopyPartResult {
                e_tag: Some(dto::ETag::Strong(part.etag())),
                last_modified: Some(last_modified(part.modified_at)),
                ..Default::default()
            }),
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CompleteMultipartUploadOutput>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        let named: Vec<NamedPart> = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default()
            .into_iter()
            .map(named_part)
            .collect::<S3Result<_>>()?;
        let (key, upload_id) = (input.key.clone(), input.upload_id);
        let manifest = self
            .blocking(move |objects| objects.complete_upload(&key, &upload_id, &named))
            .await?;
        Ok(S3Response::new(dto::CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(dto::ETag::Strong(manifest.etag)),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<dto::AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        self.blocking(move |objects| objects.abort_upload(&input.key, &input.upload_id))
            .await?;
        Ok(S3Response::new(dto::AbortMultipartUploadOutput::default()))
    }

    async fn list_parts(
        &self,
        request: S3Request<dto::ListPartsInput>,
    ) -> S3Result<S3Response<dto::ListPartsOutput>> {
        let page = self.page_of_parts(request.input).await?;
        Ok(S3Response::new(page))
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<dto::ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<dto::ListMultipartUploadsOutput>> {
        let page = self.page_of_uploads(request.input).await?;
        Ok(S3Response::new(page))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<dto::ListObjectsV2Input>,
    ) -> S3Result<S3Response<dto::ListObjectsV2Output>> {
        let page = self.page_of_objects(request.input).await?;
        Ok(S3Response::new(page))
    }
}
