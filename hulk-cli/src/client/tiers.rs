//! The routes for tiers and the requests for them.

use hulk_proto::{
    Id, ListQuery,
    tier::{DecideTierRequest, SetTier, Tier, TierRequest},
};
use reqwest::Method;

use super::{Client, pages::all_pages};
use crate::error::Result;

impl Client {
    /// Lists all tiers, those that users do not see included.
    pub(crate) async fn list_tiers(&self) -> Result<Vec<Tier>> {
        all_pages(ListQuery::default(), |query| async move {
            self.list("/admin/tiers", &query).await
        })
        .await
    }

    pub(crate) async fn create_tier(&self, request: &SetTier) -> Result<Tier> {
        // Not retried: a retry could not tell its own tier from one that has the name already.
        self.send_once(self.post("/admin/tiers", request)?).await
    }

    /// Replaces all of a tier but its id.
    pub(crate) async fn set_tier(&self, id: &Id, request: &SetTier) -> Result<Tier> {
        self.send(self.put(&format!("/admin/tiers/{id}"), request)?)
            .await
    }

    /// # Errors
    /// `CONFLICT` while a user has the tier.
    pub(crate) async fn delete_tier(&self, id: &Id) -> Result<()> {
        self.delete(self.api(Method::DELETE, &format!("/admin/tiers/{id}"))?)
            .await
    }

    /// Lists the requests of all users.
    pub(crate) async fn list_tier_requests(&self, query: ListQuery) -> Result<Vec<TierRequest>> {
        all_pages(query, |query| async move {
            self.list("/admin/tier-requests", &query).await
        })
        .await
    }

    pub(crate) async fn decide_tier_request(
        &self,
        id: &Id,
        decision: &DecideTierRequest,
    ) -> Result<TierRequest> {
        self.send(self.put(&format!("/admin/tier-requests/{id}"), decision)?)
            .await
    }
}
