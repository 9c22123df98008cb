//! `/api/v1/admin`: for moderators, admins and root.

mod files;
mod reports;
mod tiers;
mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub(super) fn router() -> OpenApiRouter<App> {
    users::router()
        .merge(files::router())
        .merge(reports::router())
        .merge(tiers::router())
}
