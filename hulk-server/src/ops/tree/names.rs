//! Finds free names, and checks the length of paths.

use hulk_proto::{
    ErrorCode, RemotePath,
    path::{MAX_NAME_BYTES, MAX_PATH_BYTES},
};
use sqlx::AnyConnection;

use crate::{
    db::{entries, tree},
    error::{Error, Result},
};

/// How many names are tried before a restored or received file is refused.
const MAX_NAMES: u32 = 1 << 24;

/// Fails if a path below the directory would become too long.
pub(crate) async fn check_length(
    connection: &mut AnyConnection,
    id: &str,
    path: &RemotePath,
) -> Result<()> {
    let below = tree::longest_below(connection, id).await?;
    let below = usize::try_from(below).unwrap_or(usize::MAX);
    let longest = path.as_str().len().saturating_add(1).saturating_add(below);
    match below == 0 || longest <= MAX_PATH_BYTES {
        true => Ok(()),
        false => Err(Error::validation(
            "path",
            format!(
                "a path in the directory would be {longest} bytes long; at most {MAX_PATH_BYTES} are allowed"
            ),
        )),
    }
}

/// Returns the name if it is free in the directory, or else one of `name (2)`, `name (3)`, … that is.
pub(crate) async fn free_name(
    connection: &mut AnyConnection,
    parent_id: &str,
    name: &str,
) -> Result<String> {
    match entries::find_child(connection, parent_id, name).await? {
        None => Ok(name.to_owned()),
        Some(_) => free_name_after(connection, parent_id, name, 1).await,
    }
}

/// Like `free_name`, if the name with the number `taken` is known to be in use. Searches for the end of the
/// used names by doubling and then halving: each of a thousand files of one name takes about a dozen lookups.
pub(crate) async fn free_name_after(
    connection: &mut AnyConnection,
    parent_id: &str,
    name: &str,
    mut taken: u32,
) -> Result<String> {
    let mut free = None;
    while free.is_none_or(|free| free - taken > 1) {
        let number = match free {
            Some(free) => taken.midpoint(free),
            None if taken >= MAX_NAMES => return Err(no_name(name)),
            None => taken * 2,
        };
        let candidate = numbered(name, number);
        match entries::find_child(connection, parent_id, &candidate).await? {
            Some(_) => taken = number,
            None => free = Some(number),
        }
    }
    Ok(numbered(name, taken + 1))
}

fn no_name(name: &str) -> Error {
    Error::new(
        ErrorCode::Conflict,
        format!("there are too many files named like '{name}'"),
    )
}

/// Returns `report.pdf`, `report (2).pdf`, …, shortened to the longest name that is allowed.
pub(crate) fn numbered(name: &str, number: u32) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let (stem, extension) = match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= 16 => name.split_at(at),
        _ => (name, ""),
    };
    let suffix = format!(" ({number}){extension}");
    let room = MAX_NAME_BYTES.saturating_sub(suffix.len());
    let stem = &stem[..stem.floor_char_boundary(room)];
    format!("{stem}{suffix}")
}
