//! Object keys: `<env>/<policy>/<user_id>/<file_id>/<version>.<12 random>`, with `uploads` in the
//! policy's place for what is to be copied. Each key has random characters of its own: a presigned URL
//! tells its key, and must tell of no other. Versions before that had none, or `<version>-<12 random>`.

use hulk_proto::{ExpirationPolicy, Id};

/// A key for an object of the version, never used before.
pub(crate) fn object(
    env_name: &str,
    policy: ExpirationPolicy,
    (user_id, file_id, number): (&str, &str, i64),
) -> String {
    let random = Id::random();
    format!("{env_name}/{policy}/{user_id}/{file_id}/{number}.{random}")
}

/// The same for what is sent and then copied.
pub(crate) fn upload(env_name: &str, (user_id, file_id, number): (&str, &str, i64)) -> String {
    let random = Id::random();
    format!("{env_name}/uploads/{user_id}/{file_id}/{number}.{random}")
}

/// Whether the key is of an object that only tried what the store can do.
pub(crate) fn is_probe(env_name: &str, key: &str) -> bool {
    key.strip_prefix(env_name)
        .is_some_and(|rest| rest.starts_with("/probe/"))
}

/// The file that the key is of; `None` for a key that this program did not make.
pub(crate) fn file_of<'a>(env_name: &str, key: &'a str) -> Option<&'a str> {
    version_of(env_name, key).map(|(file_id, _)| file_id)
}

/// The file that the key is of, and the number of its version.
pub(crate) fn version_of<'a>(env_name: &str, key: &'a str) -> Option<(&'a str, i64)> {
    let rest = key.strip_prefix(env_name)?.strip_prefix('/')?;
    let mut names = rest.split('/');
    let (_policy, user_id, file_id, version) =
        (names.next()?, names.next()?, names.next()?, names.next()?);
    let is_id = |text: &str| text.parse::<Id>().is_ok();
    let number = version.split(['.', '-']).next()?.parse().ok()?;
    let is_ours = is_id(user_id) && is_id(file_id) && names.next().is_none();
    is_ours.then_some((file_id, number))
}
