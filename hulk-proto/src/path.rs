//! Remote paths: `/`-separated, relative to the user's root, NFC, never repaired silently.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The longest path, in bytes of UTF-8 after normalisation, without the leading `/`.
pub const MAX_PATH_BYTES: usize = 1024;
/// The longest name of a file or directory, in bytes of UTF-8 after normalisation.
pub const MAX_NAME_BYTES: usize = 255;

/// Path of a file or directory, such as `datasets/2025/a.bin`; the empty path is the root.
///
/// One leading `/` is accepted and removed. Anything else that is not already a plain path is refused:
/// the path is stored as the user typed it, or an error says why not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
// The pattern covers what a pattern expresses simply: neither empty parts nor forbidden characters.
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(
        value_type = String,
        pattern = r"^/?(?:[^/\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+(?:/[^/\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+)*)?$",
        max_length = 1025,
        example = "datasets/2025/a.bin"
    )
)]
pub struct RemotePath(String);

/// Why a path was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidPath {
    #[error("the path has an empty part (a doubled or trailing '/')")]
    EmptyPart,
    #[error("the path has a '.' or '..' part")]
    DotPart,
    #[error("the path is {0} bytes long; at most {MAX_PATH_BYTES} are allowed")]
    PathTooLong(usize),
    #[error("the name {name:?} is {bytes} bytes long; at most {MAX_NAME_BYTES} are allowed")]
    NameTooLong { name: String, bytes: usize },
    #[error("the path has the control or direction-override character {0:?}")]
    ForbiddenCharacter(char),
}

impl RemotePath {
    /// The user's root directory.
    pub fn root() -> Self {
        Self(String::new())
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the path without a leading `/`; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the names from the root down; none for the root.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|name| !name.is_empty())
    }

    /// Returns the parent directory and the last name, or `None` for the root.
    pub fn split(&self) -> Option<(RemotePath, &str)> {
        match self.0.rsplit_once('/') {
            Some((parent, name)) => Some((Self(parent.to_owned()), name)),
            None if self.is_root() => None,
            None => Some((Self::root(), &self.0)),
        }
    }

    /// Appends a name to this path.
    ///
    /// # Errors
    /// If the result is not a valid path.
    pub fn join(&self, name: &str) -> Result<Self, InvalidPath> {
        match self.is_root() {
            true => name.parse(),
            false => format!("{}/{name}", self.0).parse(),
        }
    }
}

/// Converts a path to NFC, the form in which paths are stored and compared.
pub fn normalised(path: &str) -> String {
    path.nfc().collect()
}

/// Whether names may not contain the character: controls, line separators, and bidirectional embeddings,
/// overrides and isolates, with which `exe.gpj` could be displayed as `jpg.exe`. The plain marks U+200E
/// and U+200F are allowed, since right-to-left names need them.
pub fn is_forbidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// Whether a file or directory of this system can have the name, so that a remote file of that name can
/// be saved here.
pub fn is_local_name(name: &str) -> bool {
    let is_one = !matches!(name, "" | "." | "..") && !name.contains('/');
    let is_taken = cfg!(windows) && is_taken_by_windows(name);
    is_one && !name.chars().any(is_forbidden) && !is_taken
}

/// Whether Windows reserves the name: <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>
fn is_taken_by_windows(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let stem = stem.to_ascii_uppercase();
    let is_port = ["COM", "LPT"].iter().any(|port| {
        let number = stem.strip_prefix(port);
        number.is_some_and(|number| {
            matches!(number, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9")
        })
    });
    name.contains(['<', '>', ':', '"', '\\', '|', '?', '*'])
        || name.ends_with(['.', ' '])
        || is_port
        || matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
}

impl FromStr for RemotePath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let text = text.strip_prefix('/').unwrap_or(text);
        if text.is_empty() {
            return Ok(Self::root());
        }
        if let Some(character) = text.chars().find(|character| is_forbidden(*character)) {
            return Err(InvalidPath::ForbiddenCharacter(character));
        }
        let path = normalised(text);
        for name in path.split('/') {
            match name {
                "" => return Err(InvalidPath::EmptyPart),
                "." | ".." => return Err(InvalidPath::DotPart),
                name if name.len() > MAX_NAME_BYTES => {
                    return Err(InvalidPath::NameTooLong {
                        name: name.to_owned(),
                        bytes: name.len(),
                    });
                }
                _ => {}
            }
        }
        if path.len() > MAX_PATH_BYTES {
            return Err(InvalidPath::PathTooLong(path.len()));
        }
        Ok(Self(path))
    }
}

impl TryFrom<String> for RemotePath {
    type Error = InvalidPath;

    fn try_from(text: String) -> Result<Self, InvalidPath> {
        text.parse()
    }
}

impl From<RemotePath> for String {
    fn from(path: RemotePath) -> Self {
        path.0
    }
}

impl fmt::Display for RemotePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
