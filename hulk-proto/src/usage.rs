//! The storage that a user uses.

use serde::{Deserialize, Serialize};

use crate::Category;

/// A number per category, and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CountByType {
    pub total: u64,
    pub images: u64,
    pub videos: u64,
    pub audios: u64,
    pub models: u64,
    pub datasets: u64,
    pub documents: u64,
    pub archives: u64,
    pub other: u64,
}

impl CountByType {
    pub fn add(&mut self, category: Category, count: u64) {
        self.total += count;
        *self.slot(category) += count;
    }

    pub fn of(mut self, category: Category) -> u64 {
        *self.slot(category)
    }

    fn slot(&mut self, category: Category) -> &mut u64 {
        match category {
            Category::Images => &mut self.images,
            Category::Videos => &mut self.videos,
            Category::Audios => &mut self.audios,
            Category::Models => &mut self.models,
            Category::Datasets => &mut self.datasets,
            Category::Documents => &mut self.documents,
            Category::Archives => &mut self.archives,
            Category::Other => &mut self.other,
        }
    }
}

/// The answer to `GET /users/:id/usage`. All sizes are bytes; `used_bytes` is the sum of `byte_counts`,
/// `version_bytes`, `trash_bytes` and `upload_bytes`, which unfinished uploads reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    /// Number of files, without the trash.
    pub file_counts: CountByType,
    pub byte_counts: CountByType,
    /// Size of replaced versions, and of expired files that are not deleted yet.
    pub version_bytes: u64,
    /// Size of everything in the trash, including versions.
    pub trash_bytes: u64,
    pub upload_bytes: u64,
    /// Number of files that expire within seven days.
    pub expiring_soon: u64,
    pub used_bytes: u64,
    pub quota_bytes: u64,
}
