//! Imports go down only, in both crates, and never in a circle.
//!
//! The graph has a node for each file; its edges are all `use` declarations and all paths that begin with
//! `crate` or `super`, outside of tests. Declaring a child with `mod` is no import.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, File, Item, UseTree,
    visit::{self, Visit},
};

/// A path within a crate: `["ops", "uploads", "plan"]`.
type Module = Vec<String>;

/// A crate, and the order of its top-level modules.
struct Crate {
    name: &'static str,
    /// The file that declares the modules, without its suffix.
    root: &'static str,
    /// Bottom up. A module imports only itself and those of lower rows.
    order: &'static [&'static [&'static str]],
    /// What a module may not import besides: another module (`crate::…`) or another crate.
    never: &'static [(&'static str, &'static [&'static str])],
}

const SERVER: Crate = Crate {
    name: "hulk-server",
    root: "lib",
    order: &[
        &["memory", "process", "telemetry", "data_dir"],
        &["db", "store"],
        &["error", "config", "download_counts"],
        &["auth", "limits"],
        &["audit"],
        // Held by all that is above, so it imports no operation.
        &["app"],
        &["ops"],
        &["http", "jobs"],
        &["pages", "listener"],
        &["routes"],
        &["serve"],
    ],
    never: &[
        ("db", &["axum", "aws_sdk_s3"]),
        ("store", &["sqlx"]),
        ("auth", &["axum"]),
        ("limits", &["axum"]),
        ("audit", &["axum"]),
        ("ops", &["axum", "aws_sdk_s3"]),
        ("jobs", &["axum", "aws_sdk_s3"]),
        ("http", &["sqlx", "aws_sdk_s3", "crate::db"]),
        (
            "pages",
            &["sqlx", "aws_sdk_s3", "crate::db", "crate::store"],
        ),
        ("routes", &["sqlx", "aws_sdk_s3", "crate::db"]),
    ],
};

const CLI: Crate = Crate {
    name: "hulk-cli",
    root: "main",
    order: &[
        &["args", "error", "file_io", "format", "text", "waiting"],
        &[
            "attributes",
            "config",
            "http",
            "output",
            "printer",
            "runtime",
            "target",
        ],
        &["clipboard", "credentials", "path_filter", "share_link"],
        &["client", "walk"],
        &["context", "transfer"],
        &["progress"],
        &["commands"],
    ],
    never: &[
        ("transfer", &["indicatif", "clap"]),
        ("client", &["indicatif", "clap"]),
        ("http", &["indicatif", "clap"]),
    ],
};

#[test]
fn imports_of_the_server_go_down_only() {
    check(&SERVER);
}

#[test]
fn imports_of_the_command_go_down_only() {
    check(&CLI);
}

fn check(krate: &Crate) {
    let source = workspace().join(krate.name).join("src");
    let files = files(&source, krate.root);
    let mut graph: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (module, path) in &files {
        for import in imports(path, module, &files) {
            wrong.extend(refused(krate, module, &import));
            if let Some(target) = target(&import, &files).filter(|target| target != module) {
                graph.entry(module.clone()).or_default().insert(target);
            }
        }
    }
    wrong.extend(circle(&graph).map(|circle| {
        let names: Vec<String> = circle.iter().map(shown).collect();
        format!("a circle: {}", names.join(" → "))
    }));
    assert!(wrong.is_empty(), "{}:\n{}", krate.name, wrong.join("\n"));
}

/// Why an import is against the rules, if it is.
fn refused(krate: &Crate, module: &Module, import: &[String]) -> Option<String> {
    let top = module.first()?;
    let row = |name: &str| krate.order.iter().position(|row| row.contains(&name));
    let says = |rule: String| {
        let path = import.join("::");
        Some(format!("{} imports {path}: {rule}", shown(module)))
    };
    let Some(own) = row(top) else {
        return says(format!("'{top}' has no place in the order of this test"));
    };
    let never = krate.never.iter().find(|(name, _)| name == top);
    let text = import.join("::");
    let is_in = |word: &&&str| text == **word || text.starts_with(&format!("{word}::"));
    if let Some(word) = never.and_then(|(_, words)| words.iter().find(is_in)) {
        return says(format!("'{top}' knows nothing of {word}"));
    }
    let [first, second, ..] = import else {
        return None;
    };
    match row(second) {
        Some(other) if first == "crate" && second != top && other >= own => {
            says(format!("'{top}' is not above '{second}'"))
        }
        _ => None,
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The module of each file. A second root (the program beside the library) and what it declares is left out.
fn files(source: &Path, root: &str) -> BTreeMap<Module, PathBuf> {
    let mut found = BTreeMap::new();
    let mut left = vec![(Vec::new(), source.join(root).with_extension("rs"))];
    while let Some((module, path)) = left.pop() {
        let directory = source.join(module.join("/"));
        for item in parse(&path).items {
            let Item::Mod(declared) = item else { continue };
            if declared.content.is_some() || is_test(&declared.attrs) {
                continue;
            }
            let name = declared.ident.to_string();
            let file = directory.join(&name).with_extension("rs");
            let path = match file.exists() {
                true => file,
                false => directory.join(&name).join("mod.rs"),
            };
            left.push(([module.clone(), vec![name]].concat(), path));
        }
        found.insert(module, path);
    }
    found
}

fn parse(path: &Path) -> File {
    let text = fs::read_to_string(path).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|condition| condition.is_ident("test"))
    })
}

/// What a file imports: paths that begin with `crate`, or with the name of another crate.
fn imports(path: &Path, module: &Module, files: &BTreeMap<Module, PathBuf>) -> Vec<Vec<String>> {
    let mut imports = Imports {
        module,
        files,
        found: Vec::new(),
    };
    imports.visit_file(&parse(path));
    imports.found
}

struct Imports<'a> {
    module: &'a Module,
    files: &'a BTreeMap<Module, PathBuf>,
    found: Vec<Vec<String>>,
}

impl Imports<'_> {
    fn add(&mut self, path: Vec<String>) {
        let mut rest = path.as_slice();
        let mut base = self.module.clone();
        let absolute = match path.first().map(String::as_str) {
            Some("crate") => path.clone(),
            Some("self") => [vec!["crate".to_owned()], base, path[1..].to_vec()].concat(),
            Some("super") => {
                while let Some(("super", after)) = rest
                    .split_first()
                    .map(|(first, after)| (first.as_str(), after))
                {
                    base.pop();
                    rest = after;
                }
                [vec!["crate".to_owned()], base, rest.to_vec()].concat()
            }
            Some(first) => {
                let child = [base.clone(), vec![first.to_owned()]].concat();
                match self.files.contains_key(&child) {
                    true => [vec!["crate".to_owned()], base, path.clone()].concat(),
                    false => path.clone(),
                }
            }
            None => return,
        };
        self.found.push(absolute);
    }

    fn add_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: String| [before.to_vec(), vec![name]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&with(path.ident.to_string()), &path.tree),
            UseTree::Name(name) if name.ident == "self" => self.add(before.to_vec()),
            UseTree::Name(name) => self.add(with(name.ident.to_string())),
            UseTree::Rename(rename) => self.add(with(rename.ident.to_string())),
            UseTree::Glob(_) => self.add(before.to_vec()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(before, tree);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Imports<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        let is_relative = names.len() > 1
            && names
                .first()
                .is_some_and(|first| first == "crate" || first == "super");
        if is_relative {
            self.add(names);
        }
        visit::visit_path(self, path);
    }
}

/// The file that a path leads into.
fn target(import: &[String], files: &BTreeMap<Module, PathBuf>) -> Option<Module> {
    let (first, path) = import.split_first()?;
    (first == "crate").then_some(())?;
    (0..=path.len())
        .rev()
        .map(|len| path[..len].to_vec())
        .find(|module| files.contains_key(module))
}

/// One circle, if there is any.
fn circle(graph: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    let mut done = BTreeSet::new();
    graph
        .keys()
        .find_map(|start| find_circle(graph, start, &mut Vec::new(), &mut done))
}

fn find_circle(
    graph: &BTreeMap<Module, BTreeSet<Module>>,
    module: &Module,
    way: &mut Vec<Module>,
    done: &mut BTreeSet<Module>,
) -> Option<Vec<Module>> {
    if let Some(at) = way.iter().position(|before| before == module) {
        return Some([way[at..].to_vec(), vec![module.clone()]].concat());
    }
    if done.contains(module) {
        return None;
    }
    way.push(module.clone());
    let targets = graph.get(module).into_iter().flatten();
    let found = targets
        .into_iter()
        .find_map(|target| find_circle(graph, target, way, done));
    way.pop();
    done.insert(module.clone());
    found
}

fn shown(module: &Module) -> String {
    match module.is_empty() {
        true => "the root".to_owned(),
        false => module.join("::"),
    }
}
