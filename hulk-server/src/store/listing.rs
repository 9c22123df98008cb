//! Lists of what the store has, in the order of the keys' bytes.

use aws_sdk_s3::{error::ProvideErrorMetadata, primitives::DateTime};
use hulk_proto::Timestamp;

use super::{client::Store, error::StoreError};

pub(crate) struct ListedObject {
    pub(crate) key: String,
    pub(crate) size_bytes: i64,
    pub(crate) modified_at: Timestamp,
}

/// A page of objects.
pub(crate) struct ListedObjects {
    pub(crate) objects: Vec<ListedObject>,
    pub(crate) has_more: bool,
}

/// An upload in parts that has not ended.
pub(crate) struct ListedUpload {
    pub(crate) key: String,
    pub(crate) upload_id: String,
    pub(crate) initiated_at: Timestamp,
}

impl Store {
    /// Lists at most 1,000 objects whose keys begin with `prefix` and come after `after`.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        after: &str,
    ) -> Result<ListedObjects, StoreError> {
        let page = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_start_after((!after.is_empty()).then(|| after.to_owned()))
            .send()
            .await
            .map_err(|error| StoreError::unavailable("ListObjectsV2", prefix, error))?;
        let objects = page.contents().iter().filter_map(|object| {
            Some(ListedObject {
                key: object.key()?.to_owned(),
                size_bytes: object.size()?,
                modified_at: timestamp(object.last_modified()?)?,
            })
        });
        Ok(ListedObjects {
            objects: objects.collect(),
            has_more: page.is_truncated() == Some(true),
        })
    }

    /// Lists all uploads in parts under `prefix`; none if the store cannot list them.
    pub(crate) async fn list_uploads(&self, prefix: &str) -> Result<Vec<ListedUpload>, StoreError> {
        let mut uploads = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let page = self
                .client
                .list_multipart_uploads()
                .bucket(&self.bucket)
                .prefix(prefix)
                .set_key_marker(key_marker)
                .set_upload_id_marker(id_marker)
                .send()
                .await;
            let page = match page {
                Err(error) if error.code() == Some("NotImplemented") => return Ok(uploads),
                other => other
                    .map_err(|error| StoreError::answered("ListMultipartUploads", prefix, error))?,
            };
            uploads.extend(page.uploads().iter().filter_map(|upload| {
                Some(ListedUpload {
                    key: upload.key()?.to_owned(),
                    upload_id: upload.upload_id()?.to_owned(),
                    initiated_at: timestamp(upload.initiated()?)?,
                })
            }));
            if page.is_truncated() != Some(true) {
                return Ok(uploads);
            }
            key_marker = page.next_key_marker;
            id_marker = page.next_upload_id_marker;
        }
    }
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_unix_millis(time.to_millis().ok()?).ok()
}
