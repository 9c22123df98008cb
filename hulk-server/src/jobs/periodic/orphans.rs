//! Compares database and store, both in the order of the keys: objects without a row are deleted, rows
//! without an object are marked.

use std::{collections::HashMap, time::Duration};

use hulk_proto::ErrorCode;

use crate::{
    app::App,
    db::{
        upkeep,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    jobs::lease::Lease,
    ops::files::lost::mark_lost,
    store::{ListedObject, ObjectKey, object_key},
};

/// Rows of one step.
const BATCH: i64 = 1000;
/// If more rows of a step than this, and more than half of them, have no object, the objects are not lost,
/// but the store is another one.
const MANY: usize = 10;

#[derive(Default)]
pub(crate) struct Found {
    pub(crate) orphans: u64,
    pub(crate) lost: u64,
}

/// Compares once. An object younger than `age` may get its row in a moment, and is kept.
pub(crate) async fn run_once(app: &App, lease: &Lease, age: Duration) -> Result<Found> {
    let mut found = Found::default();
    let mut connection = app.db.read().await?;
    let now = app.db.now(&mut connection).await?.unix_millis();
    drop(connection);
    let before = now - i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    if lease.position.is_empty() {
        found.orphans += abort_uploads(app, before).await?;
    }
    let mut position = lease.position.clone();
    loop {
        let step = Step::read(app, &position).await?;
        found.lost += step.mark_lost(app).await?;
        found.orphans += step.delete_orphans(app, before).await?;
        let Some(end) = step.end else {
            return Ok(found);
        };
        position = end;
        if !lease.advance(app, &position).await? {
            return Ok(found);
        }
    }
}

/// Objects and validated versions between two keys.
struct Step {
    objects: Vec<ListedObject>,
    versions: HashMap<String, VersionRow>,
    /// `None` if nothing follows.
    end: Option<String>,
}

impl Step {
    async fn read(app: &App, after: &str) -> Result<Self> {
        let prefix = format!("{}/", app.settings.env_name);
        // '0' comes after '/'.
        let behind_all = format!("{}0", app.settings.env_name);
        // Rows first: an object whose row is created in between is too young to be deleted.
        let after_rows = if after.is_empty() { &prefix } else { after };
        let mut connection = app.db.read().await?;
        let rows = upkeep::by_object(&mut connection, after_rows, &behind_all, BATCH).await?;
        drop(connection);
        let mut listed = app.store.list(&prefix, after).await?;
        let end_of_rows = match rows.len() as i64 == BATCH {
            true => rows.last().map(|row| row.object_key.clone()),
            false => None,
        };
        let end_of_objects = match listed.has_more {
            true => listed.objects.last().map(|object| object.key.clone()),
            false => None,
        };
        let end = [end_of_rows, end_of_objects].into_iter().flatten().min();
        let is_within = |key: &str| end.as_deref().is_none_or(|end| key <= end);
        listed.objects.retain(|object| is_within(&object.key));
        let rows = rows.into_iter().filter(|row| is_within(&row.object_key));
        Ok(Self {
            versions: rows.map(|row| (row.object_key.clone(), row)).collect(),
            objects: listed.objects,
            end,
        })
    }

    async fn mark_lost(&self, app: &App) -> Result<u64> {
        let sizes: HashMap<&str, i64> = self
            .objects
            .iter()
            .map(|object| (object.key.as_str(), object.size_bytes))
            .collect();
        let suspects: Vec<&VersionRow> = self
            .versions
            .values()
            .filter(|row| sizes.get(row.object_key.as_str()) != Some(&row.size_bytes))
            .collect();
        if suspects.len() > MANY && suspects.len() * 2 > self.versions.len() {
            return Err(Error::new(
                ErrorCode::StoreUnavailable,
                format!(
                    "{} of {} files have no object in the store; is it the right bucket, and the \
                     right --env-name? Nothing was changed",
                    suspects.len(),
                    self.versions.len()
                ),
            ));
        }
        let mut lost = 0;
        for suspect in suspects {
            lost += u64::from(mark_lost(app, suspect).await?);
        }
        Ok(lost)
    }

    async fn delete_orphans(&self, app: &App, before: i64) -> Result<u64> {
        let strangers = self.objects.iter().filter(|object| {
            object.modified_at.unix_millis() < before && !self.versions.contains_key(&object.key)
        });
        let mut deleted = 0;
        for object in strangers {
            if is_orphan(app, &object.key, None).await? {
                app.store.delete(&object.key).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}

/// Aborts multipart uploads that no row refers to.
async fn abort_uploads(app: &App, before: i64) -> Result<u64> {
    let prefix = format!("{}/", app.settings.env_name);
    let mut aborted = 0;
    for upload in app.store.list_uploads(&prefix).await? {
        let is_old = upload.initiated_at.unix_millis() < before;
        if is_old && is_orphan(app, &upload.key, Some(&upload.upload_id)).await? {
            app.store
                .abort_multipart(&upload.key, &upload.upload_id)
                .await?;
            aborted += 1;
        }
    }
    Ok(aborted)
}

/// Whether no version needs the object, or the multipart upload. An object that this program did not name is
/// not its to delete.
async fn is_orphan(app: &App, key: &str, upload_id: Option<&str>) -> Result<bool> {
    let env_name = &app.settings.env_name;
    let Some(parsed) = ObjectKey::parse(env_name, key) else {
        return Ok(object_key::is_probe(env_name, key));
    };
    let mut connection = app.db.read().await?;
    let versions = versions::all_of(&mut connection, parsed.file_id().as_str()).await?;
    let needs = |version: &VersionRow| match upload_id {
        Some(upload_id) => {
            version.is_unfinished() && version.upload_id.as_deref() == Some(upload_id)
        }
        None => {
            version.object_key == key && version.holds_quota()
                || version.upload_key == key && version.is_unfinished()
        }
    };
    Ok(!versions.iter().any(needs))
}
