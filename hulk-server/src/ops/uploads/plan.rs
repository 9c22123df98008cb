//! Plans an upload in the database: its directories, its file, its version, its quota.

use hulk_proto::{
    Category, ErrorCode, ExpirationPolicy, FileStatus, IfExists, Permission, Timestamp,
    limits::MAX_LABELS_BYTES, trash::EntryKind,
};
use sqlx::AnyConnection;

use super::{
    destination::{Completion, Destination},
    draft::{Slot, draft},
    incoming_name,
    new_file::NewFile,
    refusals::{file_exists, quota_exceeded},
    release::{current_of, release},
    upload_only,
};
use crate::{
    app::App,
    auth::scope::is_bound_directory,
    db::{
        contents,
        entries::{self, EntryRow},
        files::{self, FileRow},
        quota, uploads,
        versions::{self, NewVersion, VersionRow},
    },
    error::{Error, Result},
    ops::{
        shares::intake,
        tree::ensure::{DirectoryCache, count_object},
        validate,
    },
};

/// How many unfinished uploads one path may have: each has a row, even without any bytes.
const MAX_UNFINISHED: usize = 16;
/// How many bytes their labels may have, which no quota counts.
const MAX_UNFINISHED_LABELS_BYTES: usize = 3 * MAX_LABELS_BYTES;

/// An upload whose space is reserved.
pub(super) struct Planned {
    /// The file as it is shown; it may still be at the previous version.
    pub(super) file: FileRow,
    pub(super) version: VersionRow,
    /// Whether the file already has exactly these bytes.
    pub(super) is_unchanged: bool,
    /// A finished version of the user with these bytes.
    pub(super) stored: Option<VersionRow>,
    /// The previous version, if its parts have the same layout and their digests are known.
    pub(super) previous: Option<VersionRow>,
    /// Whether the user may have stored these bytes: a digest of the whole file would show it.
    pub(super) may_be_stored: bool,
}

/// Plans the uploads of one request, in one transaction.
pub(super) struct Planner<'a> {
    pub(super) app: &'a App,
    pub(super) destination: &'a Destination<'a>,
    pub(super) directories: DirectoryCache,
}

/// The file that an upload is for, and its versions, oldest first.
struct Target {
    entry: EntryRow,
    versions: Vec<VersionRow>,
}

impl Target {
    fn current(&self) -> Option<&VersionRow> {
        current_of(&self.versions, &self.entry)
    }

    /// Returns the current version, unless it has expired.
    fn present(&self) -> Option<&VersionRow> {
        let now = Timestamp::now();
        self.current().filter(|version| !version.is_expired(now))
    }
}

impl Planner<'_> {
    /// # Errors
    /// `FILE_EXISTS`, `DIRECTORY_EXISTS`, `QUOTA_EXCEEDED`, `TOO_MANY_REQUESTS`; `FORBIDDEN` for a change
    /// that needs more than an upload key. The caller must then roll the transaction back.
    pub(super) async fn plan(
        &mut self,
        connection: &mut AnyConnection,
        new: &NewFile,
    ) -> Result<Planned> {
        let target = self.target(connection, new).await?;
        self.check(connection, new, &target).await?;
        let current = target.current();
        // What upload keys alone declared for a file does not bind uploads by others.
        let takes_over = self.destination.may_read() && upload_only::are_all(&target.versions);
        let policy = match (new.expiration_policy, current.filter(|_| !takes_over)) {
            (Some(policy), _) => policy,
            (None, Some(current)) => current.expiration_policy,
            (None, None) => {
                let parent_id = &target.entry.parent_id;
                self.directories.policy(connection, parent_id).await?
            }
        };
        let unchanged = target.present().filter(|present| {
            self.destination.may_reuse(present) && is_same_file(present, new, policy)
        });
        // A key that may only upload must not learn about the parts of earlier versions.
        let before = current.filter(|_| self.destination.upload_key_id().is_none());
        let version = match unchanged {
            Some(current) => {
                self.renew(connection, current, policy, new).await?;
                current.clone()
            }
            None => {
                let number = target.versions.last().map_or(0, |last| last.number) + 1;
                let slot = Slot {
                    number,
                    policy,
                    before,
                };
                let mut wanted = draft(self.app, self.destination, &target.entry, new, slot)?;
                if takes_over {
                    wanted.permissions.get_or_insert(Permission::Inherit);
                }
                self.reserve(connection, &target, wanted).await?
            }
        };
        let is_unchanged = unchanged.is_some();
        let (stored, may_be_stored) = match is_unchanged {
            true => (None, false),
            false => self.reusable(connection, new, &version).await?,
        };
        let is_alike =
            |before: &&VersionRow| before.has_digests && before.part_size == version.part_size;
        let file = files::find(connection, &target.entry.id).await?;
        Ok(Planned {
            file: file.ok_or_else(|| Error::internal("a planned file is missing"))?,
            is_unchanged,
            previous: before.filter(is_alike).cloned(),
            version,
            stored,
            may_be_stored,
        })
    }

    /// Finds the file at the request's path; creates it and the directories above it where they do not exist.
    async fn target(&mut self, connection: &mut AnyConnection, new: &NewFile) -> Result<Target> {
        let destination = self.destination;
        if destination.share().is_some() {
            incoming_name::check_length(connection, destination.root_id, &new.path).await?;
        }
        let root = destination.root();
        if is_bound_directory(connection, root.bound_to, &new.path).await? {
            return Err(directory_exists(new));
        }
        let parent = self
            .directories
            .directory(connection, root, &new.directory)
            .await?;
        let name = match destination.share() {
            Some(_) => incoming_name::incoming_name(connection, destination, &parent, new).await?,
            None => new.name.clone(),
        };
        let user_id = &destination.user.id;
        let (entry, is_new) =
            entries::ensure(connection, user_id, &parent.id, &name, EntryKind::File).await?;
        if is_new {
            count_object(connection, user_id, self.directories.max_objects).await?;
        }
        if entry.is_directory() {
            return Err(directory_exists(new));
        }
        let versions = match is_new {
            true => Vec::new(),
            false => versions::all_of(connection, &entry.id).await?,
        };
        Ok(Target { entry, versions })
    }

    async fn check(
        &self,
        connection: &mut AnyConnection,
        new: &NewFile,
        target: &Target,
    ) -> Result<()> {
        if new.if_exists == IfExists::Fail && target.present().is_some() {
            return Err(file_exists(&new.path));
        }
        let (destination, all) = (self.destination, target.versions.as_slice());
        upload_only::check(destination, new, &target.entry, all, target.current())?;
        upload_only::check_unseen(connection, destination, new, &target.entry, all).await
    }

    /// Renews a file that is uploaded again unchanged: it keeps its version, its time to expiry starts again,
    /// and everything else that the request says is applied. If the store expires objects by age, renewing
    /// takes a new object, which `begin` makes.
    async fn renew(
        &self,
        connection: &mut AnyConnection,
        current: &VersionRow,
        policy: ExpirationPolicy,
        new: &NewFile,
    ) -> Result<()> {
        if policy.days().is_none() || !self.app.store.capabilities().expires_objects {
            let expires_at = policy.expires_at(Timestamp::now());
            let expires_at = expires_at.map(Timestamp::unix_millis);
            let key = &current.object_key;
            versions::set_expiration(connection, current, policy, expires_at, key).await?;
        }
        Ok(entries::change_file(connection, &current.file_id, new.change()).await?)
    }

    /// Returns the version that the upload fills: the unfinished one of the same bytes, or a new one whose
    /// bytes are reserved.
    async fn reserve(
        &self,
        connection: &mut AnyConnection,
        target: &Target,
        wanted: NewVersion<'_>,
    ) -> Result<VersionRow> {
        if let Some(resumed) = resume(connection, &target.versions, &wanted).await? {
            return Ok(resumed);
        }
        check_unfinished(&target.versions, wanted.key_id)?;
        // Failed versions would stay forever, and count against no quota.
        let failed = target.versions.iter();
        let failed = failed.filter(|version| version.state == FileStatus::Failed);
        if failed.count() > 1 {
            versions::delete_failed(connection, wanted.file_id).await?;
        }
        validate::room(self.app, wanted.size_bytes)?;
        let destination = self.destination;
        if let Some(share) = destination.share() {
            intake::reserve(connection, share, wanted.size_bytes).await?;
        }
        let is_root = destination.actor.is_root();
        if !quota::reserve(connection, &destination.user.id, wanted.size_bytes, is_root).await? {
            return Err(quota_exceeded(connection, destination, wanted.size_bytes).await?);
        }
        let version = versions::insert(connection, wanted).await?;
        if target.current().is_none() {
            let entry = &target.entry;
            let category = Category::of(&entry.name, &version.mime_type);
            entries::set_version(connection, &entry.id, version.number, category).await?;
        }
        Ok(version)
    }

    /// Finds what the user has stored of these bytes: a finished version, or whether one begins with the same
    /// bytes. A digest alone must not give bytes to a client that never had them.
    async fn reusable(
        &self,
        connection: &mut AnyConnection,
        new: &NewFile,
        version: &VersionRow,
    ) -> Result<(Option<VersionRow>, bool)> {
        if new.completion == Completion::Observed || !self.destination.may_read() {
            return Ok((None, false));
        }
        let (user_id, size_bytes) = (&version.user_id, version.size_bytes);
        let reach = self.destination.actor.bound_to();
        Ok(match (&version.sha256, &version.head_md5) {
            (Some(sha256), _) => {
                let stored = contents::find_stored(connection, user_id, size_bytes, sha256, reach);
                (stored.await?, false)
            }
            (None, Some(head_md5)) if version.part_size.is_some() && !version.is_open_ended() => {
                let may_be =
                    contents::may_be_stored(connection, user_id, size_bytes, head_md5, reach);
                (None, may_be.await?)
            }
            _ => (None, false),
        })
    }
}

fn directory_exists(new: &NewFile) -> Error {
    Error::new(
        ErrorCode::DirectoryExists,
        format!(
            "a directory already exists at '{}'; put the file into it or choose another name",
            new.path
        ),
    )
}

/// Whether the file already is what the request asks for.
fn is_same_file(current: &VersionRow, new: &NewFile, policy: ExpirationPolicy) -> bool {
    new.sha256.is_some()
        && new.sha256 == current.sha256
        && new.size_bytes == Some(current.size_bytes)
        && current.expiration_policy == policy
}

/// Returns the unfinished version of the same bytes, updated with what else the request says. Fails versions
/// whose key or parts no longer suit the request.
async fn resume(
    connection: &mut AnyConnection,
    all: &[VersionRow],
    wanted: &NewVersion<'_>,
) -> Result<Option<VersionRow>> {
    let unfinished = all.iter().filter(|version| version.is_unfinished()).rev();
    for same in unfinished.filter(|version| is_same_upload(version, wanted)) {
        if same.expiration_policy == wanted.expiration_policy && same.part_size == wanted.part_size
        {
            let renewed = NewVersion {
                number: same.number,
                ..wanted.clone()
            };
            // A version that is being checked stays unchanged.
            let renewed = uploads::renew(connection, renewed).await?;
            return Ok(Some(renewed.unwrap_or_else(|| same.clone())));
        }
        if versions::mark_failed(connection, same, "it was restarted with other settings").await? {
            release(connection, same).await?;
        }
    }
    Ok(None)
}

/// Whether two requests mean the same bytes at the same path, as far as both describe them.
fn is_same_upload(version: &VersionRow, wanted: &NewVersion<'_>) -> bool {
    let agrees = match (&version.sha256, &wanted.sha256) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    !version.is_direct()
        && !wanted.direct
        && version.key_id.as_deref() == wanted.key_id
        && version.root_id.as_deref() == wanted.root_id
        && version.is_open_ended() == wanted.open_ended
        && (wanted.open_ended || version.size_bytes == wanted.size_bytes)
        && version.head_md5 == wanted.head_md5
        && agrees
}

/// Limits unfinished uploads, counted by key, so that a key that may only upload does not shut others out.
///
/// # Errors
/// `TOO_MANY_REQUESTS`.
fn check_unfinished(all: &[VersionRow], key_id: Option<&str>) -> Result<()> {
    let is_counted =
        |version: &&VersionRow| version.is_unfinished() && version.key_id.as_deref() == key_id;
    let unfinished = all.iter().filter(is_counted);
    let labels: usize = unfinished.clone().map(VersionRow::labels_bytes).sum();
    match unfinished.count() >= MAX_UNFINISHED || labels > MAX_UNFINISHED_LABELS_BYTES {
        false => Ok(()),
        true => Err(Error::new(
            ErrorCode::TooManyRequests,
            "too many uploads to this path are unfinished; finish or cancel one first",
        )),
    }
}
