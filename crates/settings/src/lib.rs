//! Settings as tables of documented rows.
//!
//! A crate declares its settings beside what they set: a struct with the defaults, and one [`Setting`]
//! per field with its key, its description, its range and what goes wrong at either end. From the rows
//! the binary parses files, variables and flags, prints `default-config`, and writes
//! `docs/configuration.md`. This crate reads none of these sources and depends on nothing.
//!
//! ```
//! use settings::{AnyTable, Contradiction, Setting, Table, number, value};
//!
//! #[derive(Debug, Clone)]
//! struct Settings {
//!     top_max: usize,
//!     page: usize,
//!     greeting: Option<String>,
//! }
//!
//! impl Default for Settings {
//!     fn default() -> Self {
//!         Self { top_max: 100, page: 20, greeting: None }
//!     }
//! }
//!
//! impl Table for Settings {
//!     fn rows() -> Vec<Setting<Self>> {
//!         vec![
//!             number("top_max", "people", 1..=1_000, |c: &mut Self| &mut c.top_max)
//!                 .about("Most people in the list of the best.")
//!                 .ends("The list shows few people.", "A page takes long to build."),
//!             number("page", "people", 1..=1_000, |c: &mut Self| &mut c.page)
//!                 .about("People per page; at most top_max.")
//!                 .ends("Reading the list takes many requests.", "Pages are large."),
//!             value("greeting", "a text", |c: &mut Self| &mut c.greeting)
//!                 .about("Text above the list. Unset: none."),
//!         ]
//!     }
//!
//!     fn check(&self) -> Result<(), Contradiction> {
//!         if self.page <= self.top_max {
//!             return Ok(());
//!         }
//!         let expected = format!("at most top_max, which is {}", self.top_max);
//!         Err(Contradiction::new("page", self.page.to_string(), expected))
//!     }
//! }
//!
//! let mut table = AnyTable::of::<Settings>();
//! table.set("top_max", "10").unwrap();
//! assert!(table.set("top_max", "0").is_err(), "out of range");
//! assert_eq!(table.check().unwrap_err().key, "page");
//! table.set("page", "10").unwrap();
//! assert!(table.check().is_ok());
//! let settings = table.value().downcast::<Settings>().unwrap();
//! assert_eq!(settings.page, 10);
//! ```

mod any_table;
mod contradiction;
mod number;
mod setting;
mod table;
mod value;

pub use any_table::{AnyTable, SetError};
pub use contradiction::Contradiction;
pub use number::{Number, days, millis, number};
pub use setting::{Description, Setting, group, parsed, value};
pub use table::Table;
pub use value::{Value, list, quoted};
