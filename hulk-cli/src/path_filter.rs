//! Selects files of a tree: `--include` and `--exclude`.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use globset::{GlobBuilder, GlobMatcher};
use hulk_proto::path::normalised;

use crate::{
    args::Choice,
    error::{Error, Result},
    printer::Printer,
};

/// A filter that selects a file if it matches an include, or there is none, and neither it nor a directory
/// above it matches an exclude.
#[derive(Clone)]
pub(crate) struct PathFilter {
    include: Arc<[Pattern]>,
    exclude: Arc<[Pattern]>,
    /// Whether there was a file to choose from.
    was_asked: Arc<AtomicBool>,
}

/// A pattern without `/` matches names at any depth, one with it paths from the top; `*` stops at a `/`,
/// `**` does not. One that ends in `/` matches directories, with everything below them.
struct Pattern {
    /// The flag and the glob, for messages.
    text: String,
    matcher: GlobMatcher,
    only_directories: bool,
    has_matched: AtomicBool,
}

impl PathFilter {
    /// # Errors
    /// `usage` for an invalid glob.
    pub(crate) fn new(choice: &Choice) -> Result<Self> {
        let patterns = |flag: &str, globs: &[String]| {
            let patterns = globs.iter().map(|glob| Pattern::new(flag, glob));
            patterns.collect::<Result<Arc<[Pattern]>>>()
        };
        Ok(Self {
            include: patterns("--include", &choice.include)?,
            exclude: patterns("--exclude", &choice.exclude)?,
            was_asked: Arc::default(),
        })
    }

    /// Whether a file is selected. `path` is from the top of the tree, with `/`.
    pub(crate) fn takes_file(&self, path: &str) -> bool {
        self.was_asked.store(true, Ordering::Relaxed);
        // All patterns are tried, so that each records whether it matched.
        let included = self.include.iter().filter(|pattern| pattern.takes(path));
        let is_included = included.count() > 0 || self.include.is_empty();
        let excluded = self.exclude.iter().filter(|pattern| {
            let is_itself = !pattern.only_directories && pattern.is_match(path);
            is_itself || pattern.is_above(path)
        });
        excluded.count() == 0 && is_included
    }

    /// Whether a directory is not excluded.
    pub(crate) fn enters(&self, path: &str) -> bool {
        let excluded = self
            .exclude
            .iter()
            .filter(|pattern| pattern.is_match(path) || pattern.is_above(path));
        excluded.count() == 0
    }

    /// Whether empty directories are selected too.
    pub(crate) fn takes_empty_directories(&self) -> bool {
        self.include.is_empty()
    }

    /// Whether a file has to match an include to be selected.
    pub(crate) fn has_includes(&self) -> bool {
        !self.include.is_empty()
    }

    /// Returns the error for a tree of which nothing was selected.
    pub(crate) fn nothing(&self) -> Error {
        Error::not_found("--include and --exclude leave nothing of it")
            .with_hint("try them with --dry-run; DIR/ matches everything below a directory")
    }

    /// Warns of patterns that matched nothing: they are often misspelt.
    pub(crate) fn tell_unmatched(&self, printer: &Printer) {
        let was_asked = self.was_asked.load(Ordering::Relaxed);
        for pattern in self.include.iter().chain(&*self.exclude) {
            if was_asked && !pattern.has_matched.load(Ordering::Relaxed) {
                printer.warning(&format!("{} matched nothing", pattern.text));
            }
        }
    }
}

impl Pattern {
    fn new(flag: &str, glob: &str) -> Result<Self> {
        // Normalised like stored names: an accent matches however Unicode encodes it.
        let plain = normalised(glob);
        let plain = plain.trim_end_matches('/');
        let plain = plain.strip_prefix("./").unwrap_or(plain);
        if plain.is_empty() {
            return Err(Error::usage(format!("{flag} '{glob}' is an empty pattern"))
                .with_hint("use '*' for everything; or check that a variable is set"));
        }
        let pattern = match plain.contains('/') {
            true => plain.trim_start_matches('/').to_owned(),
            false => format!("**/{plain}"),
        };
        let built = GlobBuilder::new(&pattern).literal_separator(true).build();
        let built = built
            .map_err(|error| Error::usage(format!("'{glob}' is not a glob: {}", error.kind())))?;
        Ok(Self {
            text: format!("{flag} '{glob}'"),
            matcher: built.compile_matcher(),
            only_directories: glob.ends_with('/'),
            has_matched: AtomicBool::new(false),
        })
    }

    fn is_match(&self, path: &str) -> bool {
        let is_match = match path.is_ascii() {
            true => self.matcher.is_match(path),
            false => self.matcher.is_match(normalised(path)),
        };
        self.has_matched.fetch_or(is_match, Ordering::Relaxed);
        is_match
    }

    /// Whether a directory above the path matches.
    fn is_above(&self, path: &str) -> bool {
        path.match_indices('/')
            .any(|(end, _)| self.is_match(&path[..end]))
    }

    /// Whether the pattern, used as an include, matches the file.
    fn takes(&self, file: &str) -> bool {
        match self.only_directories {
            true => self.is_above(file),
            false => self.is_match(file),
        }
    }
}
