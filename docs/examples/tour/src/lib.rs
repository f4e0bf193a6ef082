//! Tour: one file for each thing that an extension can have, as small as it can be.

mod commands;
mod crowd;
mod figures;
mod http;
mod last_words;
mod lines;
mod report;
mod settings;

use parlor::prelude::*;
use std::sync::Arc;

/// Returns the extension.
pub fn extension() -> Extension {
    // What several parts share. It has one writer, the subscriber; the others read.
    let figures = Arc::new(figures::Figures::default());
    let (counted, shown, served, reported) =
        (figures.clone(), figures.clone(), figures.clone(), figures);
    Extension::new("tour")
        .settings::<settings::Settings>()
        .database(migrations!("migrations/sqlite", "migrations/postgres"))
        .follows(|_| last_words::LastWords)
        .reads::<commands::Last, _>(Rights::Member, |_| commands::Tour)
        .writes::<commands::Forget, _>(Rights::Moderator, |_| commands::Tour)
        .subscribes::<crowd::Crowd>(move |cx| (cx.clone(), counted))
        .subscribes::<crowd::Announcer>(Cx::clone)
        .serves(Mount::Prefix, |_| http::Badge(served))
        .serves(Mount::At("/lines/"), |_| lines::Lines)
        .shows(|_| shown)
        .runs("report", |_| report::Report(reported))
}
