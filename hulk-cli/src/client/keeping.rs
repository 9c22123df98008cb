//! The routes for what is kept: versions, the trash, shares, usage.

use hulk_proto::{
    File, Id, ListQuery, Page, Share, Usage,
    file::Version,
    share::{CancelledUploads, CreateShare, UnfinishedUpload},
    trash::{Emptied, RestoreTrash, Restored, TrashItem},
};
use reqwest::Method;

use super::{Client, STORE_TIMEOUT, all_pages};
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

    pub(crate) async fn list_trash(&self) -> Result<Vec<TrashItem>> {
        all_pages(ListQuery::default(), |query| async move {
            self.list("/trash", &query).await
        })
        .await
    }

    pub(crate) async fn restore_trash(&self, id: &Id, request: &RestoreTrash) -> Result<Restored> {
        self.send(self.post(&format!("/trash/{id}/restore"), request)?)
            .await
    }

    pub(crate) async fn purge_trash(&self, id: &Id) -> Result<()> {
        let request = self.api(Method::DELETE, &format!("/trash/{id}"))?;
        self.delete(request.timeout(STORE_TIMEOUT)).await
    }

    pub(crate) async fn empty_trash(&self) -> Result<Emptied> {
        let request = self.api(Method::DELETE, "/trash")?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    /// Not tried again: a second share would be a second link.
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

    pub(crate) async fn usage(&self, user_id: &Id) -> Result<Usage> {
        self.send(self.api(Method::GET, &format!("/users/{user_id}/usage"))?)
            .await
    }
}
