//! Plans an upload: reserves the space, gives the file its id, signs the URL.

use hulk_proto::{
    CreateFile, CreatedFile, ErrorCode, ExpirationPolicy, IfExists, Permission, RemotePath, Upload,
    limits::PART_BYTES,
};
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;

use super::{present, validate};
use crate::{
    app::App,
    db::{
        entries::{self, DIRECTORY, EntryRow, FILE},
        files,
        users::{self, UserRow},
        versions::{self, NewVersion, VersionRow},
    },
    error::{Error, Result},
};

/// Who will tell that the bytes are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The client, by `PUT /files/:id/status`.
    Client,
    /// Nobody: the upload is settled when the file is asked for.
    Nobody,
}

/// # Errors
/// Whatever can be refused before bytes are sent: `VALIDATION_ERROR`, `PAYLOAD_TOO_LARGE`,
/// `QUOTA_EXCEEDED`, `EMAIL_NOT_VERIFIED`, `FILE_EXISTS`, `DIRECTORY_EXISTS`, `CONFLICT`.
pub async fn begin_upload(
    app: &App,
    user: &UserRow,
    request: CreateFile,
    report: Report,
) -> Result<CreatedFile> {
    if user.email_verified_at.is_none() {
        return Err(Error::new(
            ErrorCode::EmailNotVerified,
            "the email of this account is not verified; until then nothing can be uploaded",
        ));
    }
    let (directory, name) = validate::file_path(&request.path)?;
    validate::new_file(app, &request, &name)?;
    let mut transaction = app.db.write().await?;
    let parent = ensure_directories(&mut transaction, user, &directory).await?;
    let entry = entries::ensure(&mut transaction, &user.id, &parent.id, &name, FILE).await?;
    if entry.is_directory() {
        return Err(Error::new(
            ErrorCode::DirectoryExists,
            format!(
                "there is a directory at '{}'; put the file into it or name it otherwise",
                request.path
            ),
        ));
    }
    let version = reserve(app, &mut transaction, user, &entry, &request, report).await?;
    let row = files::find(&mut transaction, &entry.id).await?;
    let row = row.ok_or_else(|| Error::internal("a planned file is missing"))?;
    let mut file = present::file(app, &mut transaction, row).await?;
    transaction.commit().await?;

    // The answer is about this upload, while the file may still show the version before it.
    file.version = u64::try_from(version.number).unwrap_or(0);
    let presigned = app
        .store
        .presign_put(&version.upload_key, request.size_bytes)?;
    let upload = Upload::Single {
        method: presigned.method.to_string(),
        url: presigned.url,
        headers: presigned.headers,
        store_digest: app.store.digest(),
    };
    metrics::counter!("hulk_uploads_planned_total").increment(1);
    Ok(CreatedFile { file, upload })
}

/// The directory at `path`, made with those above it if need be.
pub(super) async fn ensure_directories(
    connection: &mut AnyConnection,
    user: &UserRow,
    path: &RemotePath,
) -> Result<EntryRow> {
    let root = entries::find(connection, &user.root_id).await?;
    let mut directory = root.ok_or_else(|| Error::internal("a user has no root"))?;
    for name in path.names() {
        directory = entries::ensure(connection, &user.id, &directory.id, name, DIRECTORY).await?;
        if !directory.is_directory() {
            return Err(Error::new(
                ErrorCode::FileExists,
                format!("'{name}' in '{path}' is a file, not a directory"),
            ));
        }
    }
    Ok(directory)
}

/// The version that the upload fills: the unfinished one of the same request, or a new one with its
/// bytes set aside.
async fn reserve(
    app: &App,
    connection: &mut AnyConnection,
    user: &UserRow,
    entry: &EntryRow,
    request: &CreateFile,
    report: Report,
) -> Result<VersionRow> {
    let newest = versions::all_of(connection, &entry.id).await?;
    let current = newest
        .iter()
        .find(|version| version.state == versions::VALIDATED);
    let is_there = current.is_some_and(|version| !is_over(version));
    if request.if_exists == IfExists::Fail && is_there {
        return Err(file_exists(&request.path));
    }
    let fingerprint = (report == Report::Client).then(|| fingerprint(request));
    let same = match &fingerprint {
        Some(fingerprint) => versions::find_same(connection, &entry.id, fingerprint).await?,
        None => None,
    };
    let next = newest.last().map_or(0, |version| version.number) + 1;
    let number = same.as_ref().map_or(next, |same| same.number);
    let policy = policy(connection, entry, request, current).await?;
    let planned = NewVersion {
        number,
        fingerprint: fingerprint.as_deref(),
        direct: report == Report::Nobody,
        ..new_version(app, user, entry, request, number, policy)?
    };
    if let Some(same) = same {
        // What else the request says may be new; an upload that is being checked keeps what it has.
        let renewed = versions::renew(connection, planned).await?;
        return Ok(renewed.unwrap_or(same));
    }
    if !users::reserve(connection, &user.id, planned.size_bytes).await? {
        return Err(quota_exceeded(connection, user, request.size_bytes).await?);
    }
    let version = versions::insert(connection, planned).await?;
    if current.is_none() {
        entries::set_version(connection, &entry.id, number).await?;
    }
    Ok(version)
}

/// As the request says, else as the file has it, else as its directory.
async fn policy(
    connection: &mut AnyConnection,
    entry: &EntryRow,
    request: &CreateFile,
    current: Option<&VersionRow>,
) -> Result<ExpirationPolicy> {
    match (request.expiration_policy, current) {
        (Some(policy), _) => Ok(policy),
        (None, Some(current)) => present::policy(&current.expiration_policy),
        (None, None) => {
            let inherited = entries::effective_expiration(connection, &entry.parent_id).await?;
            let inherited = inherited.as_deref().map(present::policy).transpose()?;
            Ok(inherited.unwrap_or_default())
        }
    }
}

fn new_version<'a>(
    app: &App,
    user: &UserRow,
    entry: &'a EntryRow,
    request: &'a CreateFile,
    number: i64,
    policy: ExpirationPolicy,
) -> Result<NewVersion<'a>> {
    let env = &app.settings.env_name;
    let place = format!("{}/{}/{number}", user.id, entry.id);
    let json =
        |value: Option<serde_json::Result<String>>| value.transpose().map_err(Error::internal);
    Ok(NewVersion {
        file_id: &entry.id,
        number,
        size_bytes: i64::try_from(request.size_bytes).map_err(Error::internal)?,
        mime_type: mime_type(request, &entry.name),
        sha256: request.sha256.map(|sha256| sha256.to_string()),
        md5: whole_md5(request),
        fingerprint: None,
        direct: false,
        if_exists: if_exists(request.if_exists),
        upload_key: format!("{env}/uploads/{place}"),
        object_key: format!("{env}/{policy}/{place}"),
        expiration_policy: policy.as_str(),
        permissions: request.permissions.map(Permission::as_str),
        tags: json(request.tags.as_ref().map(serde_json::to_string))?,
        description: request.description.as_deref(),
        metadata: json(request.metadata.as_ref().map(serde_json::to_string))?,
    })
}

fn is_over(version: &VersionRow) -> bool {
    let now = hulk_proto::Timestamp::now().unix_millis();
    version
        .expires_at
        .is_some_and(|expires_at| expires_at <= now)
}

fn if_exists(if_exists: IfExists) -> &'static str {
    match if_exists {
        IfExists::Version => "version",
        IfExists::Fail => "fail",
    }
}

pub(super) fn file_exists(path: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::FileExists,
        format!("there is a file at '{path}' already"),
    )
}

async fn quota_exceeded(
    connection: &mut AnyConnection,
    user: &UserRow,
    size_bytes: u64,
) -> Result<Error> {
    let user = users::find(connection, &user.id)
        .await?
        .unwrap_or_else(|| user.clone());
    Ok(Error::new(
        ErrorCode::QuotaExceeded,
        format!(
            "{size_bytes} bytes do not fit into the quota: {} of {} bytes are used; delete something first",
            user.used_bytes, user.quota_bytes
        ),
    ))
}

/// Equal for requests that mean the same bytes at the same path.
fn fingerprint(request: &CreateFile) -> String {
    let mut hasher = Sha256::new();
    hasher.update(request.size_bytes.to_be_bytes());
    hasher.update(request.sha256.map(|sha256| sha256.0).unwrap_or_default());
    for md5 in &request.part_md5s {
        hasher.update(md5.0);
    }
    hulk_proto::Sha256(hasher.finalize().into()).to_string()
}

/// Of a file of one part, the part's.
fn whole_md5(request: &CreateFile) -> Option<String> {
    let first = request
        .part_md5s
        .first()
        .filter(|_| request.size_bytes <= PART_BYTES);
    first.map(ToString::to_string)
}

fn mime_type(request: &CreateFile, name: &str) -> String {
    request.mime_type.clone().unwrap_or_else(|| {
        mime_guess::from_path(name)
            .first_or_octet_stream()
            .essence_str()
            .to_owned()
    })
}
