//! `parlor events`: lists the events and requests of this server, with its extensions.

use crate::app;
use crate::config::Config;
use crate::exit::Failure;
use bus::{CatalogueItem, CatalogueKind};
use extension::Extension;

/// Prints a line for each event and request: its name, its kind and who handles it.
pub(crate) fn events(config: &Config, extensions: Vec<Extension>) -> Result<(), Failure> {
    let catalogue = app::catalogue(config, extensions)?;
    let names = catalogue.items.iter().map(|item| item.name.len());
    let width = names.max().unwrap_or_default();
    for item in &catalogue.items {
        println!(
            "{:width$}  {:10}  {}",
            item.name,
            kind(item),
            handled_by(item)
        );
    }
    Ok(())
}

fn kind(item: &CatalogueItem) -> &'static str {
    match item.kind {
        CatalogueKind::Fact => "fact",
        CatalogueKind::OrderedRequest => "ordered",
        CatalogueKind::ConcurrentRequest => "concurrent",
        CatalogueKind::UnansweredRequest => "unanswered",
    }
}

fn handled_by(item: &CatalogueItem) -> String {
    if let Some(answerer) = item.answered_by {
        return answerer.to_owned();
    }
    let subscribers = item.subscribers.iter().map(|subscriber| {
        let isolated = if subscriber.essential {
            ""
        } else {
            " (isolated)"
        };
        format!("{}{isolated}", subscriber.name)
    });
    let subscribers: Vec<_> = subscribers.collect();
    if subscribers.is_empty() {
        return "nobody".to_owned();
    }
    subscribers.join(", ")
}
