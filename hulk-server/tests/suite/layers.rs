//! Imports go down only, in both crates, and never in a circle.
//!
//! The graph has a node for each file; its edges are all `use` declarations and all paths outside of tests,
//! those in the arguments of macros included. Declaring a child with `mod` is no import; calling it is one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
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
        &["db", "store", "mail"],
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

/// The program `hulk-server`, a crate beside the library.
const PROGRAM: Crate = Crate {
    name: "hulk-server",
    root: "main",
    order: &[&["cli"]],
    never: &[],
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
fn imports_of_the_program_beside_the_server_go_down_only() {
    check(&PROGRAM);
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
        names: BTreeMap::new(),
        paths: Vec::new(),
    };
    imports.visit_file(&parse(path));
    let used = imports.names.values().cloned();
    let inline = imports.paths.iter().map(|path| imports.resolve(path));
    used.chain(inline).collect()
}

struct Imports<'a> {
    module: &'a Module,
    files: &'a BTreeMap<Module, PathBuf>,
    /// The paths that `use` declares, by their names in the file.
    names: BTreeMap<String, Vec<String>>,
    /// All other paths, as they are written.
    paths: Vec<Vec<String>>,
}

impl Imports<'_> {
    fn resolve(&self, path: &[String]) -> Vec<String> {
        let Some((first, rest)) = path.split_first() else {
            return Vec::new();
        };
        match self.names.get(first) {
            Some(name) => [name.clone(), rest.to_vec()].concat(),
            None => self.absolute(path),
        }
    }

    fn absolute(&self, path: &[String]) -> Vec<String> {
        let within =
            |base: &[String], rest: &[String]| [&["crate".to_owned()], base, rest].concat();
        let supers = path.iter().take_while(|name| *name == "super").count();
        match path.first().map(String::as_str) {
            Some("self") => within(self.module, &path[1..]),
            Some("super") => {
                let depth = self.module.len().saturating_sub(supers);
                within(&self.module[..depth], &path[supers..])
            }
            Some(first) => {
                let child = [self.module.as_slice(), &[first.to_owned()]].concat();
                match self.files.contains_key(&child) {
                    true => within(self.module, path),
                    false => path.to_vec(),
                }
            }
            None => Vec::new(),
        }
    }

    fn add_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: String| [before.to_vec(), vec![name]].concat();
        let (name, path) = match tree {
            UseTree::Path(path) => return self.add_tree(&with(path.ident.to_string()), &path.tree),
            UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|tree| self.add_tree(before, tree));
            }
            UseTree::Name(name) if name.ident == "self" => {
                (before.last().cloned().unwrap_or_default(), before.to_vec())
            }
            UseTree::Name(name) => (name.ident.to_string(), with(name.ident.to_string())),
            UseTree::Rename(rename) => (rename.rename.to_string(), with(rename.ident.to_string())),
            UseTree::Glob(_) => (format!("{}::*", before.join("::")), before.to_vec()),
        };
        let path = self.absolute(&path);
        // `_` names nothing, and may be there several times.
        let name = if name == "_" { path.join("::") } else { name };
        self.names.insert(name, path);
    }

    /// Adds the paths in the arguments of a macro, which are tokens without a meaning of their own.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match &token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.paths.push(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.add_tokens(group.stream());
                    colons = 0;
                }
                _ => colons = 0,
            }
        }
        self.paths.push(path);
        self.paths.retain(|path| path.len() > 1);
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

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter();
        let names: Vec<String> = names.map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            self.paths.push(names);
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
