//! Reads the settings in a TOML file; each keeps its place in the file.

use super::declared::Declared;
use super::layer::{self, RawSetting, Scope};
use super::{ConfigError, FileError, SettingsError};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// Returns the settings in the order in which they are written. A table is that of an extension, unless
/// `is_setting` knows its key as one of the server's.
pub(super) fn read(
    path: &Path,
    text: &str,
    extensions: &[Declared],
    is_setting: &dyn Fn(&str) -> bool,
) -> Result<Vec<RawSetting>, SettingsError> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let first = errors.iter().min_by_key(|error| start_of(error, text));
    if let Some(error) = first {
        return Err(syntax_error(path, text, error).into());
    }
    let file = TomlFile { path, text };
    let mut placed = Vec::new();
    for (key, value) in document.into_inner() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("databases", DeValue::Table(databases)) => {
                for (name, settings) in databases {
                    placed.extend(file.database(name, settings)?);
                }
            }
            ("databases", _) => return Err(file.not_a_table("databases", &key, &value).into()),
            (name, DeValue::Table(rows)) if !is_setting(name) => {
                placed.extend(file.extension(&key, rows));
            }
            (name, _) => {
                let (scope, inner) = layer::of_key(name, extensions);
                let raw = file.setting(scope, &inner, name, &key, &value);
                placed.push((key.span().start, raw));
            }
        }
    }
    placed.sort_by_key(|(start, _)| *start);
    Ok(placed.into_iter().map(|(_, raw)| raw).collect())
}

struct TomlFile<'f> {
    path: &'f Path,
    text: &'f str,
}

type Placed = (usize, RawSetting);

impl TomlFile<'_> {
    /// Returns the settings of one database, and first an entry that lists the database itself.
    fn database(
        &self,
        name: &Spanned<DeString<'_>>,
        settings: &Spanned<DeValue<'_>>,
    ) -> Result<Vec<Placed>, ConfigError> {
        let (database, start) = (name.get_ref(), name.span().start);
        let DeValue::Table(rows) = settings.get_ref() else {
            return Err(self.not_a_table(&format!("databases.{database}"), name, settings));
        };
        let listed = RawSetting {
            scope: Scope::Databases,
            key: "databases".to_owned(),
            name: self.named(&format!("databases.{database}"), start),
            text: database.to_string(),
            has_text: true,
        };
        let rows = rows.iter().map(|(key, value)| {
            let scope = Scope::Database(database.to_string());
            let full = format!("databases.{database}.{}", key.get_ref());
            let raw = self.setting(scope, key.get_ref(), &full, key, value);
            (key.span().start, raw)
        });
        Ok(std::iter::once((start, listed)).chain(rows).collect())
    }

    /// Returns an entry for the table of an extension, and its settings.
    fn extension(&self, name: &Spanned<DeString<'_>>, rows: &DeTable<'_>) -> Vec<Placed> {
        let (extension, start) = (name.get_ref().as_ref(), name.span().start);
        let table = RawSetting {
            scope: Scope::ExtensionTable(extension.to_owned()),
            key: extension.to_owned(),
            name: self.named(extension, start),
            text: String::new(),
            has_text: false,
        };
        let rows = rows.iter().map(|(key, value)| {
            let scope = Scope::Extension(extension.to_owned());
            let full = format!("{extension}.{}", key.get_ref());
            let raw = self.setting(scope, key.get_ref(), &full, key, value);
            (key.span().start, raw)
        });
        std::iter::once((start, table)).chain(rows).collect()
    }

    fn setting(
        &self,
        scope: Scope,
        key: &str,
        full: &str,
        at: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> RawSetting {
        let text = text_of(value.get_ref());
        RawSetting {
            scope,
            key: key.to_owned(),
            name: self.named(full, at.span().start),
            has_text: text.is_some(),
            text: text.unwrap_or_else(|| self.written(value.span())),
        }
    }

    /// Returns a value as it is written in the file.
    fn written(&self, span: Range<usize>) -> String {
        self.text.get(span).unwrap_or_default().to_owned()
    }

    fn named(&self, key: &str, start: usize) -> String {
        format!(
            "{key} in {}, {}",
            self.path.display(),
            position(self.text, start)
        )
    }

    fn not_a_table(
        &self,
        key: &str,
        at: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> ConfigError {
        ConfigError::new(
            self.named(key, at.span().start),
            self.written(value.span()),
            "a table, such as [databases.core]",
        )
    }
}

fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            let decimal = i64::from_str_radix(number.as_str(), number.radix());
            Some(decimal.map_or_else(|_| number.to_string(), |decimal| decimal.to_string()))
        }
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Array(items) => {
            let items: Option<Vec<&str>> =
                items.iter().map(|item| item.get_ref().as_str()).collect();
            items.map(|items| items.join(","))
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

fn syntax_error(path: &Path, text: &str, error: &toml::de::Error) -> FileError {
    let start = start_of(error, text);
    let key = key_at(text, start).map_or_else(String::new, |key| format!(", at {key}"));
    FileError {
        file: format!("{}, {}{key}", path.display(), position(text, start)),
        problem: error.message().replace('\n', ", "),
        remedy: "the file must be valid TOML, such as listen = \"127.0.0.1:8080\"".to_owned(),
    }
}

fn start_of(error: &toml::de::Error, text: &str) -> usize {
    error.span().map_or(text.len(), |span| span.start)
}

/// Returns the key on the line of this place, if it looks like one. Never the value, which may be a
/// secret.
fn key_at(text: &str, start: usize) -> Option<&str> {
    let from = line_start(text, start);
    let line = text.get(from..)?.lines().next()?;
    let key = line.split_once('=').map_or(line, |(key, _)| key).trim();
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let has_value = line.contains('=') && !key.is_empty();
    (has_value && key.chars().all(is_key)).then_some(key)
}

/// Formats a place in the text, with lines and columns from 1.
fn position(text: &str, start: usize) -> String {
    let from = line_start(text, start);
    let line = text.as_bytes()[..from].iter().filter(|b| **b == b'\n');
    let column = text
        .get(from..start)
        .map_or(0, |before| before.chars().count());
    format!("line {}, column {}", line.count() + 1, column + 1)
}

fn line_start(text: &str, start: usize) -> usize {
    let before = text.get(..start).unwrap_or(text);
    before.rfind('\n').map_or(0, |newline| newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        match read(Path::new("p.toml"), text, &[], &|_| false) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_mistake_in_the_syntax_has_its_line_its_column_and_its_key() {
        assert!(error("a = 1\n\nlisten = \n").starts_with("p.toml, line 3, column 1"));
        assert!(error("a = 1\nb = 2\na = 3\n").contains("line 3, column 1, at a: duplicate key"));
        assert!(error("name = \"é\" x").starts_with("p.toml, line 1, column 12, at name: "));
        assert!(error("[databases.core").starts_with("p.toml, line 1, column 16: "));
    }

    #[test]
    fn a_secret_beside_a_mistake_is_not_shown() {
        let text = "[databases.core]\npassword = \"topsecret\nurl = \"topsecret\" topsecret";
        assert!(!error(text).contains("topsecret"), "{}", error(text));
        assert!(error(text).contains("at password: "), "{}", error(text));
    }

    #[test]
    fn settings_come_in_their_order_with_their_places() {
        let raw = read(
            Path::new("p.toml"),
            "z = 1\na = 0x10\n[databases.x]\nb = 1.5\n[karma]\ntop_max = 3",
            &[],
            &|_| false,
        )
        .unwrap();
        let names: Vec<_> = raw.iter().map(|raw| raw.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "z in p.toml, line 1, column 1",
                "a in p.toml, line 2, column 1",
                "databases.x in p.toml, line 3, column 12",
                "databases.x.b in p.toml, line 4, column 1",
                "karma in p.toml, line 5, column 2",
                "karma.top_max in p.toml, line 6, column 1",
            ]
        );
        assert_eq!((raw[1].text.as_str(), raw[1].has_text), ("16", true));
        assert_eq!((raw[3].text.as_str(), raw[3].has_text), ("1.5", false));
        assert_eq!(raw[5].scope, Scope::Extension("karma".to_owned()));
    }
}
