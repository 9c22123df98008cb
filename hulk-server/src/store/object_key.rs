//! Object keys: `<env>/<policy>/<user_id>/<file_id>/<version>.<12 random>`.
//!
//! Each key has random characters of its own: a presigned URL shows its key, and must reveal no other.
//! Older versions of this program wrote keys without random characters, or with `-` before them.

use std::{fmt, str::FromStr};

use hulk_proto::{ExpirationPolicy, Id};

/// The key of one object that belongs to a version of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectKey {
    /// First component of all keys of the server, so that several environments can share a bucket.
    env_name: String,
    place: Place,
    user_id: Id,
    file_id: Id,
    version: i64,
    /// Absent in keys of older versions.
    random: Option<String>,
}

/// The second component, by which lifecycle rules select objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A finished object, which the lifecycle rule of its policy deletes.
    Policy(ExpirationPolicy),
    /// Uploaded bytes that are then copied to an object.
    Uploads,
}

/// Text that is not a key of this program.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an object key of this server")]
pub(crate) struct InvalidObjectKey;

/// The version of a file that a key is for.
#[derive(Clone, Copy)]
pub(crate) struct VersionOf<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) file_id: &'a str,
    pub(crate) number: i64,
}

const UPLOADS: &str = "uploads";
const PROBE: &str = "probe";

impl ObjectKey {
    /// Returns a new key for a version's object, never used before: the garbage may still hold an older one.
    ///
    /// # Errors
    /// If an id is malformed.
    pub(crate) fn object(
        env_name: &str,
        policy: ExpirationPolicy,
        version: VersionOf<'_>,
    ) -> Result<Self, InvalidObjectKey> {
        Self::new(env_name, Place::Policy(policy), version)
    }

    /// Returns a new key for bytes that are uploaded and then copied to the version's object.
    ///
    /// # Errors
    /// If an id is malformed.
    pub(crate) fn upload(env_name: &str, version: VersionOf<'_>) -> Result<Self, InvalidObjectKey> {
        Self::new(env_name, Place::Uploads, version)
    }

    fn new(env_name: &str, place: Place, of: VersionOf<'_>) -> Result<Self, InvalidObjectKey> {
        let id = |text: &str| text.parse::<Id>().map_err(|_| InvalidObjectKey);
        Ok(Self {
            env_name: env_name.to_owned(),
            place,
            user_id: id(of.user_id)?,
            file_id: id(of.file_id)?,
            version: of.number,
            random: Some(Id::random().to_string()),
        })
    }

    /// Parses a key of this environment; `None` for any other key.
    pub(crate) fn parse(env_name: &str, key: &str) -> Option<Self> {
        let key: Self = key.parse().ok()?;
        (key.env_name == env_name).then_some(key)
    }

    pub(crate) fn file_id(&self) -> &Id {
        &self.file_id
    }

    /// Returns the number of the file's version.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }
}

/// Returns a new key for an object with which the server probes the store.
pub(crate) fn probe(env_name: &str) -> String {
    format!("{env_name}/{PROBE}/{}", Id::random())
}

/// Whether the key was made by [`probe`].
pub(crate) fn is_probe(env_name: &str, key: &str) -> bool {
    let rest = key.strip_prefix(env_name);
    rest.is_some_and(|rest| rest.starts_with(&format!("/{PROBE}/")))
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            env_name,
            user_id,
            file_id,
            version,
            ..
        } = self;
        let place = match self.place {
            Place::Policy(policy) => policy.as_str(),
            Place::Uploads => UPLOADS,
        };
        write!(f, "{env_name}/{place}/{user_id}/{file_id}/{version}")?;
        match &self.random {
            Some(random) => write!(f, ".{random}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ObjectKey {
    type Err = InvalidObjectKey;

    fn from_str(text: &str) -> Result<Self, InvalidObjectKey> {
        let names: Vec<&str> = text.split('/').collect();
        let [env_name, place, user_id, file_id, version] = names.as_slice() else {
            return Err(InvalidObjectKey);
        };
        let id = |text: &str| text.parse::<Id>().map_err(|_| InvalidObjectKey);
        let (number, random) = match version.split_once(['.', '-']) {
            Some((number, random)) => (number, Some(random.to_owned())),
            None => (*version, None),
        };
        Ok(Self {
            env_name: (*env_name).to_owned(),
            place: match *place {
                UPLOADS => Place::Uploads,
                policy => Place::Policy(policy.parse().map_err(|_| InvalidObjectKey)?),
            },
            user_id: id(user_id)?,
            file_id: id(file_id)?,
            version: number.parse().map_err(|_| InvalidObjectKey)?,
            random,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const OF: VersionOf<'_> = VersionOf {
        user_id: "aaaaaaaaaaaa",
        file_id: "bbbbbbbbbbbb",
        number: 7,
    };

    #[test]
    fn keys_are_parsed_as_they_are_formatted() {
        for key in [
            ObjectKey::object("dev", ExpirationPolicy::default(), OF).unwrap(),
            ObjectKey::upload("dev", OF).unwrap(),
        ] {
            let parsed = ObjectKey::parse("dev", &key.to_string()).unwrap();
            assert_eq!(parsed, key);
            assert_eq!(
                (parsed.file_id().as_str(), parsed.version()),
                (OF.file_id, 7)
            );
            assert_eq!(ObjectKey::parse("de", &key.to_string()), None);
        }
    }

    #[test]
    fn keys_of_older_versions_are_known() {
        for key in [
            "dev/infinite/aaaaaaaaaaaa/bbbbbbbbbbbb/7",
            "dev/7d/aaaaaaaaaaaa/bbbbbbbbbbbb/7-cccccccccccc",
        ] {
            assert_eq!(ObjectKey::parse("dev", key).unwrap().version(), 7, "{key}");
        }
    }

    #[test]
    fn other_keys_are_not_ours() {
        for key in [
            "",
            "dev",
            "dev/probe/aaaaaaaaaaaa",
            "dev/7d/aaaaaaaaaaaa/bbbbbbbbbbbb",
            "dev/7d/aaaaaaaaaaaa/bbbbbbbbbbbb/x.cccccccccccc",
            "dev/7d/aaaaaaaaaaaa/bbbbbbbbbbbb/7/8",
            "dev/7d/../bbbbbbbbbbbb/7",
        ] {
            assert_eq!(ObjectKey::parse("dev", key), None, "{key}");
        }
    }
}
