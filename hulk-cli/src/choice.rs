//! Which files of a tree: `--include` and `--exclude`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::{
    args::Choice,
    error::{Error, Result},
};

/// A file is taken if it matches an include, or there is none, and neither it nor a directory
/// above it matches an exclude.
#[derive(Clone)]
pub(crate) struct Chosen {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Chosen {
    /// # Errors
    /// `usage` for what is no glob.
    pub(crate) fn new(choice: &Choice) -> Result<Self> {
        Ok(Self {
            include: match choice.include.as_slice() {
                [] => None,
                globs => Some(set(globs)?),
            },
            exclude: set(&choice.exclude)?,
        })
    }

    /// `path` is from the top of the tree, with `/`.
    pub(crate) fn takes_file(&self, path: &str) -> bool {
        let is_included = self.include.as_ref().is_none_or(|set| set.is_match(path));
        is_included && self.enters(path)
    }

    /// Whether a directory, or a file for that matter, is not excluded.
    pub(crate) fn enters(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| end);
        !ends
            .chain([path.len()])
            .any(|end| self.exclude.is_match(&path[..end]))
    }

    /// Whether directories in which nothing is are part of what was asked for.
    pub(crate) fn takes_empty_directories(&self) -> bool {
        self.include.is_none()
    }
}

/// A pattern without `/` is for names at any depth, one with it for paths from the top; `*` stops
/// at a `/`, `**` does not.
fn set(globs: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let pattern = glob.trim_end_matches('/');
        let pattern = match pattern.contains('/') {
            true => pattern.trim_start_matches('/').to_owned(),
            false => format!("**/{pattern}"),
        };
        let built = GlobBuilder::new(&pattern).literal_separator(true).build();
        set.add(
            built
                .map_err(|error| Error::usage(format!("'{glob}' is no glob: {}", error.kind())))?,
        );
    }
    set.build()
        .map_err(|error| Error::usage(format!("too many globs: {}", error.kind())))
}
