//! One row of a table: a setting, its documentation, and how it is stored in its struct.

use crate::Value;

/// Fails with what is expected instead, or `None` if the row's own `expected` says it.
type Setter<C> = Box<dyn Fn(&mut C, &str) -> Result<(), Option<String>> + Send + Sync>;
type Formatter<C> = Box<dyn Fn(&C) -> String + Send + Sync>;

/// What people read about a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its TOML key, in lower case; in upper case and with a prefix, its name in the environment.
    pub key: &'static str,
    /// One or two sentences.
    pub about: &'static str,
    /// What goes wrong if it is too low (or too narrow); may be empty.
    pub too_low: &'static str,
    /// What goes wrong if it is too high (or too wide); may be empty.
    pub too_high: &'static str,
    /// The valid values: completes the sentence "expected …".
    pub expected: String,
    /// Describes the default if it depends on the machine.
    pub default_is: Option<&'static str>,
    /// Whether its value must not appear in error messages.
    pub secret: bool,
    /// Title of the section in which it is documented; empty: the section of its table.
    pub section: &'static str,
}

/// A setting stored in a `C`.
pub struct Setting<C> {
    description: Description,
    set: Setter<C>,
    show: Formatter<C>,
}

impl<C: Clone + 'static> Setting<C> {
    pub(crate) fn new(
        key: &'static str,
        expected: String,
        set: Setter<C>,
        show: Formatter<C>,
    ) -> Self {
        let description = Description {
            key,
            about: "",
            too_low: "",
            too_high: "",
            expected,
            default_is: None,
            secret: false,
            section: "",
        };
        Self {
            description,
            set,
            show,
        }
    }

    /// Sets the description: one or two sentences.
    #[must_use]
    pub fn about(mut self, about: &'static str) -> Self {
        self.description.about = about;
        self
    }

    /// Sets what goes wrong if the value is too low or too high.
    #[must_use]
    pub fn ends(mut self, too_low: &'static str, too_high: &'static str) -> Self {
        self.description.too_low = too_low;
        self.description.too_high = too_high;
        self
    }

    /// Sets the description of a default that depends on the machine.
    #[must_use]
    pub fn default_is(mut self, default: &'static str) -> Self {
        self.description.default_is = Some(default);
        self
    }

    /// Hides the value in every error message.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.description.secret = true;
        self
    }

    /// Returns the setting's key.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.description.key
    }

    /// Returns what people read about the setting.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Parses the value and stores it. If it is invalid, stores nothing and fails with what is
    /// expected.
    pub fn set(&self, into: &mut C, text: &str) -> Result<(), String> {
        (self.set)(into, text)
            .map_err(|expected| expected.unwrap_or_else(|| self.description.expected.clone()))
    }

    /// Returns the current value as TOML.
    #[must_use]
    pub fn show(&self, of: &C) -> String {
        (self.show)(of)
    }

    /// Turns a setting of a part into one of the whole.
    #[must_use]
    pub fn within<D: Clone + 'static>(self, part: fn(&mut D) -> &mut C) -> Setting<D> {
        let (set, show) = (self.set, self.show);
        Setting {
            description: self.description,
            set: Box::new(move |whole, text| set(part(whole), text)),
            show: Box::new(move |whole| show(part(&mut whole.clone()))),
        }
    }
}

/// Puts settings into a section with this title, for a table that is too long for one.
#[must_use]
pub fn group<C>(title: &'static str, rows: Vec<Setting<C>>) -> Vec<Setting<C>> {
    let titled = rows.into_iter().map(|mut row| {
        row.description.section = title;
        row
    });
    titled.collect()
}

/// Creates a setting whose type parses itself.
#[must_use]
pub fn value<C: Clone + 'static, T: Value>(
    key: &'static str,
    expected: &str,
    field: fn(&mut C) -> &mut T,
) -> Setting<C> {
    Setting::new(
        key,
        expected.to_owned(),
        Box::new(move |c, text| {
            *field(c) = T::parse(text).ok_or(None::<String>)?;
            Ok(())
        }),
        Box::new(move |c| field(&mut c.clone()).show()),
    )
}

/// Creates a setting of a foreign type, or one whose errors depend on the text. `parse` fails with what
/// is expected, which must not repeat a secret; `show` formats the value as TOML.
#[must_use]
pub fn parsed<C: Clone + 'static, T: 'static>(
    key: &'static str,
    expected: &str,
    parse: fn(&str) -> Result<T, String>,
    show: fn(&T) -> String,
    field: fn(&mut C) -> &mut T,
) -> Setting<C> {
    Setting::new(
        key,
        expected.to_owned(),
        Box::new(move |c, text| {
            *field(c) = parse(text).map_err(Some)?;
            Ok(())
        }),
        Box::new(move |c| show(field(&mut c.clone()))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number;

    #[derive(Clone, Default)]
    struct Part {
        size: u32,
    }

    #[derive(Clone, Default)]
    struct Whole {
        part: Part,
    }

    #[test]
    fn a_setting_of_a_part_is_one_of_the_whole() {
        let row = number("size", "things", 1..=9, |c: &mut Part| &mut c.size)
            .about("Size.")
            .secret()
            .within(|whole: &mut Whole| &mut whole.part);
        let mut whole = Whole::default();
        assert_eq!(row.set(&mut whole, "7"), Ok(()));
        let expected = "a whole number of things from 1 to 9".to_owned();
        assert_eq!(row.set(&mut whole, "70"), Err(expected));
        assert_eq!((whole.part.size, &*row.show(&whole)), (7, "7"));
        let description = row.description();
        assert!(description.secret && description.about == "Size.");
    }

    #[test]
    fn a_group_titles_its_rows_and_leaves_their_keys() {
        let rows = group(
            "Sizes",
            vec![number("size", "", 0..=1, |c: &mut Part| &mut c.size)],
        );
        let description = rows[0].description();
        assert_eq!((description.section, description.key), ("Sizes", "size"));
    }

    #[test]
    fn a_foreign_type_is_parsed_and_shown_by_functions() {
        let row = parsed(
            "letter",
            "a letter",
            |text| text.parse::<char>().map_err(|why| why.to_string()),
            |letter: &char| crate::quoted(&letter.to_string()),
            |c: &mut char| c,
        );
        let mut letter = 'a';
        let error = row.set(&mut letter, "zz").unwrap_err();
        assert!(error.contains("too many characters"), "{error}");
        assert_eq!(letter, 'a', "an invalid text stores nothing");
        assert_eq!(row.set(&mut letter, "z"), Ok(()));
        assert_eq!(row.show(&letter), "\"z\"");
    }
}
