//! Finds tests that can pass without asserting, and tests that are ignored.

#![expect(clippy::unwrap_used, reason = "all of this file is test code")]

use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, ExprAsync, ExprClosure, ExprMacro, ExprReturn, ItemFn, Macro, StmtMacro};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the Rust files of the workspace.
fn sources() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = ["crates", "tests", "bench"]
        .map(|at| root().join(at))
        .into();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap();
            if path.is_dir() && name != "node_modules" && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// Finds the tests of a file, and those that may pass without asserting.
#[derive(Default)]
struct Tests {
    found: usize,
    idle: Vec<String>,
}

impl Tests {
    fn of(text: &str) -> Self {
        let mut tests = Self::default();
        tests.visit_file(&syn::parse_file(text).unwrap());
        tests
    }

    fn judge(&mut self, test: &ItemFn) {
        self.found += 1;
        let mut returns = Returns::default();
        returns.visit_block(&test.block);
        if returns.found || test.attrs.iter().any(is_ignored) {
            self.idle.push(test.sig.ident.to_string());
        }
    }

    /// Macros such as `on_both!` turn each of their functions into a test.
    fn judge_macro(&mut self, made: &Macro) {
        let given = made.parse_body::<syn::File>();
        for item in given.iter().flat_map(|file| &file.items) {
            if let syn::Item::Fn(test) = item {
                self.judge(test);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Tests {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if item.attrs.iter().any(is_test) {
            self.judge(item);
        }
        visit::visit_item_fn(self, item);
    }

    fn visit_macro(&mut self, made: &'ast Macro) {
        self.judge_macro(made);
    }
}

/// Matches `#[test]`, `#[tokio::test]` and the like.
fn is_test(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|segment| segment.ident == "test")
}

fn is_ignored(attribute: &Attribute) -> bool {
    attribute.path().is_ident("ignore")
}

/// Returns whether a body contains `return`, outside of closures and async blocks.
#[derive(Default)]
struct Returns {
    found: bool,
}

impl<'ast> Visit<'ast> for Returns {
    fn visit_expr_return(&mut self, _: &'ast ExprReturn) {
        self.found = true;
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}

    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}

    fn visit_item_fn(&mut self, _: &'ast ItemFn) {}

    fn visit_expr_macro(&mut self, _: &'ast ExprMacro) {}

    fn visit_stmt_macro(&mut self, _: &'ast StmtMacro) {}
}

#[test]
fn no_test_returns_before_its_end_or_is_left_out() {
    let mut found = 0;
    let mut idle = Vec::new();
    for path in sources() {
        let tests = Tests::of(&std::fs::read_to_string(&path).unwrap());
        found += tests.found;
        let named = tests.idle.iter();
        idle.extend(named.map(|name| format!("{}: {name}", path.display())));
    }
    assert!(found > 900, "{found} tests were found");
    assert!(idle.is_empty(), "these may pass for ever: {idle:#?}");
}

#[test]
fn a_test_that_may_pass_for_ever_is_found() {
    let text = "
        #[test]
        fn returns() { let Some(x) = y() else { return; }; assert!(x); }
        #[tokio::test(flavor = \"multi_thread\")]
        async fn returns_a_value() { if z() { return close().await; } assert!(a()); }
        #[test]
        #[ignore = \"slow\"]
        fn is_left_out() { assert!(b()); }
        on_both! { async fn is_of_a_macro(store: Store) { if store.is() { return; } } }
        #[test]
        fn asserts() { let f = |x| { return x; }; assert!(f(true)); }
    ";
    let tests = Tests::of(text);
    assert_eq!(tests.found, 5);
    let expected = ["returns", "returns_a_value", "is_left_out", "is_of_a_macro"];
    assert_eq!(tests.idle, expected);
}
