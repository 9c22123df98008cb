//! Moderators, admins and root. A handler's signature names what is needed, so that no handler can forget to
//! check it.

use axum::extract::FromRequestParts;
use http::request::Parts;
use hulk_proto::Right;

use super::caller::authenticate_staff;
use crate::{
    app::App,
    auth::staff::{Rank, Staff},
    error::{Error, Result},
};

/// A moderator or above, who may see users and files.
pub(crate) struct ModeratorReads;

/// An admin or root, who may see everything.
pub(crate) struct AdminReads;

/// A moderator or above, who may delete files.
pub(crate) struct ModeratorDeletes(pub Staff);

/// An admin or root, who may change and delete users.
pub(crate) struct AdminChanges(pub Staff);

impl FromRequestParts<App> for ModeratorReads {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let staff = staff(parts, app, Rank::Moderator, Right::Read).await;
        staff.map(|_| Self)
    }
}

impl FromRequestParts<App> for AdminReads {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let staff = staff(parts, app, Rank::Admin, Right::Read).await;
        staff.map(|_| Self)
    }
}

impl FromRequestParts<App> for ModeratorDeletes {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        staff(parts, app, Rank::Moderator, Right::Change)
            .await
            .map(Self)
    }
}

impl FromRequestParts<App> for AdminChanges {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        staff(parts, app, Rank::Admin, Right::Manage)
            .await
            .map(Self)
    }
}

/// Returns who it is, if they have the rank, and their credential grants the right and is bound to nothing.
async fn staff(parts: &Parts, app: &App, rank: Rank, right: Right) -> Result<Staff> {
    let staff = authenticate_staff(parts, app).await?;
    staff.require(rank)?;
    staff.credential.check_unbound()?;
    staff.credential.require(right)?;
    Ok(staff)
}
