//! The routes for what is kept: places, versions, the trash, searches, shares, usage.

use hulk_proto::{
    ChangeFile, Directory, File, Id, ListQuery, Page, Share, Usage,
    directory::{ChangeDirectory, Entry, MoveEntries, MovedEntries},
    file::Version,
    share::CreateShare,
    trash::{Emptied, RestoreTrash, Restored, TrashItem},
};
use reqwest::Method;

use super::{Client, all_pages};
use crate::{error::Result, target};

impl Client {
    pub(crate) async fn change_file(&self, id: &Id, change: &ChangeFile) -> Result<File> {
        let request = self.put(&format!("/files/{id}"), change)?;
        self.send(request.timeout(super::STORE_TIMEOUT)).await
    }

    pub(crate) async fn change_directory(
        &self,
        id: &Id,
        change: &ChangeDirectory,
    ) -> Result<Directory> {
        self.send(self.put(&format!("/directories/{id}"), change)?)
            .await
    }

    pub(crate) async fn move_entries(&self, request: &MoveEntries) -> Result<MovedEntries> {
        self.send(self.post("/moves", request)?).await
    }

    /// To the trash, or with `purge` for good.
    pub(crate) async fn delete_entry(&self, entry: &Entry, purge: bool) -> Result<()> {
        let path = match entry {
            Entry::File(file) => format!("/files/{}", file.id),
            Entry::Directory(directory) => format!("/directories/{}", directory.id),
        };
        let query = if purge { "purge=true" } else { "" };
        let request = self.api_with(Method::DELETE, &path, query)?;
        self.send_for_nothing(request.timeout(super::STORE_TIMEOUT))
            .await
    }

    pub(crate) async fn purge_file(&self, id: &Id) -> Result<()> {
        let path = format!("/files/{id}");
        self.send_for_nothing(self.api_with(Method::DELETE, &path, "purge=true")?)
            .await
    }

    /// By a query of words and conditions, all pages.
    pub(crate) async fn search(&self, words: &str, query: ListQuery) -> Result<Vec<File>> {
        all_pages(query, |query| async move {
            let mut pairs = query.to_pairs();
            pairs.push(("q".to_owned(), words.to_owned()));
            self.list_pairs("/files/search", &pairs).await
        })
        .await
    }

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
        self.send(request.timeout(super::STORE_TIMEOUT)).await
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
        self.send_for_nothing(request.timeout(super::STORE_TIMEOUT))
            .await
    }

    pub(crate) async fn empty_trash(&self) -> Result<Emptied> {
        let request = self.api(Method::DELETE, "/trash")?;
        self.send(request.timeout(super::STORE_TIMEOUT)).await
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
        self.send_for_nothing(self.api(Method::DELETE, &format!("/shares/{id}"))?)
            .await
    }

    pub(crate) async fn usage(&self, user_id: &Id) -> Result<Usage> {
        self.send(self.api(Method::GET, &format!("/users/{user_id}/usage"))?)
            .await
    }

    /// The file or directory at a path, or of an id.
    ///
    /// # Errors
    /// `NOT_FOUND` if there is neither.
    pub(crate) async fn find_entry(&self, remote: &str) -> Result<Entry> {
        let path = target::remote(remote)?;
        if !path.is_root()
            && let Some(file) = self.find_file(&path).await?
        {
            return Ok(Entry::File(Box::new(file)));
        }
        match self.find_directory(&path).await? {
            Some(directory) => Ok(Entry::Directory(directory)),
            None => Err(crate::error::Error::not_found(format!(
                "there is no file or directory '{remote}'"
            ))),
        }
    }
}
