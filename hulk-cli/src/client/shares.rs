//! `/shares`

use hulk_proto::{
    Id, ListQuery, Page, Share,
    share::{CancelledUploads, CreateShare, UnfinishedUpload},
};
use reqwest::Method;

use super::{Client, STORE_TIMEOUT, pages::all_pages};
use crate::error::Result;

impl Client {
    /// Creates a share. Not retried: a second share would be a second link.
    pub(crate) async fn create_share(&self, request: &CreateShare) -> Result<Share> {
        self.send_once(self.post("/shares", request)?).await
    }

    pub(crate) async fn list_shares(&self) -> Result<Vec<Share>> {
        let shares = all_pages(ListQuery::default(), |query| async move {
            let page: Page<Share> = self.list("/shares", &query).await?;
            Ok(page)
        });
        shares.await
    }

    pub(crate) async fn revoke_share(&self, id: &Id) -> Result<()> {
        self.delete(self.api(Method::DELETE, &format!("/shares/{id}"))?)
            .await
    }

    pub(crate) async fn list_unfinished(&self, share_id: &Id) -> Result<Vec<UnfinishedUpload>> {
        let path = format!("/shares/{share_id}/uploads");
        all_pages(ListQuery::default(), |query| {
            let path = path.clone();
            async move { self.list(&path, &query).await }
        })
        .await
    }

    pub(crate) async fn cancel_unfinished(&self, share_id: &Id) -> Result<CancelledUploads> {
        let request = self.api(Method::DELETE, &format!("/shares/{share_id}/uploads"))?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }
}
