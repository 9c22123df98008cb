//! Object keys: `<env>/<policy>/<user_id>/<file_id>/<version>`, with `uploads` in the policy's
//! place for what is to be copied.

use hulk_proto::Id;

/// Whether the key is of an object that only tried what the store can do.
pub(crate) fn is_probe(env_name: &str, key: &str) -> bool {
    key.strip_prefix(env_name)
        .is_some_and(|rest| rest.starts_with("/probe/"))
}

/// The file that the key is of; `None` for a key that this program did not make.
pub(crate) fn file_of<'a>(env_name: &str, key: &'a str) -> Option<&'a str> {
    let rest = key.strip_prefix(env_name)?.strip_prefix('/')?;
    let mut names = rest.split('/');
    let (_policy, user_id, file_id, version) =
        (names.next()?, names.next()?, names.next()?, names.next()?);
    let is_id = |text: &str| text.parse::<Id>().is_ok();
    let is_ours = is_id(user_id)
        && is_id(file_id)
        && version.starts_with(|first: char| first.is_ascii_digit())
        && names.next().is_none();
    is_ours.then_some(file_id)
}
