//! Lists of values in statements that stay prepared: parsing would cost as much as the work itself.
//!
//! PostgreSQL takes a list as one array, so the text is the same for any length. SQLite has no
//! arrays and needs a placeholder for each value; here their number is a power of two, the last
//! value repeated if need be, so that few texts serve all lengths. Diesel's own `eq_any` writes
//! another text for each length and prepares it each time.
//!
//! [`ListExpressionMethods::one_of`] is for a column that is one of many values, [`Rows`] for a
//! list that is joined with, or inserted. Before an insert, [`lengths`] splits a list into parts
//! that need no repeated value.

mod column;
mod one_of;
mod rows;

pub use column::ListColumn;
pub use one_of::{ListExpressionMethods, OneOf};
pub use rows::Rows;

use crate::Backend;

/// Longer lists are rare and their statements large: those are prepared each time.
const KEPT_MAX: usize = 1_024;

/// Returns the number of placeholders for so many values on SQLite.
fn places(values: usize) -> usize {
    if is_kept(values) {
        values.next_power_of_two()
    } else {
        values
    }
}

/// Whether a statement with a list of so many values stays prepared on SQLite.
fn is_kept(values: usize) -> bool {
    values <= KEPT_MAX
}

/// Returns lengths that add up to `all`; a list of each of them repeats no value.
pub fn lengths(backend: Backend, all: usize) -> impl Iterator<Item = usize> {
    let mut left = all;
    std::iter::from_fn(move || {
        let highest = left.checked_ilog2()?;
        let length = match backend {
            Backend::Sqlite => 1 << highest,
            Backend::Postgres => left,
        };
        left -= length;
        Some(length)
    })
}

#[cfg(test)]
mod tests;
