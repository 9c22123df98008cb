//! Where a file goes that comes in through a share: nothing that is there is replaced.

use hulk_proto::{CreateFile, RemotePath, path::MAX_PATH_BYTES};
use sqlx::AnyConnection;

use crate::{
    db::{
        entries::{self, EntryRow},
        tree,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    ops::{destination::Destination, place},
};

/// The ceiling of a link is one of files, and each may bring directories along.
const MAX_DEPTH: usize = 32;

/// From the owner's root no path is too long, with a number and all.
pub(in crate::ops) async fn check_length(
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
            format!("through a link, a path has at most {MAX_DEPTH} names"),
        )),
    }
}

/// Names of which the files are looked at; of more, only whether they are free.
const LOOKED_AT: u32 = 32;

/// The first name that is free, or whose file is what this share is sending or has sent.
pub(in crate::ops) async fn received_name(
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    parent: &EntryRow,
    name: &str,
    request: &CreateFile,
) -> Result<String> {
    let declared = request.sha256.map(|sha256| sha256.to_string());
    let head_md5 = request.part_md5s.first().map(ToString::to_string);
    let is_same = |version: &VersionRow| {
        let has_size = request.size_bytes == u64::try_from(version.size_bytes).ok();
        let has_digest = declared.is_some() && version.sha256 == declared;
        // Without a digest two strangers may mean two files.
        let is_it = match version.is_unfinished() {
            true => has_digest || head_md5.is_some() && version.head_md5 == head_md5,
            false => has_digest,
        };
        version.share_id.as_deref() == destination.share_id() && has_size && is_it
    };
    for number in 1..=LOOKED_AT {
        let candidate = place::numbered(name, number);
        let Some(taken) = entries::find_child(connection, &parent.id, &candidate).await? else {
            return Ok(candidate);
        };
        let all = versions::all_of(connection, &taken.id).await?;
        let [.., last] = all.as_slice() else { continue };
        let is_ours = (last.is_unfinished() || last.state == versions::VALIDATED) && is_same(last);
        if !taken.is_directory() && all.len() == 1 && is_ours {
            return Ok(candidate);
        }
    }
    place::free_name_after(connection, &parent.id, name, LOOKED_AT).await
}
