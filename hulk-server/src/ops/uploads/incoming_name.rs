//! Names files that are received through a share: no existing file is replaced.

use hulk_proto::{FileStatus, RemotePath, path::MAX_PATH_BYTES};
use sqlx::AnyConnection;

use super::{destination::Destination, new_file::NewFile};
use crate::{
    db::{
        entries::{self, EntryRow},
        tree,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    ops::tree::names,
};

/// How many names a path may have: the limit of a link counts files, and each may create directories.
const MAX_DEPTH: usize = 32;

/// Fails if the path is too long when it begins at the owner's root and its name gets a number.
pub(super) async fn check_length(
    connection: &mut AnyConnection,
    root_id: &str,
    path: &RemotePath,
) -> Result<()> {
    /// ` (16777216)`
    const NUMBER_BYTES: usize = 11;
    let above = tree::path_of(connection, root_id).await?;
    let bytes = above.len() + 1 + path.as_str().len() + NUMBER_BYTES;
    if bytes > MAX_PATH_BYTES {
        return Err(Error::validation("path", "is too long for this link"));
    }
    match path.as_str().split('/').count() <= MAX_DEPTH {
        true => Ok(()),
        false => Err(Error::validation(
            "path",
            format!("a path through a link may have at most {MAX_DEPTH} names"),
        )),
    }
}

/// How many names are compared by their files; of further names, only whether they are free is checked.
const LOOKED_AT: u32 = 32;

/// Returns the first name that is free, or whose file is the same one, uploaded through this share.
pub(super) async fn incoming_name(
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    parent: &EntryRow,
    new: &NewFile,
) -> Result<String> {
    let head_md5 = new.head_md5();
    let is_same = |version: &VersionRow| {
        let has_digest = new.sha256.is_some() && version.sha256 == new.sha256;
        // Without a digest, two visitors may mean different files.
        let is_it = match version.is_unfinished() {
            true => has_digest || head_md5.is_some() && version.head_md5 == head_md5,
            false => has_digest,
        };
        let has_size = new.size_bytes == Some(version.size_bytes);
        version.share_id.as_deref() == destination.share_id() && has_size && is_it
    };
    for number in 1..=LOOKED_AT {
        let candidate = names::numbered(&new.name, number);
        let Some(taken) = entries::find_child(connection, &parent.id, &candidate).await? else {
            return Ok(candidate);
        };
        let all = versions::all_of(connection, &taken.id).await?;
        let [.., last] = all.as_slice() else { continue };
        let is_ours =
            (last.is_unfinished() || last.state == FileStatus::Validated) && is_same(last);
        if !taken.is_directory() && all.len() == 1 && is_ours {
            return Ok(candidate);
        }
    }
    names::free_name_after(connection, &parent.id, &new.name, LOOKED_AT).await
}
