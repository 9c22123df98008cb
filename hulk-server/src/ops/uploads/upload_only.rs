//! Uploads to existing files by a key that may upload and nothing else ("upload key").
//!
//! Such a key adds versions. Who may read a file and when it expires stay unchanged, and a request that would
//! change them is refused: what the owner uploads to the path later would be public, or expire. Labels of a
//! file that others have uploaded stay too. `check` refuses before bytes are sent; `change` finds what others
//! did to the path meanwhile, when the version is published.

use hulk_proto::{ErrorCode, FileStatus, Permission};
use sqlx::AnyConnection;

use super::{destination::Destination, new_file::NewFile};
use crate::{
    db::{
        entries::{EntryRow, FileChange},
        tree,
        versions::VersionRow,
    },
    error::{Error, Result},
};

/// # Errors
/// `FORBIDDEN` if the request would change more of the file than its bytes.
pub(super) fn check(
    destination: &Destination<'_>,
    new: &NewFile,
    entry: &EntryRow,
    all: &[VersionRow],
    current: Option<&VersionRow>,
) -> Result<()> {
    let Some(key_id) = destination.upload_key_id() else {
        return Ok(());
    };
    let policy = new.expiration_policy;
    let is_other = |current: &VersionRow| policy.is_some_and(|it| it != current.expiration_policy);
    let has_labels = new.tags.is_some() || new.description.is_some();
    let before = Before::of(key_id, entry, all.iter());
    let what = if !before.takes_permissions(new.permissions) {
        "who may read it"
    } else if current.is_some_and(is_other) {
        "when it expires"
    } else if !before.takes_labels() && has_labels {
        "its tags or description"
    } else {
        return Ok(());
    };
    Err(Error::new(
        ErrorCode::Forbidden,
        format!(
            "a file already exists at '{}', and this API key may upload, and nothing else; changing \
             {what} needs a key with 'write'",
            new.path
        ),
    ))
}

/// Keeps the links of public files from upload keys: whoever has such a link can read the file.
///
/// # Errors
/// `FORBIDDEN` for a public file that was uploaded by others than upload keys.
pub(super) async fn check_unseen(
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    new: &NewFile,
    entry: &EntryRow,
    all: &[VersionRow],
) -> Result<()> {
    let is_others = |version: &&VersionRow| {
        version.key_id.is_none() && version.state != FileStatus::Failed && !version.is_unfinished()
    };
    if destination.upload_key_id().is_none() || all.iter().find(is_others).is_none() {
        return Ok(());
    }
    match tree::is_public(connection, &entry.id).await? {
        false => Ok(()),
        true => Err(Error::new(
            ErrorCode::Forbidden,
            format!(
                "a public file that was not uploaded with an upload-only key already exists at '{}'; a new \
                 version needs a key with 'write'",
                new.path
            ),
        )),
    }
}

/// Whether only upload keys have uploaded to the path: what they declared does not bind uploads by others.
pub(crate) fn are_all(all: &[VersionRow]) -> bool {
    let mut there = all
        .iter()
        .filter(|version| version.state != FileStatus::Failed)
        .peekable();
    there.peek().is_some() && there.all(|version| version.key_id.is_some())
}

/// Returns what a version changes of its file when it becomes the current one; `None` if it must not become
/// current, since the file has other permissions by now than the upload asked for.
pub(crate) fn change<'a>(
    version: &'a VersionRow,
    entry: &EntryRow,
    all: &[VersionRow],
) -> Option<FileChange<'a>> {
    let wanted = FileChange {
        permissions: version.permissions,
        tags: version.tags.as_deref(),
        description: version.description.as_deref(),
        metadata: version.metadata.as_deref(),
    };
    let Some(key_id) = &version.key_id else {
        return Some(wanted);
    };
    let others = all.iter().filter(|other| other.number != version.number);
    let before = Before::of(key_id, entry, others);
    if !before.takes_permissions(wanted.permissions) {
        return None;
    }
    Some(match before.takes_labels() {
        true => wanted,
        false => FileChange::default(),
    })
}

/// State of the path before the upload.
struct Before {
    /// Whether only this key has uploaded to it.
    is_own: bool,
    /// Whether an upload was finished, or permissions were set.
    is_there: bool,
    permissions: Permission,
}

impl Before {
    /// Ignores failed uploads, which left nothing.
    fn of<'v>(
        key_id: &str,
        entry: &EntryRow,
        others: impl Iterator<Item = &'v VersionRow>,
    ) -> Self {
        let permissions = entry.permissions;
        let mut before = Self {
            is_own: true,
            is_there: permissions != Permission::Inherit,
            permissions,
        };
        for other in others.filter(|other| other.state != FileStatus::Failed) {
            before.is_own &= other.key_id.as_deref() == Some(key_id);
            before.is_there |= !other.is_unfinished();
        }
        before
    }

    fn takes_permissions(&self, wanted: Option<Permission>) -> bool {
        let is_new = self.is_own && !self.is_there;
        wanted.is_none_or(|wanted| is_new || wanted == self.permissions)
    }

    fn takes_labels(&self) -> bool {
        self.is_own
    }
}
