//! A crate as its sources show it: modules, what each defines, and which others each uses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// Where a module is: `["http", "accept"]`.
pub(crate) type ModulePath = Vec<String>;

pub(crate) struct Krate {
    pub(crate) name: String,
    pub(crate) modules: BTreeMap<ModulePath, Module>,
}

#[derive(Default)]
pub(crate) struct Module {
    /// Relative to `src`.
    pub(crate) file: PathBuf,
    pub(crate) is_public: bool,
    /// Types, and whether each is `pub`.
    pub(crate) types: BTreeMap<String, bool>,
    /// Everything with a name.
    defines: BTreeSet<String>,
    /// `pub use` and `pub(crate) use`: the name here, the path there, and whether it is `pub`.
    pub(crate) exports: BTreeMap<String, (Vec<String>, bool)>,
    /// Paths that begin with `crate`, `super` or `self`.
    uses: BTreeSet<Vec<String>>,
}

impl Krate {
    /// Reads a crate from its folder, without its tests and without `src/bin`.
    pub(crate) fn read(folder: &Path) -> Self {
        let src = folder.join("src");
        let root = ["lib.rs", "main.rs"].map(|name| src.join(name));
        let root = root.iter().find(|file| file.exists()).unwrap();
        let mut krate = Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            modules: BTreeMap::new(),
        };
        krate.read_file(&src, root, &Vec::new(), true);
        krate
    }

    fn read_file(&mut self, src: &Path, file: &Path, path: &ModulePath, is_public: bool) {
        let text = std::fs::read_to_string(file).unwrap();
        let items = syn::parse_file(&text).unwrap().items;
        let is_folder = path.is_empty() || file.ends_with("mod.rs");
        let folder = file.parent().unwrap().to_owned();
        let inner = match path.last() {
            Some(name) if !is_folder => folder.join(name),
            _ => folder,
        };
        self.read_items(src, file, (&inner, path), &items, is_public);
    }

    fn read_items(
        &mut self,
        src: &Path,
        file: &Path,
        (folder, path): (&Path, &ModulePath),
        items: &[Item],
        is_public: bool,
    ) {
        let mut module = Module {
            file: file.strip_prefix(src).unwrap().to_owned(),
            is_public,
            ..Module::default()
        };
        for item in items.iter().filter(|item| !is_of_tests(item)) {
            module.visit_item(item);
            if let Item::Mod(inner) = item {
                let mut below = path.clone();
                below.push(inner.ident.to_string());
                self.read_module(src, (file, folder), &below, inner);
            }
        }
        self.modules.insert(path.clone(), module);
    }

    fn read_module(
        &mut self,
        src: &Path,
        (file, folder): (&Path, &Path),
        path: &ModulePath,
        inner: &ItemMod,
    ) {
        let is_public = matches!(inner.vis, Visibility::Public(_));
        let name = inner.ident.to_string();
        if let Some((_, items)) = &inner.content {
            let inside = folder.join(&name);
            return self.read_items(src, file, (&inside, path), items, is_public);
        }
        let beside = folder.join(format!("{name}.rs"));
        let file = if beside.exists() {
            beside
        } else {
            folder.join(&name).join("mod.rs")
        };
        self.read_file(src, &file, path, is_public);
    }

    /// The files that each file uses, those of the same crate.
    pub(crate) fn file_uses(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut all = BTreeMap::<&Path, BTreeSet<&Path>>::new();
        for (path, module) in &self.modules {
            let file = module.file.as_path();
            let used = module
                .uses
                .iter()
                .filter_map(|used| self.file_of(path, used, 0));
            let others = used.filter(|other| *other != file);
            all.entry(file).or_default().extend(others);
        }
        all
    }

    /// The file that defines what a path names, through all re-exports.
    fn file_of(&self, from: &[String], used: &[String], depth: usize) -> Option<&Path> {
        let (mut at, mut rest) = (from.to_vec(), used);
        while let [first, others @ ..] = rest {
            match first.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            rest = others;
        }
        while let [first, others @ ..] = rest {
            let mut below = at.clone();
            below.push(first.clone());
            if !self.modules.contains_key(&below) {
                break;
            }
            (at, rest) = (below, others);
        }
        let module = self.modules.get(&at)?;
        let Some(name) = rest.first() else {
            return Some(&module.file);
        };
        if module.defines.contains(name) || depth > 8 {
            return Some(&module.file);
        }
        match module.exports.get(name) {
            Some((path, _)) => self.file_of(&at, &self.local(&at, path), depth + 1),
            None => Some(&module.file),
        }
    }

    /// `pub use pool::Pool` means `self::pool::Pool`.
    fn local(&self, at: &[String], path: &[String]) -> Vec<String> {
        let mut below = at.to_vec();
        below.push(path[0].clone());
        let mut local = Vec::new();
        if self.modules.contains_key(&below) {
            local.push("self".to_owned());
        }
        local.extend_from_slice(path);
        local
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_of_tests(item) {
            return;
        }
        let (name, is_public) = match item {
            Item::Struct(it) => (&it.ident, &it.vis),
            Item::Enum(it) => (&it.ident, &it.vis),
            Item::Trait(it) => (&it.ident, &it.vis),
            Item::Type(it) => (&it.ident, &it.vis),
            Item::Fn(it) => return self.defined(it.sig.ident.to_string(), item),
            Item::Const(it) => return self.defined(it.ident.to_string(), item),
            Item::Static(it) => return self.defined(it.ident.to_string(), item),
            Item::Mod(_) => return,
            _ => return visit::visit_item(self, item),
        };
        let is_public = matches!(is_public, Visibility::Public(_));
        self.types.insert(name.to_string(), is_public);
        self.defined(name.to_string(), item);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut paths = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut paths);
        let is_public = matches!(item.vis, Visibility::Public(_));
        let is_export = !matches!(item.vis, Visibility::Inherited);
        for (path, name) in paths {
            if is_export {
                self.exports.insert(name, (path, is_public));
            } else if is_local(&path) {
                self.uses.insert(path);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        let path_here: Vec<String> = segments.map(|segment| segment.ident.to_string()).collect();
        if is_local(&path_here) {
            self.uses.insert(path_here);
        }
        visit::visit_path(self, path);
    }

    /// The tokens of a macro are not parsed: paths in it are found in its text.
    fn visit_macro(&mut self, made: &'ast Macro) {
        let text = made.tokens.to_string();
        let tokens: Vec<&str> = text.split_whitespace().collect();
        for (place, token) in tokens.iter().enumerate() {
            if !["crate", "super"].contains(token) {
                continue;
            }
            let mut path = vec![(*token).to_owned()];
            for pair in tokens[place + 1..].chunks(2) {
                let ["::", name] = pair else { break };
                path.push((*name).to_owned());
            }
            self.uses.insert(path);
        }
    }
}

impl Module {
    fn defined(&mut self, name: String, item: &Item) {
        self.defines.insert(name);
        visit::visit_item(self, item);
    }
}

fn is_local(path: &[String]) -> bool {
    path.len() > 1 && ["crate", "super", "self"].contains(&path[0].as_str())
}

fn flatten(tree: &UseTree, before: &mut Vec<String>, into: &mut Vec<(Vec<String>, String)>) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, into);
            before.pop();
        }
        UseTree::Name(name) => into.push(named(before, &name.ident.to_string(), None)),
        UseTree::Rename(name) => {
            let alias = name.rename.to_string();
            into.push(named(before, &name.ident.to_string(), Some(alias)));
        }
        UseTree::Glob(_) => into.push(named(before, "self", None)),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, before, into);
            }
        }
    }
}

/// `{self}` names what stands before it.
fn named(before: &[String], name: &str, alias: Option<String>) -> (Vec<String>, String) {
    let mut path = before.to_vec();
    if name != "self" || path.is_empty() {
        path.push(name.to_owned());
    }
    let last = path.last().unwrap().clone();
    (path, alias.unwrap_or(last))
}

fn is_of_tests(item: &Item) -> bool {
    let attributes: &[Attribute] = match item {
        Item::Mod(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Const(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        _ => &[],
    };
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else {
            return false;
        };
        list.path.is_ident("cfg")
            && list
                .tokens
                .to_string()
                .split(' ')
                .any(|word| word == "test")
    })
}
