//! Noticing a store that went back in time: a mark says how far it had come.

mod check_at_start;
mod mark;
mod mark_keeper;
mod pg_mark;
mod renew_epoch;

pub(crate) use check_at_start::check_at_start;
pub(crate) use mark::{Mark, refuse_missing};
pub(crate) use mark_keeper::MarkKeeper;
pub(crate) use pg_mark::{PgMark, renew_with_mark};
pub(crate) use renew_epoch::{renew_postgres, renew_sqlite};
