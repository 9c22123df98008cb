//! The model: paths in a map, no transactions, no network.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::step::Step;

pub(crate) const PERMISSIONS: [&str; 3] = ["inherit", "public", "private"];

/// Expected outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Done,
    Refused,
    /// No item exists that the step could act on.
    Nothing,
}

#[derive(Clone, Debug)]
pub(crate) struct File {
    /// `None` if the file is in the trash or purged.
    pub path: Option<String>,
    /// Contents, the oldest first, and whether each has expired.
    pub versions: Vec<(u8, bool)>,
    pub permission: usize,
}

/// Bytes of a content.
pub(crate) fn bytes(content: u8) -> Vec<u8> {
    vec![content; usize::from(content) + 1]
}

impl File {
    pub(crate) fn current(&self) -> (u8, bool) {
        *self.versions.last().unwrap()
    }

    fn size(&self) -> u64 {
        let sizes = self.versions.iter();
        sizes.map(|(content, _)| u64::from(*content) + 1).sum()
    }

    /// Adds a version; the same bytes as the current one replace it.
    fn push(&mut self, content: u8) {
        if self.current().0 == content {
            self.versions.pop();
        }
        self.versions.push((content, false));
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Thrown {
    pub path: String,
    /// The file, if the item is not a directory.
    pub file: Option<usize>,
    /// Files and directories below a directory, by their relative paths.
    files: Vec<(String, usize)>,
    directories: Vec<(String, usize)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// All files that ever existed; purged ones are neither in the tree nor in the trash.
    pub files: Vec<File>,
    /// Permissions by path.
    pub directories: BTreeMap<String, usize>,
    /// Items in the trash, the newest last.
    pub trash: Vec<Thrown>,
    /// The shared file, and whether the share was revoked.
    pub shares: Vec<(usize, bool)>,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(above, _)| above)
}

/// Parents of a path: `a` and `a/b` for `a/b/c`.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    path.strip_prefix(directory)?.strip_prefix('/')
}

impl Model {
    /// Files in the tree.
    pub(crate) fn live(&self) -> Vec<usize> {
        let files = self.files.iter().enumerate();
        files
            .filter(|(_, file)| file.path.is_some())
            .map(|(at, _)| at)
            .collect()
    }

    pub(crate) fn file(&self, number: usize) -> Option<usize> {
        let live = self.live();
        (!live.is_empty()).then(|| live[number % live.len()])
    }

    pub(crate) fn directory(&self, number: usize) -> Option<String> {
        let count = self.directories.len();
        let number = number.checked_rem(count)?;
        self.directories.keys().nth(number).cloned()
    }

    fn at(&self, path: &str) -> Option<usize> {
        let is_there = |file: &File| file.path.as_deref() == Some(path);
        self.files.iter().position(is_there)
    }

    fn is_taken(&self, path: &str) -> bool {
        self.at(path).is_some() || self.directories.contains_key(path)
    }

    /// Creates the parent directories; returns false if a file is in the way.
    fn make_above(&mut self, path: &str) -> bool {
        if above(path).any(|directory| self.at(directory).is_some()) {
            return false;
        }
        for directory in above(path) {
            self.directories.entry(directory.to_owned()).or_insert(0);
        }
        true
    }

    /// Bytes of all versions, including those in the trash.
    pub(crate) fn used(&self) -> u64 {
        let in_trash = self.trash.iter().flat_map(Thrown::all_files);
        let files = self.live().into_iter().chain(in_trash);
        files.map(|file| self.files[file].size()).sum()
    }

    /// Whether anyone may download the file.
    pub(crate) fn is_public(&self, file: usize) -> bool {
        let file = &self.files[file];
        let path = file.path.as_deref().unwrap_or_default();
        let above: Vec<&str> = above(path).collect();
        let directories = above.iter().rev().map(|path| self.directories[*path]);
        let said = std::iter::once(file.permission).chain(directories);
        said.into_iter().find(|says| *says != 0).unwrap_or(1) == 1
    }

    fn put(&mut self, path: &str, content: u8) -> Expected {
        if self.directories.contains_key(path) || !self.make_above(path) {
            return Expected::Refused;
        }
        match self.at(path) {
            Some(file) => self.files[file].push(content),
            None => self.files.push(File {
                path: Some(path.to_owned()),
                versions: vec![(content, false)],
                permission: 0,
            }),
        }
        Expected::Done
    }

    fn move_file(&mut self, file: usize, to: &str) -> Expected {
        let from = self.files[file].path.clone();
        if from.as_deref() != Some(to) && self.is_taken(to) || !self.make_above(to) {
            return Expected::Refused;
        }
        self.files[file].path = Some(to.to_owned());
        Expected::Done
    }

    fn move_directory(&mut self, from: &str, to: &str) -> Expected {
        if from == to {
            return Expected::Done;
        }
        if self.is_taken(to) || below(to, from).is_some() || !self.make_above(to) {
            return Expected::Refused;
        }
        let moved = |path: &str| match below(path, from) {
            Some(rest) => format!("{to}/{rest}"),
            None if path == from => to.to_owned(),
            None => path.to_owned(),
        };
        let directories = std::mem::take(&mut self.directories);
        self.directories = directories
            .into_iter()
            .map(|(path, permission)| (moved(&path), permission))
            .collect();
        for file in &mut self.files {
            file.path = file.path.as_deref().map(moved);
        }
        Expected::Done
    }

    fn delete_directory(&mut self, top: &str) {
        let mut thrown = Thrown {
            path: top.to_owned(),
            file: None,
            files: Vec::new(),
            directories: vec![(String::new(), self.directories[top])],
        };
        for (at, file) in self.files.iter_mut().enumerate() {
            let rest = file.path.as_deref().and_then(|path| below(path, top));
            if let Some(rest) = rest.map(str::to_owned) {
                file.path = None;
                thrown.files.push((rest, at));
            }
        }
        self.directories.retain(|path, permission| {
            let rest = below(path, top).map(str::to_owned);
            let is_below = rest.is_some();
            thrown
                .directories
                .extend(rest.map(|rest| (rest, *permission)));
            !is_below && path != top
        });
        self.trash.push(thrown);
    }

    fn restore(&mut self, item: usize) -> Expected {
        let thrown = self.trash[item].clone();
        if !self.make_above(&thrown.path) {
            return Expected::Refused;
        }
        let (directory, name) = (
            parent(&thrown.path),
            thrown.path.rsplit('/').next().unwrap(),
        );
        let candidates = (1..).map(|number| match number {
            1 => thrown.path.clone(),
            number if directory.is_empty() => format!("{name} ({number})"),
            number => format!("{directory}/{name} ({number})"),
        });
        let top = candidates
            .into_iter()
            .find(|path| !self.is_taken(path))
            .unwrap();
        if let Some(file) = thrown.file {
            self.files[file].path = Some(top.clone());
        }
        for (rest, file) in &thrown.files {
            self.files[*file].path = Some(format!("{top}/{rest}"));
        }
        for (rest, permission) in &thrown.directories {
            let path = match rest.is_empty() {
                true => top.clone(),
                false => format!("{top}/{rest}"),
            };
            self.directories.insert(path, *permission);
        }
        self.trash.remove(item);
        Expected::Done
    }

    fn empty_trash(&mut self) {
        let gone: Vec<usize> = self.trash.iter().flat_map(Thrown::all_files).collect();
        for share in &mut self.shares {
            share.1 |= gone.contains(&share.0);
        }
        self.trash.clear();
    }

    fn restore_version(&mut self, file: usize) -> Expected {
        let versions = &self.files[file].versions;
        let (content, is_over) = versions[0];
        if is_over {
            return Expected::Refused;
        }
        if versions.len() > 1 {
            self.files[file].push(content);
        }
        Expected::Done
    }

    /// Applies the step and returns the outcome expected of the server.
    pub(crate) fn apply(&mut self, step: &Step) -> Expected {
        let file = |model: &Self, number: &usize| model.file(*number);
        match step {
            Step::Put { path, content } => self.put(path, *content),
            Step::MoveFile { file: number, to } => match file(self, number) {
                Some(file) => self.move_file(file, to),
                None => Expected::Nothing,
            },
            Step::MoveDirectory { directory, to } => match self.directory(*directory) {
                Some(from) => self.move_directory(&from, to),
                None => Expected::Nothing,
            },
            Step::DeleteFile { file: number } => self.with(file(self, number), |model, file| {
                let path = model.files[file].path.take().unwrap();
                model.trash.push(Thrown {
                    path,
                    file: Some(file),
                    files: Vec::new(),
                    directories: Vec::new(),
                });
            }),
            Step::DeleteDirectory { directory } => match self.directory(*directory) {
                Some(path) => {
                    self.delete_directory(&path);
                    Expected::Done
                }
                None => Expected::Nothing,
            },
            Step::Restore { item } => match item.checked_rem(self.trash.len()) {
                Some(item) => self.restore(item),
                None => Expected::Nothing,
            },
            Step::EmptyTrash => {
                self.empty_trash();
                Expected::Done
            }
            Step::RestoreVersion { file: number } => match file(self, number) {
                Some(file) => self.restore_version(file),
                None => Expected::Nothing,
            },
            Step::SetFile {
                file: number,
                permission,
            } => self.with(file(self, number), |model, file| {
                model.files[file].permission = *permission;
            }),
            Step::SetDirectory {
                directory,
                permission,
            } => match self.directory(*directory) {
                Some(path) => {
                    self.directories.insert(path, *permission);
                    Expected::Done
                }
                None => Expected::Nothing,
            },
            Step::Expire { file: number } => self.with(file(self, number), |model, file| {
                model.files[file].versions.last_mut().unwrap().1 = true;
            }),
            Step::Share { file: number } => self.with(file(self, number), |model, file| {
                model.shares.push((file, false));
            }),
            Step::Revoke { share } => {
                let open: Vec<usize> = self.open_shares();
                match share.checked_rem(open.len()) {
                    Some(at) => {
                        self.shares[open[at]].1 = true;
                        Expected::Done
                    }
                    None => Expected::Nothing,
                }
            }
        }
    }

    pub(crate) fn open_shares(&self) -> Vec<usize> {
        let shares = self.shares.iter().enumerate();
        shares
            .filter(|(_, (_, is_revoked))| !is_revoked)
            .map(|(at, _)| at)
            .collect()
    }

    fn with(&mut self, file: Option<usize>, change: impl FnOnce(&mut Self, usize)) -> Expected {
        match file {
            Some(file) => {
                change(self, file);
                Expected::Done
            }
            None => Expected::Nothing,
        }
    }
}

impl Thrown {
    fn all_files(&self) -> Vec<usize> {
        let below = self.files.iter().map(|(_, file)| *file);
        self.file.into_iter().chain(below).collect()
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        Step::any()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        Self::apply(&mut state, step);
        state
    }
}
