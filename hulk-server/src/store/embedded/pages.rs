//! The S3 operations that list, one page at a time.

use s3s::{S3Result, dto, s3_error};

use super::{
    convert::{check_bucket, last_modified, object_dto, page_size, part_dto},
    list::Listing,
    s3::Backend,
};

impl Backend {
    pub(super) async fn page_of_parts(
        &self,
        input: dto::ListPartsInput,
    ) -> S3Result<dto::ListPartsOutput> {
        check_bucket(&input.bucket)?;
        let (key, id) = (input.key.clone(), input.upload_id.clone());
        let mut parts = self
            .blocking(move |objects| objects.list_parts(&key, &id))
            .await?;
        let marker = input.part_number_marker.unwrap_or(0);
        parts.retain(|part| i64::from(part.number) > i64::from(marker));
        let limit = page_size(input.max_parts);
        let truncated = parts.len() > limit;
        parts.truncate(limit);
        let next = parts
            .last()
            .filter(|_| truncated)
            .and_then(|part| part.number.try_into().ok());
        Ok(dto::ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            is_truncated: Some(truncated),
            next_part_number_marker: next,
            parts: Some(parts.iter().map(part_dto).collect()),
            ..Default::default()
        })
    }

    pub(super) async fn page_of_uploads(
        &self,
        input: dto::ListMultipartUploadsInput,
    ) -> S3Result<dto::ListMultipartUploadsOutput> {
        check_bucket(&input.bucket)?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let mut uploads = self
            .blocking(move |objects| objects.list_uploads(&prefix))
            .await?;
        let after = (
            input.key_marker.unwrap_or_default(),
            input.upload_id_marker.unwrap_or_default(),
        );
        uploads.retain(|(id, record)| (&record.key, id) > (&after.0, &after.1));
        let limit = page_size(input.max_uploads);
        let truncated = uploads.len() > limit;
        uploads.truncate(limit);
        let last = uploads.last().filter(|_| truncated).cloned();
        Ok(dto::ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix,
            is_truncated: Some(truncated),
            next_key_marker: last.as_ref().map(|(_, record)| record.key.clone()),
            next_upload_id_marker: last.map(|(id, _)| id),
            uploads: Some(
                uploads
                    .into_iter()
                    .map(|(id, record)| dto::MultipartUpload {
                        upload_id: Some(id),
                        key: Some(record.key),
                        initiated: Some(last_modified(record.initiated_at)),
                        ..Default::default()
                    })
                    .collect(),
            ),
            ..Default::default()
        })
    }

    pub(super) async fn page_of_objects(
        &self,
        input: dto::ListObjectsV2Input,
    ) -> S3Result<dto::ListObjectsV2Output> {
        check_bucket(&input.bucket)?;
        let grouped = match input.delimiter.as_deref() {
            None | Some("") => false,
            Some("/") => true,
            Some(_) => {
                return Err(s3_error!(
                    NotImplemented,
                    "the only supported delimiter is '/'"
                ));
            }
        };
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input
            .continuation_token
            .clone()
            .or(input.start_after.clone())
            .unwrap_or_default();
        let limit = page_size(input.max_keys);
        let listed = self
            .blocking(move |objects| {
                objects.list(&Listing {
                    prefix: &prefix,
                    after: &after,
                    grouped,
                    limit,
                })
            })
            .await?;
        let count = listed.objects.len() + listed.prefixes.len();
        Ok(dto::ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            start_after: input.start_after,
            continuation_token: input.continuation_token,
            key_count: i32::try_from(count).ok(),
            is_truncated: Some(listed.truncated_at.is_some()),
            next_continuation_token: listed.truncated_at,
            contents: Some(listed.objects.into_iter().map(object_dto).collect()),
            common_prefixes: Some(
                listed
                    .prefixes
                    .into_iter()
                    .map(|prefix| dto::CommonPrefix {
                        prefix: Some(prefix),
                    })
                    .collect(),
            ),
            ..Default::default()
        })
    }
}
