//! Destinations of the arguments of `hulk put`.

use std::{collections::HashMap, path::Path};

use hulk_proto::{ErrorCode, RemotePath};

use crate::{
    args::Put,
    client::Client,
    error::{Error, Result},
    target,
};

/// Destination of one argument.
pub(crate) struct Place {
    pub(crate) path: RemotePath,
    /// Destination instead of `path`, if the server has a directory there.
    pub(crate) else_at: Option<RemotePath>,
}

/// Destination of each argument. What cannot be put there is refused here, before anything is sent.
pub(crate) async fn places(client: &Client, put: &Put) -> Result<Vec<Result<Place>>> {
    let is_one = put.paths.len() == 1;
    if put.name.is_some() && !is_one {
        return Err(Error::usage(
            "--name names one file, but several were given",
        ));
    }
    let to = match client.share() {
        Some(_) => "/",
        None => put.to.as_deref().unwrap_or("/"),
    };
    let base = target::remote(to)?;
    let is_directory = to.ends_with('/') || base.is_root();
    if !is_directory && !is_one && !is_there(client, &base).await? {
        return Err(Error::usage("--to names one file, but several were given")
            .with_hint("end it with / to make it a directory"));
    }
    let place = |path| {
        let inside = in_directory(&base, path, put.name.as_deref());
        match is_directory || !is_one {
            true => inside.map(|path| Place {
                path,
                else_at: None,
            }),
            // The server says whether the path is a directory when it plans the upload.
            false => Ok(Place {
                path: base.clone(),
                else_at: inside.ok(),
            }),
        }
    };
    let places: Vec<Result<Place>> = put.paths.iter().map(|path| place(path)).collect();
    refuse_twins(put, &places)?;
    Ok(places)
}

/// Whether the directory exists; false if the key may not see it.
pub(crate) async fn is_there(client: &Client, path: &RemotePath) -> Result<bool> {
    match client.find_directory(path).await {
        Err(error) if error.code == ErrorCode::Forbidden => Ok(false),
        found => Ok(found?.is_some()),
    }
}

/// Refuses two arguments with the same destination.
fn refuse_twins(put: &Put, places: &[Result<Place>]) -> Result<()> {
    let mut taken: HashMap<&RemotePath, &Path> = HashMap::new();
    for (path, place) in put.paths.iter().zip(places) {
        let Ok(place) = place else {
            continue;
        };
        if let Some(other) = taken.insert(&place.path, path) {
            return Err(Error::exists(format!(
                "{} and {} would both be put to '{}'",
                other.display(),
                path.display(),
                place.path
            ))
            .with_hint("put them one by one, each with its own --to"));
        }
    }
    Ok(())
}

fn in_directory(directory: &RemotePath, path: &Path, name: Option<&str>) -> Result<RemotePath> {
    let name = match name {
        Some(name) => name,
        None if is_stdin(path) => {
            return Err(
                Error::usage("the standard input has no name").with_hint("give one with --name")
            );
        }
        None => &local_name(path)?,
    };
    if name.contains('/') {
        return Err(
            Error::usage(format!("'{name}' is a path, not a name")).with_hint("use --to for paths")
        );
    }
    let joined = directory.join(name);
    joined.map_err(|error| Error::usage(error.to_string()).about(path.display()))
}

fn local_name(path: &Path) -> Result<String> {
    let text = path.to_string_lossy();
    if text.contains("://") {
        return Err(Error::usage(format!("{text}: URLs cannot be put yet"))
            .with_hint("download it first: curl -L URL | hulk put - --name NAME"));
    }
    // `.` and `..` have a name only as absolute paths.
    let named = match path.file_name() {
        Some(_) => path.to_owned(),
        None => path
            .canonicalize()
            .map_err(|error| Error::local("read", path, &error))?,
    };
    let name = named
        .file_name()
        .ok_or_else(|| Error::usage(format!("{} has no name", path.display())))?;
    name.to_str().map(str::to_owned).ok_or_else(|| {
        Error::usage(format!("{}: the name is not UTF-8", path.display()))
            .with_hint("choose another name with --name")
    })
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

pub(crate) fn below(at: &RemotePath, relative: &str) -> Result<RemotePath> {
    let path = match at.is_root() {
        true => relative.to_owned(),
        false => format!("{at}/{relative}"),
    };
    path.parse::<RemotePath>()
        .map_err(|error| Error::usage(error.to_string()).about(relative))
}
