//! One row of the table: a setting, its documentation, and how it is stored in its struct.

use super::value::Value;
use std::ops::RangeInclusive;
use std::time::Duration;

type Setter<C> = Box<dyn Fn(&mut C, &str) -> bool + Send + Sync>;
type Formatter<C> = Box<dyn Fn(&C) -> String + Send + Sync>;
type FieldOf<C, T> = fn(&mut C) -> &mut T;

/// A setting stored in a `C`.
pub(crate) struct Setting<C> {
    /// Its TOML key; in upper case and with a prefix, its name in the environment.
    pub(crate) key: &'static str,
    /// Its description, one or two sentences.
    pub(crate) about: &'static str,
    /// What goes wrong if it is too low (or too narrow).
    pub(crate) too_low: &'static str,
    /// What goes wrong if it is too high (or too wide).
    pub(crate) too_high: &'static str,
    /// Describes the valid values, for error messages.
    pub(crate) expected: String,
    /// Describes the default if it depends on the machine.
    pub(crate) default_is: Option<&'static str>,
    /// Never shown in error messages.
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

    /// Sets the description.
    pub(crate) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Sets what goes wrong if the value is too low or too high.
    pub(crate) fn ends(mut self, too_low: &'static str, too_high: &'static str) -> Self {
        self.too_low = too_low;
        self.too_high = too_high;
        self
    }

    /// Sets the description of a default that depends on the machine.
    pub(crate) fn default_is(mut self, default: &'static str) -> Self {
        self.default_is = Some(default);
        self
    }

    /// Hides the value in every error message.
    pub(crate) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Parses the value and stores it; returns false if it is invalid.
    pub(crate) fn set(&self, into: &mut C, text: &str) -> bool {
        (self.set)(into, text)
    }

    /// Returns the current value as TOML.
    pub(crate) fn show(&self, of: &C) -> String {
        (self.show)(of)
    }
}

/// Creates a setting whose type parses itself.
pub(crate) fn value<C: Clone + 'static, T: Value>(
    key: &'static str,
    expected: &str,
    field: FieldOf<C, T>,
) -> Setting<C> {
    Setting::new(
        key,
        expected.to_owned(),
        Box::new(move |c, text| T::parse(text).map(|v| *field(c) = v).is_some()),
        Box::new(move |c| field(&mut c.clone()).show()),
    )
}

/// An integer type that a setting can have.
pub(crate) trait Number: 'static {
    /// Converts the number if it fits.
    fn of(number: u64) -> Option<Self>
    where
        Self: Sized;
    /// Formats the number as TOML.
    fn text(&self) -> String;
    /// Returns the value of an empty text, if it may be empty.
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

/// Creates a setting of whole numbers within bounds.
pub(crate) fn number<C, T>(
    key: &'static str,
    unit: &str,
    bounds: RangeInclusive<u64>,
    field: FieldOf<C, T>,
) -> Setting<C>
where
    C: Clone + 'static,
    T: Number,
{
    let expected = whole_number(unit, &bounds);
    Setting::new(
        key,
        expected,
        Box::new(move |c, text| {
            let number = if text.is_empty() {
                T::unset()
            } else {
                within(text, &bounds).and_then(T::of)
            };
            number.map(|n| *field(c) = n).is_some()
        }),
        Box::new(move |c| field(&mut c.clone()).text()),
    )
}

/// Creates a setting of a duration in milliseconds.
pub(crate) fn millis<C: Clone + 'static>(
    key: &'static str,
    bounds: RangeInclusive<u64>,
    field: FieldOf<C, Duration>,
) -> Setting<C> {
    duration(key, "milliseconds", 1, bounds, field)
}

/// Creates a setting of a duration in days.
pub(crate) fn days<C: Clone + 'static>(
    key: &'static str,
    bounds: RangeInclusive<u64>,
    field: FieldOf<C, Duration>,
) -> Setting<C> {
    duration(key, "days", 86_400_000, bounds, field)
}

fn duration<C: Clone + 'static>(
    key: &'static str,
    unit: &str,
    unit_ms: u64,
    bounds: RangeInclusive<u64>,
    field: FieldOf<C, Duration>,
) -> Setting<C> {
    let expected = whole_number(unit, &bounds);
    Setting::new(
        key,
        expected,
        Box::new(move |c, text| {
            within(text, &bounds)
                .map(|n| *field(c) = Duration::from_millis(n * unit_ms))
                .is_some()
        }),
        Box::new(move |c| {
            let ms = field(&mut c.clone()).as_millis();
            (ms / u128::from(unit_ms)).to_string()
        }),
    )
}

/// Describes a whole number within bounds; `unit` may be empty.
fn whole_number(unit: &str, bounds: &RangeInclusive<u64>) -> String {
    let of = if unit.is_empty() { "" } else { " of " };
    let (low, high) = (bounds.start(), bounds.end());
    format!("a whole number{of}{unit} from {low} to {high}")
}

fn within(text: &str, bounds: &RangeInclusive<u64>) -> Option<u64> {
    let number: u64 = text.replace('_', "").parse().ok()?;
    bounds.contains(&number).then_some(number)
}
