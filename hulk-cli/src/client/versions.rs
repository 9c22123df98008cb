//! `/files/:id/versions`

use hulk_proto::{File, Id, ListQuery, file::Version};
use reqwest::Method;

use super::{Client, STORE_TIMEOUT, pages::all_pages};
use crate::error::Result;

impl Client {
    pub(crate) async fn list_versions(&self, id: &Id) -> Result<Vec<Version>> {
        let path = format!("/files/{id}/versions");
        all_pages(ListQuery::default(), |query| {
            let path = path.clone();
            async move { self.list(&path, &query).await }
        })
        .await
    }

    pub(crate) async fn restore_version(&self, id: &Id, version: u64) -> Result<File> {
        let path = format!("/files/{id}/versions/{version}/restore");
        let request = self.api(Method::POST, &path)?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }
}
