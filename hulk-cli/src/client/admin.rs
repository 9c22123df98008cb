//! The routes for moderators, admins and root.

use hulk_proto::{
    Id, ListQuery,
    admin::{
        Account, AccountDetails, ChangeAccount, CreateAccount, OwnedFile, ServerSettings,
        ServerStats, SetPassword,
    },
    audit::AuditEvent,
    job::Job,
};
use reqwest::Method;
use serde::de::DeserializeOwned;

use super::{
    Client,
    pages::{all_pages, first_items},
};
use crate::error::Result;

impl Client {
    /// Lists users; with `search`, those that have the text in their email address or names.
    pub(crate) async fn list_accounts(
        &self,
        search: Option<&str>,
        query: ListQuery,
    ) -> Result<Vec<Account>> {
        self.list_found("/admin/users", search, query).await
    }

    pub(crate) async fn show_account(&self, id: &Id) -> Result<AccountDetails> {
        self.send(self.api(Method::GET, &format!("/admin/users/{id}"))?)
            .await
    }

    pub(crate) async fn create_account(&self, request: &CreateAccount) -> Result<Account> {
        // Not retried: a retry could not tell its own user from one who has the address already.
        self.send_once(self.post("/admin/users", request)?).await
    }

    pub(crate) async fn change_account(&self, id: &Id, change: &ChangeAccount) -> Result<Account> {
        self.send(self.put(&format!("/admin/users/{id}"), change)?)
            .await
    }

    pub(crate) async fn set_password(&self, id: &Id, request: &SetPassword) -> Result<()> {
        let request = self.put(&format!("/admin/users/{id}/password"), request)?;
        self.answer(request).await.map(drop)
    }

    pub(crate) async fn delete_account(&self, id: &Id) -> Result<()> {
        self.delete(self.api(Method::DELETE, &format!("/admin/users/{id}"))?)
            .await
    }

    /// Lists files of all users; with `search`, those that have the text in their name.
    pub(crate) async fn list_owned_files(
        &self,
        search: Option<&str>,
        query: ListQuery,
    ) -> Result<Vec<OwnedFile>> {
        self.list_found("/admin/files", search, query).await
    }

    /// Moves a file of any user to the trash of its owner.
    pub(crate) async fn delete_owned_file(&self, id: &Id) -> Result<()> {
        self.delete(self.api(Method::DELETE, &format!("/admin/files/{id}"))?)
            .await
    }

    pub(crate) async fn server_stats(&self) -> Result<ServerStats> {
        self.send(self.api(Method::GET, "/admin/stats")?).await
    }

    pub(crate) async fn server_settings(&self) -> Result<ServerSettings> {
        self.send(self.api(Method::GET, "/admin/settings")?).await
    }

    /// Lists the newest `most` events.
    pub(crate) async fn list_audit(
        &self,
        most: usize,
        query: ListQuery,
    ) -> Result<Vec<AuditEvent>> {
        first_items(most, query, |query| async move {
            self.list("/admin/audit", &query).await
        })
        .await
    }

    /// Lists `most` jobs.
    pub(crate) async fn list_jobs(&self, most: usize, query: ListQuery) -> Result<Vec<Job>> {
        first_items(most, query, |query| async move {
            self.list("/admin/jobs", &query).await
        })
        .await
    }

    async fn list_found<T: DeserializeOwned>(
        &self,
        path: &str,
        search: Option<&str>,
        query: ListQuery,
    ) -> Result<Vec<T>> {
        all_pages(query, |query| async move {
            let mut pairs = query.to_pairs();
            pairs.extend(search.map(|text| ("search".to_owned(), text.to_owned())));
            self.list_pairs(path, &pairs).await
        })
        .await
    }
}
