//! Tests that `docs/events.md` agrees with the wiring of the standard server.
//!
//! `PARLOR_TEST_WRITE=1 cargo test -p parlor events_documented` rewrites the page.

use crate::config::{Sources, declared, load};
use crate::{app, standard};
use bus::{Catalogue, CatalogueItem, CatalogueKind};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use syn::{Attribute, Expr, ExprLit, Item, Lit, Meta, Type, UseTree, Visibility};

const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");

const INTRODUCTION: &str = "\
# Events and requests

Everything that goes over the bus of the standard server (with analytics and search), from its wiring. A test writes
and checks this page; `cargo doc --open` has more about each public type. [ARCHITECTURE.md](ARCHITECTURE.md)
explains the words.

A **fact** goes to all its subscribers; *isolated* ones may miss it and read again. A **request** goes to the
one who answers it: an **ordered** one takes its place among the facts and may change something, a
**concurrent** one reads beside them.
";

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_documented_as_it_is_wired() {
    let expected = page(&standard_catalogue());
    if std::env::var_os("PARLOR_TEST_WRITE").is_some() {
        std::fs::write(FILE, expected).unwrap();
        panic!("docs/events.md is written; run the test again without PARLOR_TEST_WRITE");
    }
    let found = std::fs::read_to_string(FILE).unwrap();
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected, "docs/events.md differs from the wiring");
    }
    assert_eq!(found, expected, "docs/events.md is not complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wiring_knows_every_event_and_request_of_the_sources() {
    let catalogue = standard_catalogue();
    let wired = catalogue.items.iter().map(|item| {
        let path = item.rust_path;
        let (krate, rest) = path.split_once("::").unwrap();
        format!("{krate} {}", rest.rsplit("::").next().unwrap())
    });
    let wired: BTreeSet<String> = wired.collect();
    let defined = crates().into_iter().flat_map(|krate| {
        let mut defined = Vec::new();
        for file in sources(&Path::new(CRATES).join(&krate).join("src")) {
            defined.extend(messages_in(&parse(&file)));
        }
        defined
            .into_iter()
            .map(move |name| format!("{krate} {name}"))
    });
    let forgotten: Vec<String> = defined.filter(|name| !wired.contains(name)).collect();
    assert!(
        forgotten.is_empty(),
        "declare them where their crate is wired, with `Builder::states` or `Builder::asks`: {forgotten:?}"
    );
}

/// Returns the catalogue of a server with the default settings and all extensions of this repository.
fn standard_catalogue() -> Catalogue {
    let extensions = standard::extensions();
    let on = |name: &str| [name, name, "on"].map(str::to_owned).into();
    let sources = Sources {
        flags: vec![on("analytics"), on("search")],
        ..Sources::default()
    };
    let config = load(&sources, &declared(&extensions).unwrap()).unwrap();
    app::catalogue(&config, extensions).unwrap()
}

fn page(catalogue: &Catalogue) -> String {
    let mut out = INTRODUCTION.to_owned();
    let (public, private): (Vec<_>, Vec<_>) = catalogue
        .items
        .iter()
        .map(|item| (item, Source::of(item)))
        .partition(|(_, source)| source.public_path.is_some());
    let is_fact = |(item, _): &&(&CatalogueItem, Source)| item.kind == CatalogueKind::Fact;
    facts(&mut out, "Facts", public.iter().filter(is_fact));
    requests(
        &mut out,
        "Requests",
        public.iter().filter(|item| !is_fact(item)),
    );
    out.push_str("\nWhat follows stays within one crate; no other can name it.\n");
    facts(
        &mut out,
        "Facts within one crate",
        private.iter().filter(is_fact),
    );
    requests(
        &mut out,
        "Requests within one crate",
        private.iter().filter(|item| !is_fact(item)),
    );
    out
}

fn facts<'a>(
    out: &mut String,
    title: &str,
    items: impl Iterator<Item = &'a (&'a CatalogueItem, Source)>,
) {
    let columns = "| name | what | subscribers | type |\n| --- | --- | --- | --- |";
    writeln!(out, "\n## {title}\n\n{columns}").unwrap();
    for (item, source) in items {
        let subscribers: Vec<String> = item
            .subscribers
            .iter()
            .map(|one| {
                if one.essential {
                    one.name.to_owned()
                } else {
                    format!("*{}*", one.name)
                }
            })
            .collect();
        let subscribers = if subscribers.is_empty() {
            "nobody".to_owned()
        } else {
            subscribers.join(", ")
        };
        let (name, what, link) = (item.name, &source.what, source.link());
        writeln!(out, "| `{name}` | {what} | {subscribers} | {link} |").unwrap();
    }
}

fn requests<'a>(
    out: &mut String,
    title: &str,
    items: impl Iterator<Item = &'a (&'a CatalogueItem, Source)>,
) {
    let columns = "| name | what | class | answered by | type |\n| --- | --- | --- | --- | --- |";
    writeln!(out, "\n## {title}\n\n{columns}").unwrap();
    for (item, source) in items {
        let class = match item.kind {
            CatalogueKind::OrderedRequest => "ordered",
            CatalogueKind::ConcurrentRequest => "concurrent",
            CatalogueKind::Fact | CatalogueKind::UnansweredRequest => unreachable!("{item:?}"),
        };
        let by = item.answered_by.unwrap();
        let (name, what, link) = (item.name, &source.what, source.link());
        writeln!(out, "| `{name}` | {what} | {class} | {by} | {link} |").unwrap();
    }
}

/// What the sources say about a type.
struct Source {
    /// Relative to the folder of all crates.
    file: PathBuf,
    /// Where other crates find it.
    public_path: Option<String>,
    name: String,
    /// The first sentence of its documentation.
    what: String,
}

impl Source {
    fn of(item: &CatalogueItem) -> Self {
        // A command of an extension is documented where its fields are.
        let asked = item.rust_path.strip_prefix("extension::command::Asked<");
        let command = asked.and_then(|command| command.strip_suffix('>'));
        let path = command.unwrap_or(item.rust_path);
        let mut modules: Vec<&str> = path.split("::").collect();
        let name = modules.pop().unwrap();
        let (krate, modules) = modules.split_first().unwrap();
        let src = Path::new(CRATES).join(krate).join("src");
        let module = modules.iter().fold(src.clone(), |path, m| path.join(m));
        let files = [
            module.with_extension("rs"),
            module.join("mod.rs"),
            src.join("lib.rs"),
        ];
        let file = files.iter().find(|file| file.is_file()).unwrap();
        let documentation = documentation_of(&parse(file), name);
        let documentation = documentation.unwrap_or_else(|| panic!("no {name} in {file:?}"));
        assert!(
            !documentation.is_empty(),
            "{} has no documentation",
            item.rust_path
        );
        let faces = [("lib.rs", ""), ("api/mod.rs", "::api")];
        let mut public = faces.iter().filter(|(face, _)| {
            let face = src.join(face);
            face.is_file() && exports(&parse(&face)).iter().any(|export| export == name)
        });
        Self {
            public_path: public.next().map(|(_, at)| format!("{krate}{at}::{name}")),
            file: file.strip_prefix(CRATES).unwrap().to_owned(),
            name: name.to_owned(),
            what: first_sentence(&documentation),
        }
    }

    fn link(&self) -> String {
        let text = self.public_path.as_ref().unwrap_or(&self.name);
        format!("[`{text}`](../crates/{})", self.file.display())
    }
}

/// Returns the first sentence, without links to other types.
fn first_sentence(documentation: &str) -> String {
    let paragraph = documentation.split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.find(". ").map_or(line.len(), |dot| dot + 1);
    let mut sentence = line[..end].replace("[`", "`").replace('|', "\\|");
    while let Some(at) = sentence.find("`](") {
        let close = sentence[at..].find(')').unwrap();
        sentence.replace_range(at + 1..=at + close, "");
    }
    sentence.replace("`]", "`").replace("`super::", "`")
}

fn parse(file: &Path) -> syn::File {
    let text = std::fs::read_to_string(file).unwrap();
    syn::parse_file(&text).unwrap()
}

fn documentation_of(file: &syn::File, name: &str) -> Option<String> {
    let attributes = file.items.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == name => Some(&item.attrs),
        Item::Enum(item) if item.ident == name => Some(&item.attrs),
        _ => None,
    });
    Some(documentation(attributes?))
}

fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) = &pair.value
        else {
            return None;
        };
        pair.path
            .is_ident("doc")
            .then(|| text.value().trim().to_owned())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns what a file re-exports to other crates.
fn exports(file: &syn::File) -> Vec<String> {
    let mut names = Vec::new();
    for item in &file.items {
        if let Item::Use(item) = item
            && matches!(item.vis, Visibility::Public(_))
        {
            leaves(&item.tree, &mut names);
        }
    }
    names
}

fn leaves(tree: &UseTree, names: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, names),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, names)),
        UseTree::Name(name) => names.push(name.ident.to_string()),
        UseTree::Rename(_) | UseTree::Glob(_) => {}
    }
}

/// Returns the types in a file that are events or requests. Generic ones are left out: what they are
/// made of declares them, such as an extension its commands.
fn messages_in(file: &syn::File) -> Vec<String> {
    let mut found = Vec::new();
    for item in &file.items {
        let Item::Impl(item) = item else {
            continue;
        };
        let of = item
            .trait_
            .as_ref()
            .and_then(|(_, of, _)| of.segments.last());
        let is_message = of.is_some_and(|of| of.ident == "Event" || of.ident == "Request");
        if let Type::Path(path) = &*item.self_ty
            && is_message
            && item.generics.params.is_empty()
        {
            found.push(path.path.segments.last().unwrap().ident.to_string());
        }
    }
    found
}

fn crates() -> Vec<String> {
    let folders = std::fs::read_dir(CRATES).unwrap();
    let folders = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    folders.collect()
}

/// Returns the source files of a folder, without those of tests and of what serves tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if matches!(&*name, "tests" | "kit") {
            continue;
        }
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
