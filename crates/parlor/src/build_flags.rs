//! The flags with which SQLite and the allocator should have been built.
//!
//! Cargo takes them from the `.cargo/config.toml` of the folder that it builds in, so a team's binary
//! has them only if its own folder has that file too.

/// What every server should be built with.
const CONFIG: &str = include_str!("../../../.cargo/config.toml");

/// The variables that this library was compiled with.
const SQLITE: (&str, Option<&str>) = ("LIBSQLITE3_FLAGS", option_env!("LIBSQLITE3_FLAGS"));
#[cfg(feature = "jemalloc")]
const JEMALLOC: (&str, Option<&str>) = (
    "JEMALLOC_SYS_WITH_MALLOC_CONF",
    option_env!("JEMALLOC_SYS_WITH_MALLOC_CONF"),
);

#[cfg(not(feature = "jemalloc"))]
const BUILT_WITH: &[(&str, Option<&str>)] = &[SQLITE];
#[cfg(feature = "jemalloc")]
const BUILT_WITH: &[(&str, Option<&str>)] = &[SQLITE, JEMALLOC];

/// Warns of flags that this server was built without.
pub(crate) fn warn_of_missing() {
    for (variable, value) in BUILT_WITH {
        let missing = missing(CONFIG, variable, value.unwrap_or_default());
        if !missing.is_empty() {
            let missing = missing.join(" ");
            tracing::warn!(
                variable,
                missing,
                "built without flags that Parlor is tested with: copy .cargo/config.toml from Parlor's \
                 repository into the folder of this binary's Cargo.toml, and build again"
            );
        }
    }
}

/// Returns the flags that the configuration of cargo has for a variable and `value` lacks. A build may
/// add others.
fn missing<'c>(config: &'c str, variable: &str, value: &str) -> Vec<&'c str> {
    let own: Vec<_> = flags(value).collect();
    flags(expected(config, variable))
        .filter(|flag| !own.contains(flag))
        .collect()
}

/// Returns the text in quotes after `variable =`.
fn expected<'c>(config: &'c str, variable: &str) -> &'c str {
    config
        .lines()
        .find_map(|line| {
            let value = line.strip_prefix(variable)?.trim_start();
            value
                .strip_prefix('=')?
                .trim()
                .strip_prefix('"')?
                .strip_suffix('"')
        })
        .expect("cargo's configuration has a line for it")
}

/// SQLite's flags are separated by spaces, jemalloc's by commas.
fn flags(value: &str) -> impl Iterator<Item = &str> {
    value.split([' ', ',']).filter(|flag| !flag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_built_with_all_flags() {
        for (variable, value) in BUILT_WITH {
            assert_eq!(missing(CONFIG, variable, value.unwrap()), [""; 0]);
        }
    }

    #[test]
    fn whatever_is_missing_is_named_and_more_is_no_mistake() {
        let config = "[env]\nA = \"-DX=1 -DY\"\nB = \"x:1,y:2\"\n";
        assert_eq!(missing(config, "A", ""), ["-DX=1", "-DY"]);
        assert_eq!(missing(config, "A", "-DY -DZ"), ["-DX=1"]);
        assert_eq!(missing(config, "B", "x:1"), ["y:2"]);
        assert_eq!(missing(config, "B", "z:3,y:2,x:1"), [""; 0]);
    }

    #[test]
    fn both_variables_have_flags() {
        for variable in ["LIBSQLITE3_FLAGS", "JEMALLOC_SYS_WITH_MALLOC_CONF"] {
            assert!(missing(CONFIG, variable, "").len() > 2, "{variable}");
        }
    }
}
