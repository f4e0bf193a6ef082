//! One row of the table: a setting, what it does, and how it gets into its struct.

use super::value::Value;
use std::ops::RangeInclusive;
use std::time::Duration;

type Setter<C> = Box<dyn Fn(&mut C, &str) -> bool + Send + Sync>;
type Formatter<C> = Box<dyn Fn(&C) -> String + Send + Sync>;
type Field<C, T> = fn(&mut C) -> &mut T;

/// A setting of a `C`.
pub(crate) struct Setting<C> {
    /// Its TOML key; upper-cased and prefixed, its name in the environment.
    pub(crate) key: &'static str,
    /// What it is, in a sentence or two.
    pub(crate) about: &'static str,
    /// What goes wrong when it is too low (or too narrow).
    pub(crate) too_low: &'static str,
    /// What goes wrong when it is too high (or too wide).
    pub(crate) too_high: &'static str,
    /// What may be given, for people.
    pub(crate) expected: String,
    /// What the default is, where it depends on the machine.
    pub(crate) default_is: Option<&'static str>,
    /// Never shown in messages.
    pub(crate) secret: bool,
    set: Setter<C>,
    show: Formatter<C>,
}

impl<C: Clone + 'static> Setting<C> {
    fn new(key: &'static str, expected: String, set: Setter<C>, show: Formatter<C>) -> Self {
        Self {
            key,
            about: "",
            too_low: "",
            too_high: "",
            expected,
            default_is: None,
            secret: false,
            set,
            show,
        }
    }

    /// What it is.
    pub(crate) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// What goes wrong at both ends.
    pub(crate) fn ends(mut self, too_low: &'static str, too_high: &'static str) -> Self {
        self.too_low = too_low;
        self.too_high = too_high;
        self
    }

    /// Says what the default is, as it differs from machine to machine.
    pub(crate) fn default_is(mut self, default: &'static str) -> Self {
        self.default_is = Some(default);
        self
    }

    /// Keeps what is given out of every message.
    pub(crate) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Puts what was given into its place; false when it is not one.
    pub(crate) fn set(&self, into: &mut C, given: &str) -> bool {
        (self.set)(into, given)
    }

    /// The value in force, as TOML.
    pub(crate) fn show(&self, of: &C) -> String {
        (self.show)(of)
    }
}

/// Anything that parses itself.
pub(crate) fn value<C: Clone + 'static, T: Value>(
    key: &'static str,
    expected: &str,
    field: Field<C, T>,
) -> Setting<C> {
    Setting::new(
        key,
        expected.to_owned(),
        Box::new(move |c, given| T::parse(given).map(|v| *field(c) = v).is_some()),
        Box::new(move |c| field(&mut c.clone()).show()),
    )
}

/// A type that holds a whole number.
pub(crate) trait Number: 'static {
    /// Holds it, if it fits.
    fn of(number: u64) -> Option<Self>
    where
        Self: Sized;
    /// Shows it.
    fn text(&self) -> String;
    /// What an empty text stands for, if it stands for anything.
    fn unset() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

macro_rules! numbers {
    ($($t:ty),*) => {$(
        impl Number for $t {
            fn of(number: u64) -> Option<Self> {
                number.try_into().ok()
            }
            fn text(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

numbers!(u16, u32, u64, usize, i64);

impl<N: Number> Number for Option<N> {
    fn of(number: u64) -> Option<Self> {
        N::of(number).map(Some)
    }
    fn text(&self) -> String {
        self.as_ref().map_or_else(|| "\"\"".to_owned(), N::text)
    }
    fn unset() -> Option<Self> {
        Some(None)
    }
}

/// A whole number within bounds, kept in any integer type that holds them.
pub(crate) fn number<C, T>(
    key: &'static str,
    unit: &str,
    bounds: RangeInclusive<u64>,
    field: Field<C, T>,
) -> Setting<C>
where
    C: Clone + 'static,
    T: Number,
{
    let expected = format!(
        "a whole number of {unit} from {} to {}",
        bounds.start(),
        bounds.end()
    );
    Setting::new(
        key,
        expected,
        Box::new(move |c, given| {
            let number = if given.is_empty() {
                T::unset()
            } else {
                within(given, &bounds).and_then(T::of)
            };
            number.map(|n| *field(c) = n).is_some()
        }),
        Box::new(move |c| field(&mut c.clone()).text()),
    )
}

/// A time in milliseconds.
pub(crate) fn millis<C: Clone + 'static>(
    key: &'static str,
    bounds: RangeInclusive<u64>,
    field: Field<C, Duration>,
) -> Setting<C> {
    time(key, "milliseconds", 1, bounds, field)
}

/// A time in days.
pub(crate) fn days<C: Clone + 'static>(
    key: &'static str,
    bounds: RangeInclusive<u64>,
    field: Field<C, Duration>,
) -> Setting<C> {
    time(key, "days", 86_400_000, bounds, field)
}

fn time<C: Clone + 'static>(
    key: &'static str,
    unit: &str,
    unit_ms: u64,
    bounds: RangeInclusive<u64>,
    field: Field<C, Duration>,
) -> Setting<C> {
    let expected = format!(
        "a whole number of {unit} from {} to {}",
        bounds.start(),
        bounds.end()
    );
    Setting::new(
        key,
        expected,
        Box::new(move |c, given| {
            within(given, &bounds)
                .map(|n| *field(c) = Duration::from_millis(n * unit_ms))
                .is_some()
        }),
        Box::new(move |c| {
            let ms = field(&mut c.clone()).as_millis();
            (ms / u128::from(unit_ms)).to_string()
        }),
    )
}

fn within(given: &str, bounds: &RangeInclusive<u64>) -> Option<u64> {
    let number: u64 = given.replace('_', "").parse().ok()?;
    bounds.contains(&number).then_some(number)
}
