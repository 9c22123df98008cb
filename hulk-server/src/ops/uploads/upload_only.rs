//! Files that are there already, when a key puts over them that may upload and nothing else.
//!
//! Such a key adds versions. Who may read a file and when it expires stays as it is, and a request that
//! says otherwise is refused: what the owner puts to the path later would be public, or be gone. Labels of
//! a file that others have put stay too. `check` refuses before bytes are sent; what others do to the path
//! meanwhile, `change` finds when the version is published.

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
            "there is a file at '{}' already, and this API key may upload, and nothing else; changing \
             {what} needs a key with 'write'",
            new.path
        ),
    ))
}

/// Whoever learns where a file is reads it, if it is public.
///
/// # Errors
/// `FORBIDDEN` for a file that other than such keys have put and that is open to whoever has its link.
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
                "there is a file at '{}' that was not put with such a key, and whoever has its link reads it; a \
                 new version needs a key with 'write'",
                new.path
            ),
        )),
    }
}

/// Whether only such keys have put to the path: then what they said of it is not for what others put.
pub(crate) fn are_all(all: &[VersionRow]) -> bool {
    let mut there = all
        .iter()
        .filter(|version| version.state != FileStatus::Failed)
        .peekable();
    there.peek().is_some() && there.all(|version| version.key_id.is_some())
}

/// What a version changes of its file when it becomes the current one. `None` if it must not become that,
/// since the file has other permissions by now than the upload asked for.
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

/// What is at the path before the upload.
struct Before {
    /// Whether nothing was put to it but with this key.
    is_own: bool,
    /// Whether anything was finished, or its permissions were chosen.
    is_there: bool,
    permissions: Permission,
}

impl Before {
    /// Uploads that failed left nothing.
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
