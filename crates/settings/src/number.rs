//! Settings that are whole numbers and durations.

use crate::Setting;
use std::ops::RangeInclusive;
use std::time::Duration;

/// An integer type that a setting can have: of any size, or an `Option` of one, which an empty text
/// unsets.
pub trait Number: Sized + 'static {
    /// Converts the number if it fits.
    #[must_use]
    fn of(number: u64) -> Option<Self>;

    /// Formats the number as TOML.
    #[must_use]
    fn text(&self) -> String;

    /// Returns the value of an empty text, if it may be empty.
    #[must_use]
    fn unset() -> Option<Self> {
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

numbers!(u8, u16, u32, u64, usize, i32, i64);

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

/// Creates a setting of whole numbers within bounds. `unit` is a plural, such as `entries per page`,
/// or empty.
#[must_use]
pub fn number<C, T>(
    key: &'static str,
    unit: &str,
    bounds: RangeInclusive<u64>,
    field: fn(&mut C) -> &mut T,
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
            *field(c) = number.ok_or(None::<String>)?;
            Ok(())
        }),
        Box::new(move |c| field(&mut c.clone()).text()),
    )
}

/// Creates a setting of a duration in milliseconds. Its key should end with `_ms`.
#[must_use]
pub fn millis<C: Clone + 'static>(
    key: &'static str,
    bounds: RangeInclusive<u64>,
    field: fn(&mut C) -> &mut Duration,
) -> Setting<C> {
    duration(key, "milliseconds", 1, bounds, field)
}

/// Creates a setting of a duration in days. Its key should end with `_days`.
#[must_use]
pub fn days<C: Clone + 'static>(
    key: &'static str,
    bounds: RangeInclusive<u64>,
    field: fn(&mut C) -> &mut Duration,
) -> Setting<C> {
    duration(key, "days", 86_400_000, bounds, field)
}

fn duration<C: Clone + 'static>(
    key: &'static str,
    unit: &str,
    unit_ms: u64,
    bounds: RangeInclusive<u64>,
    field: fn(&mut C) -> &mut Duration,
) -> Setting<C> {
    let expected = whole_number(unit, &bounds);
    Setting::new(
        key,
        expected,
        Box::new(move |c, text| {
            let duration = within(text, &bounds).and_then(|n| n.checked_mul(unit_ms));
            *field(c) = Duration::from_millis(duration.ok_or(None::<String>)?);
            Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_within_its_bounds_fits_its_type() {
        let row = number("size", "", 0..=300, |c: &mut u8| c);
        let mut size = 1;
        for wrong in ["", "-1", "1.5", "301", "256", "ten", " 2"] {
            assert!(row.set(&mut size, wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(size, 1);
        assert_eq!(row.set(&mut size, "2_5_5"), Ok(()));
        assert_eq!((size, &*row.show(&size)), (255, "255"));
    }

    #[test]
    fn an_empty_text_unsets_only_what_may_be_unset() {
        let row = number("port", "", 1..=9, |c: &mut Option<u16>| c);
        let mut port = Some(1);
        assert_eq!(row.set(&mut port, ""), Ok(()));
        assert_eq!((port, &*row.show(&port)), (None, "\"\""));
    }

    #[test]
    fn a_duration_is_given_in_its_unit() {
        let row = days("kept_days", 0..=u64::MAX, |c: &mut Duration| c);
        let mut kept = Duration::ZERO;
        assert_eq!(row.set(&mut kept, "2"), Ok(()));
        assert_eq!(kept, Duration::from_secs(2 * 86_400));
        assert_eq!(row.show(&kept), "2");
        let beyond = u64::MAX.to_string();
        assert!(
            row.set(&mut kept, &beyond).is_err(),
            "more milliseconds than fit"
        );
    }
}
