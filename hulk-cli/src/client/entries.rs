//! The routes that find, list, change, move and delete files and directories.

use hulk_proto::{
    ChangeFile, Directory, ErrorCode, File, Id, ListQuery, Page, RemotePath,
    batch::Batch,
    directory::{
        ChangeDirectory, CreateDirectories, CreateDirectory, Entry, MoveEntries, MovedEntries,
    },
    trash::TRASHED_UNTIL_HEADER,
};
use reqwest::{Method, StatusCode, header};

use super::{API_TIMEOUT, Client, STORE_TIMEOUT, pages::all_pages, pages::by};
use crate::http::page_url;
use crate::{
    error::{Error, Result},
    target,
};

/// Result of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deleted {
    ToTrash,
    ForGood,
    /// Deleted, but the response was lost.
    Somehow,
}

impl Client {
    pub(crate) async fn show_file(&self, id: &Id) -> Result<File> {
        self.send(self.api(Method::GET, &format!("/files/{id}"))?)
            .await
    }

    pub(crate) async fn list_files(&self, query: &ListQuery) -> Result<Page<File>> {
        self.list("/files", query).await
    }

    pub(crate) async fn list_directories(&self, query: &ListQuery) -> Result<Page<Directory>> {
        self.list("/directories", query).await
    }

    /// Finds the file at a path, or with this id if there is none.
    pub(crate) async fn find_file(&self, remote: &RemotePath) -> Result<Option<File>> {
        let query = by("path", remote.as_str());
        if let Some(file) = self.list_files(&query).await?.items.pop() {
            return Ok(Some(file));
        }
        let Ok(id) = remote.as_str().parse::<Id>() else {
            return Ok(None);
        };
        match self.show_file(&id).await {
            Err(error) if error.code == ErrorCode::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// Finds the file at a path whose first upload was started and not finished.
    pub(crate) async fn find_unfinished(&self, remote: &RemotePath) -> Result<Option<File>> {
        let mut query = by("path", remote.as_str());
        query
            .filters
            .push(("status".to_owned(), "reserved".to_owned()));
        Ok(self.list_files(&query).await?.items.pop())
    }

    /// Finds the directory at a path, or with this id if there is none.
    pub(crate) async fn find_directory(&self, remote: &RemotePath) -> Result<Option<Directory>> {
        let query = by("path", remote.as_str());
        if let Some(directory) = self.list_directories(&query).await?.items.pop() {
            return Ok(Some(directory));
        }
        let Ok(id) = remote.as_str().parse::<Id>() else {
            return Ok(None);
        };
        let shown = self
            .send(self.api(Method::GET, &format!("/directories/{id}"))?)
            .await;
        match shown {
            Err(error) if error.code == ErrorCode::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    pub(crate) async fn create_directory(&self, request: &CreateDirectory) -> Result<Directory> {
        self.send(self.post("/directories", request)?).await
    }

    pub(crate) async fn create_directories(
        &self,
        items: Vec<CreateDirectory>,
    ) -> Result<Batch<Directory>> {
        let request = self.post("/directories/batch", &CreateDirectories { items })?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    /// Whether others can open a directory's link; `None` if that is unknown.
    pub(crate) async fn is_open(&self, id: &Id) -> Option<bool> {
        let url = page_url(&self.server, &["b", id.as_str()]);
        let request = self.net.http.get(url).timeout(API_TIMEOUT);
        let answer = request
            .header(header::ACCEPT, "application/json")
            .send()
            .await;
        match answer.ok()?.status() {
            StatusCode::OK => Some(true),
            StatusCode::NOT_FOUND => Some(false),
            _ => None,
        }
    }

    pub(crate) async fn change_file(&self, id: &Id, change: &ChangeFile) -> Result<File> {
        let request = self.put(&format!("/files/{id}"), change)?;
        self.send(request.timeout(STORE_TIMEOUT)).await
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

    /// Moves an entry to the trash, or deletes it permanently with `purge`.
    pub(crate) async fn delete_entry(&self, entry: &Entry, purge: bool) -> Result<Deleted> {
        let path = match entry {
            Entry::File(file) => format!("/files/{}", file.id),
            Entry::Directory(directory) => format!("/directories/{}", directory.id),
        };
        let query = if purge { "purge=true" } else { "" };
        let request = self.api_with(Method::DELETE, &path, query)?;
        let headers = self.delete_told(request.timeout(STORE_TIMEOUT)).await?;
        Ok(match headers {
            Some(headers) if headers.contains_key(TRASHED_UNTIL_HEADER) => Deleted::ToTrash,
            Some(_) => Deleted::ForGood,
            None => Deleted::Somehow,
        })
    }

    /// Moves a file to the trash, or deletes it permanently with `purge`.
    pub(crate) async fn delete_file(&self, id: &Id, purge: bool) -> Result<()> {
        let path = format!("/files/{id}");
        let query = if purge { "purge=true" } else { "" };
        self.delete(self.api_with(Method::DELETE, &path, query)?)
            .await
    }

    /// Finds files by a query of words and conditions; reads all pages.
    pub(crate) async fn search(&self, words: &str, query: ListQuery) -> Result<Vec<File>> {
        all_pages(query, |query| async move {
            let mut pairs = query.to_pairs();
            pairs.push(("q".to_owned(), words.to_owned()));
            self.list_pairs("/files/search", &pairs).await
        })
        .await
    }

    /// Finds the file or directory at a path, or with this id.
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
            None => {
                let what = format!("there is no file or directory '{remote}'");
                Err(Error::not_found(what).on(remote))
            }
        }
    }
}
