//! `/trash`

use hulk_proto::{
    Id, ListQuery,
    trash::{Emptied, RestoreTrash, Restored, TrashItem},
};
use reqwest::Method;

use super::{Client, STORE_TIMEOUT, pages::all_pages};
use crate::error::Result;

impl Client {
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
}
