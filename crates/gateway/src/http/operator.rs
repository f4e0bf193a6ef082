//! The operator's listener: how the server is, part by part.

use super::answer::{Answer, json, json_text, nothing_here, only};
use super::health::{Health, Status};
use bus::{Bus, SubscriberFigures, TaskInfo, TaskState, Tasks};
use http::{Method, StatusCode};
use serde_json::value::RawValue;
use serde_json::{Value, json as object};
use std::time::Duration;

/// What the operator looks at. A cheap handle.
#[derive(Clone)]
pub(super) struct Operator {
    pub(super) health: Health,
    pub(super) tasks: Tasks,
    pub(super) bus: Bus,
}

impl Operator {
    pub(super) fn answer(&self, method: &Method, path: &str) -> Answer {
        if method != Method::GET && method != Method::HEAD {
            return only("GET, HEAD");
        }
        match path {
            "/health" => self.whole(),
            "/health/live" => json(StatusCode::OK, &object!({ "status": "ok" })),
            "/health/ready" => state(self.health.status()),
            "/health/tasks" => json(StatusCode::OK, &tasks(&self.tasks.list())),
            "/health/bus" => json(StatusCode::OK, &self.bus()),
            _ => self.part(path),
        }
    }

    fn whole(&self) -> Answer {
        let status = self.health.status();
        let databases = self
            .health
            .part("databases")
            .unwrap_or_else(|| "{}".to_owned());
        let databases = RawValue::from_string(databases).ok();
        json(
            status.code(),
            &object!({ "status": status.as_str(), "databases": databases }),
        )
    }

    fn part(&self, path: &str) -> Answer {
        let part = path
            .strip_prefix("/health/")
            .and_then(|name| self.health.part(name));
        part.map_or_else(nothing_here, |text| json_text(StatusCode::OK, text))
    }

    fn bus(&self) -> Value {
        let figures = self.bus.figures();
        let subscribers: Vec<_> = figures.subscribers.iter().map(subscriber).collect();
        object!({
            "published": figures.published,
            "credits": figures.credits,
            "credits_in_use": figures.credits.saturating_sub(figures.credits_free),
            "subscribers": subscribers,
        })
    }
}

/// One word, for probes that look at the status code alone.
pub(super) fn state(status: Status) -> Answer {
    json(status.code(), &object!({ "status": status.as_str() }))
}

fn subscriber(figures: &SubscriberFigures) -> Value {
    object!({
        "name": figures.name,
        "essential": figures.essential,
        "depth": figures.depth,
        "oldest_ms": ms(figures.oldest),
        "handled": figures.handled,
        "failed": figures.failed,
        "slowest_ms": ms(figures.slowest),
        "missed": figures.missed,
    })
}

fn tasks(list: &[TaskInfo]) -> Value {
    let tasks: Vec<_> = list
        .iter()
        .map(|task| {
            object!({
                "name": task.name,
                "owner": task.owner,
                "state": match task.state {
                    TaskState::Running => "running",
                    TaskState::Waiting => "waiting",
                    TaskState::Stopping => "stopping",
                },
                "age_ms": ms(task.age),
                "restarts": task.restarts,
                "last_error": task.last_error,
            })
        })
        .collect();
    object!({ "count": tasks.len(), "tasks": tasks })
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
