//! The bus: what waits, for how long, and who has missed what.

use super::{Figures, Sheet};
use bus::{Bus, SubscriberFigures};
use std::fmt;

pub(super) struct BusFigures(pub(super) Bus);

impl Figures for BusFigures {
    fn write(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let figures = self.0.figures();
        let all = &figures.subscribers;
        let in_use = figures.credits.saturating_sub(figures.credits_free);
        sheet.counter("bus_events", "Events put on the bus", figures.published)?;
        sheet.gauge(
            "bus_credits",
            "Credits at the edge, in all",
            figures.credits,
        )?;
        sheet.gauge(
            "bus_credits_in_use",
            "Credits not at home: what is under way",
            in_use,
        )?;
        sheet.gauges(
            "bus_subscriber_depth",
            "Events and requests that wait for a subscriber",
            by_name(all, |one| one.depth),
        )?;
        sheet.gauges(
            "bus_subscriber_oldest_seconds",
            "Age of the oldest thing a subscriber has not finished with: its lag",
            by_name(all, |one| one.oldest.as_secs_f64()),
        )?;
        sheet.gauges(
            "bus_subscriber_slowest_seconds",
            "The slowest handler call since the start",
            by_name(all, |one| one.slowest.as_secs_f64()),
        )?;
        sheet.counters(
            "bus_subscriber_handled",
            "Events and requests handled",
            by_name(all, |one| one.handled),
        )?;
        sheet.counters(
            "bus_subscriber_failed",
            "Handlers that failed, panicked or took too long",
            by_name(all, |one| one.failed),
        )?;
        sheet.counters(
            "bus_subscriber_missed",
            "Events that an isolated subscriber was too slow for, and reads again from storage",
            by_name(all, |one| one.missed),
        )
    }
}

fn by_name<V>(
    subscribers: &[SubscriberFigures],
    figure: impl Fn(&SubscriberFigures) -> V,
) -> impl Iterator<Item = ([(&'static str, &'static str); 1], V)> {
    subscribers
        .iter()
        .map(move |one| ([("subscriber", one.name)], figure(one)))
}
