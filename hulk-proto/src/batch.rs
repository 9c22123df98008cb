//! Batches: up to 1,000 items in one request, each of which succeeds or fails on its own.

use serde::{Deserialize, Serialize};

use crate::{
    CreateFile, ErrorBody, Id, Md5, ReportUpload, Sha256, bounded,
    file::ReportedStatus,
    limits::{MAX_BATCH, MAX_PARTS},
};

/// `POST /files/batch`: up to 1,000 files, each planned or refused on its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateFiles {
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub items: Vec<CreateFile>,
}

/// `PUT /files/batch/status`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportUploads {
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub items: Vec<ReportedFile>,
}

/// A reported upload: the fields of `ReportUpload` with the file's `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedFile {
    pub id: Id,
    pub status: ReportedStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<Md5>,
    // Not flattened: serde would hold all fields in memory before it checks them.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::optional_list::<_, _, MAX_PARTS>"
    )]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000))]
    pub part_etags: Option<Vec<String>>,
}

impl ReportedFile {
    pub fn new(id: Id, report: ReportUpload) -> Self {
        Self {
            id,
            status: report.status,
            version: report.version,
            sha256: report.sha256,
            md5: report.md5,
            part_etags: report.part_etags,
        }
    }

    /// Splits the item into the file's id and its report.
    pub fn into_parts(self) -> (Id, ReportUpload) {
        let report = ReportUpload {
            status: self.status,
            version: self.version,
            sha256: self.sha256,
            md5: self.md5,
            part_etags: self.part_etags,
        };
        (self.id, report)
    }
}

/// Results of the items of a batch, in the order of the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Batch<T> {
    pub items: Vec<BatchItem<T>>,
}

/// Result of one item of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BatchItem<T> {
    Failed(ErrorBody),
    Done(T),
}
