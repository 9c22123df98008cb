//! Notices from the store about objects that were created or removed.
//!
//! A notice is only a hint: the store is asked for the current state, so that notices may arrive twice, late
//! or in any order, and may be forged.

use hulk_proto::{ErrorCode, FileStatus};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    app::App,
    db::versions::{self, VersionRow},
    error::{Error, Result},
    ops::{files::lost::mark_lost, uploads::finish::settle_version},
    store::ObjectKey,
};

/// How many notices a message may have: as many as the largest one of a store has.
const MAX_NOTICES: usize = 1000;

/// Result of a message of notices.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Noticed {
    /// Notices about objects that this server created.
    pub noticed: u64,
    /// Uploads that were finished because of the notices.
    pub settled: u64,
    /// Files whose object no longer exists.
    pub lost: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Notice {
    bucket: String,
    key: String,
    is_removal: bool,
}

/// Handles a message of S3 (also wrapped by SNS, and in the form that MinIO sends) or of R2.
///
/// # Errors
/// `BAD_REQUEST` if it is no such message; `STORE_UNAVAILABLE`, `DATABASE_UNAVAILABLE`: the sender should
/// send it again.
pub async fn handle_events(app: &App, message: &Value) -> Result<Noticed> {
    let notices = read(message)?;
    let mut done = Noticed::default();
    for notice in notices {
        let key = ObjectKey::parse(&app.settings.env_name, &notice.key);
        let Some(key) = key.filter(|_| notice.bucket == app.store.bucket()) else {
            continue;
        };
        done.noticed += 1;
        let mut connection = app.db.read().await?;
        let all = versions::all_of(&mut connection, key.file_id().as_str()).await?;
        drop(connection);
        let is_of = |version: &&VersionRow| {
            version.object_key == notice.key || version.upload_key == notice.key
        };
        let Some(version) = all.iter().find(is_of) else {
            continue;
        };
        if notice.is_removal {
            let is_stored =
                version.state == FileStatus::Validated && version.object_key == notice.key;
            done.lost += u64::from(is_stored && mark_lost(app, version).await?);
        } else if can_settle(version) {
            done.settled += u64::from(settle_version(app, version).await?);
        }
    }
    Ok(done)
}

/// Whether a notice is enough to finish an upload: it was sent in one request, and its digest was declared
/// before if a client reports it. For others the client reports the rest, and has the ETags that parts need.
fn can_settle(version: &VersionRow) -> bool {
    version.is_unfinished()
        && version.part_size.is_none()
        && (version.is_direct() || version.sha256.is_some())
}

fn read(message: &Value) -> Result<Vec<Notice>> {
    let invalid = |what: &str| Error::new(ErrorCode::BadRequest, format!("a notice {what}"));
    // SNS sends it as a string.
    let inner = message["Message"]
        .as_str()
        .map(serde_json::from_str::<Value>);
    let inner = inner
        .transpose()
        .map_err(|_| invalid("in 'Message' is not JSON"))?;
    let message = inner.as_ref().unwrap_or(message);
    let records = match (message, &message["Records"]) {
        (_, Value::Array(records)) | (Value::Array(records), _) => records.as_slice(),
        _ if message["object"].is_object() => std::slice::from_ref(message),
        // A test event, or the confirmation of a subscription.
        (Value::Object(_), Value::Null) => &[],
        _ => return Err(invalid("is not in the format of S3 or R2")),
    };
    if records.len() > MAX_NOTICES {
        return Err(Error::new(
            ErrorCode::PayloadTooLarge,
            format!("a message may have at most {MAX_NOTICES} notices"),
        ));
    }
    records
        .iter()
        .map(|record| of_s3(record).or_else(|| of_r2(record)))
        .collect::<Option<_>>()
        .ok_or_else(|| invalid("has no bucket, no key or no event"))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
fn of_s3(record: &Value) -> Option<Notice> {
    let event = record["eventName"].as_str()?.trim_start_matches("s3:");
    let key = record["s3"]["object"]["key"].as_str()?.replace('+', " ");
    Some(Notice {
        bucket: record["s3"]["bucket"]["name"].as_str()?.to_owned(),
        key: percent_decode_str(&key).decode_utf8().ok()?.into_owned(),
        is_removal: !event.starts_with("ObjectCreated"),
    })
}

/// <https://developers.cloudflare.com/r2/buckets/event-notifications/>
fn of_r2(record: &Value) -> Option<Notice> {
    Some(Notice {
        bucket: record["bucket"].as_str()?.to_owned(),
        key: record["object"]["key"].as_str()?.to_owned(),
        is_removal: matches!(
            record["action"].as_str()?,
            "DeleteObject" | "LifecycleDeletion"
        ),
    })
}
