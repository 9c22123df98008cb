//! The request for an upload, parsed once.

use hulk_proto::{
    CreateFile, ErrorCode, ExpirationPolicy, IfExists, Md5, Permission, RemotePath,
    attributes::{MODE, MODIFIED},
    limits::{MAX_PARTS, PART_BYTES},
};

use super::destination::{Completion, Destination};
use crate::{
    app::App,
    db::entries::FileChange,
    error::{Error, Result},
    limits::Limits,
    ops::validate,
};

/// A new file that has passed every check that is possible before planning.
#[derive(Clone)]
pub(super) struct NewFile {
    pub(super) path: RemotePath,
    pub(super) directory: RemotePath,
    pub(super) name: String,
    /// `None` while the length is unknown.
    pub(super) size_bytes: Option<i64>,
    pub(super) mime_type: Option<String>,
    /// In the form that the database stores.
    pub(super) sha256: Option<String>,
    pub(super) part_md5s: Vec<Md5>,
    pub(super) part_size: Option<u64>,
    pub(super) if_exists: IfExists,
    pub(super) permissions: Option<Permission>,
    pub(super) expiration_policy: Option<ExpirationPolicy>,
    /// JSON, as the database stores it.
    pub(super) tags: Option<String>,
    pub(super) description: Option<String>,
    /// JSON, as the database stores it.
    pub(super) metadata: Option<String>,
    pub(super) completion: Completion,
}

impl NewFile {
    /// # Errors
    /// `EMAIL_NOT_VERIFIED`, `PAYLOAD_TOO_LARGE`, `VALIDATION_ERROR`.
    pub(super) fn parse(
        app: &App,
        destination: &Destination<'_>,
        mut request: CreateFile,
        completion: Completion,
    ) -> Result<Self> {
        if destination.share().is_some() {
            drop_owners_fields(&mut request);
        }
        if destination.user.email_verified_at.is_none() {
            return Err(Error::new(
                ErrorCode::EmailNotVerified,
                "the email address of this account is not verified; verify it before uploading",
            ));
        }
        let (directory, name) = validate::file_path(&request.path)?;
        let limits = destination.limits(app);
        check_size(app, destination, &limits, &request, completion)?;
        validate::extension(&limits, &name)?;
        check_part_md5s(&request)?;
        validate::mime_type(request.mime_type.as_deref())?;
        let (tags, metadata) = (&request.tags, &request.metadata);
        validate::labels(
            tags.as_deref(),
            request.description.as_deref(),
            metadata.as_ref(),
        )?;
        let size_bytes = request.size_bytes.map(i64::try_from).transpose();
        Ok(Self {
            tags: validate::json(tags.as_ref())?,
            metadata: validate::json(metadata.as_ref())?,
            size_bytes: size_bytes.map_err(Error::internal)?,
            sha256: request.sha256.map(|sha256| sha256.to_string()),
            path: request.path,
            directory,
            name,
            mime_type: request.mime_type,
            part_md5s: request.part_md5s,
            part_size: request.part_size,
            if_exists: request.if_exists,
            permissions: request.permissions,
            expiration_policy: request.expiration_policy,
            description: request.description,
            completion,
        })
    }

    /// Returns the MD5 of the file's first 8 MiB, which finds versions that may be equal.
    pub(super) fn head_md5(&self) -> Option<String> {
        self.part_md5s.first().map(ToString::to_string)
    }

    /// Returns the MD5 of the whole file, if that is one part.
    pub(super) fn md5(&self) -> Option<String> {
        let is_one_part = |size: i64| u64::try_from(size).is_ok_and(|size| size <= PART_BYTES);
        self.head_md5()
            .filter(|_| self.size_bytes.is_some_and(is_one_part))
    }

    /// Returns what the request changes of an existing file.
    pub(super) fn change(&self) -> FileChange<'_> {
        FileChange {
            permissions: self.permissions,
            tags: self.tags.as_deref(),
            description: self.description.as_deref(),
            metadata: self.metadata.as_deref(),
        }
    }
}

/// Removes fields that a visitor of a share may not set: the shared directory decides who may read the file
/// and for how long, and only its owner makes it executable.
fn drop_owners_fields(request: &mut CreateFile) {
    request.permissions = None;
    request.expiration_policy = None;
    if let Some(metadata) = &mut request.metadata {
        metadata.retain(|name, _| ![MODE, MODIFIED].contains(&name.as_str()));
    }
}

fn check_size(
    app: &App,
    destination: &Destination<'_>,
    limits: &Limits,
    request: &CreateFile,
    completion: Completion,
) -> Result<()> {
    let size_bytes = request.size_bytes.unwrap_or(0);
    let most = destination.max_file_bytes(limits);
    if size_bytes > most {
        return Err(validate::too_large(app, limits, size_bytes, most));
    }
    let is_one_request = completion == Completion::Observed;
    if is_one_request && size_bytes > app.store.capabilities().max_single_put_bytes {
        return Err(Error::new(
            ErrorCode::PayloadTooLarge,
            "the store accepts at most 5 GiB in one request; upload larger files with 'hulk put'",
        ));
    }
    Ok(())
}

fn check_part_md5s(request: &CreateFile) -> Result<()> {
    let size_bytes = request.size_bytes.unwrap_or(0);
    let parts = size_bytes.div_ceil(PART_BYTES).max(1);
    let count = request.part_md5s.len();
    match count > MAX_PARTS || count as u64 > parts {
        false => Ok(()),
        true => Err(Error::validation(
            "part_md5s",
            format!("there are more MD5s than parts: the file has {parts} parts of 8 MiB"),
        )),
    }
}
