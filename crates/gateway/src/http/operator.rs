//! The operator's listener: health, metrics and actions of the server's parts.

use super::health::{Health, Status};
use super::host::Hosts;
use super::response::{
    HttpResponse, bytes, error, json, json_text, method_not_allowed, not_found, text,
};
use crate::metrics::{CONTENT_TYPE, MetricsPage};
use crate::shared::Shared;
use crate::wire::{Error, INTERNAL};
use bus::{ActError, Acting, OperatorActions, SubscriberMetrics, TaskInfo, TaskState, TraceId};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use http::{Method, Request, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;
use serde_json::{Value, json as object};
use std::sync::Arc;
use std::time::Duration;

/// What the operator's listener shows and does besides the server's health.
pub struct OperatorView {
    /// The page at `/metrics`.
    pub metrics: MetricsPage,
    /// Further actions, at `POST /{name}/…`.
    pub actions: Vec<Arc<dyn OperatorActions>>,
}

/// Answers the operator's requests. A cheap handle.
#[derive(Clone)]
pub(super) struct Operator {
    pub(super) health: Health,
    pub(super) view: Arc<OperatorView>,
    pub(super) hosts: Arc<Hosts>,
    pub(super) shared: Arc<Shared>,
}

impl OperatorView {
    /// Starts an action; `None` if there is none of this name.
    fn act(&self, name: &str, path: &str) -> Option<Acting> {
        let actions = self.actions.iter().find(|actions| actions.name() == name)?;
        actions.act(path)
    }
}

impl Operator {
    /// Answers one request; only an action takes long.
    pub(super) fn answer<B>(&self, request: &Request<B>) -> BoxFuture<'static, HttpResponse> {
        if let Err(wrong) = self.hosts.check(request) {
            return ready(self.hosts.refuse(wrong, &self.shared.rejections)).boxed();
        }
        let path = request.uri().path();
        if request.method() != Method::POST {
            let (this, method, path) = (self.clone(), request.method().clone(), path.to_owned());
            return async move {
                this.refresh(&path).await;
                this.show(&method, &path)
            }
            .boxed();
        }
        // There is no authentication here, so a web page in the operator's browser must not act.
        if request.headers().contains_key(header::ORIGIN) {
            let line = "actions from web pages are not allowed\n";
            return ready(text(StatusCode::FORBIDDEN, line)).boxed();
        }
        let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        let acting = parts.and_then(|(part, action)| {
            let action = percent_decode_str(action).decode_utf8().ok()?;
            self.view.act(part, &action)
        });
        match acting {
            Some(acting) => act(acting).boxed(),
            None => ready(not_found()).boxed(),
        }
    }

    /// Brings up to date what this page shows. The page for probes that decide whether the server gets
    /// clients, or is restarted, waits for nothing.
    fn refresh(&self, path: &str) -> BoxFuture<'static, ()> {
        match path {
            "/health/live" | "/health/ready" => ready(()).boxed(),
            "/metrics" | "/health" => self.health.refresh(None),
            _ => match path.strip_prefix("/health/") {
                Some(part) => self.health.refresh(Some(part)),
                None => ready(()).boxed(),
            },
        }
    }

    fn show(&self, method: &Method, path: &str) -> HttpResponse {
        if method != Method::GET && method != Method::HEAD {
            return method_not_allowed("GET, HEAD");
        }
        match path {
            "/health/tasks" => json(StatusCode::OK, &tasks(&self.shared.tasks.list())),
            "/health/bus" => json(StatusCode::OK, &self.bus()),
            "/metrics" => metrics(&self.view.metrics),
            _ => show_health(&self.health, path),
        }
    }

    fn bus(&self) -> Value {
        let metrics = self.shared.bus.metrics();
        let subscribers: Vec<_> = metrics.subscribers.iter().map(subscriber).collect();
        object!({
            "published": metrics.published,
            "credits": metrics.credits,
            "credits_in_use": metrics.credits.saturating_sub(metrics.credits_free),
            "subscribers": subscribers,
        })
    }
}

/// Returns a health page, of the whole server or of one of its parts.
pub(super) fn show_health(health: &Health, path: &str) -> HttpResponse {
    match path {
        "/health" => whole(health),
        "/health/live" => json(StatusCode::OK, &object!({ "status": "ok" })),
        "/health/ready" => state(health.status()),
        _ => {
            let part = path.strip_prefix("/health/");
            let part = part.and_then(|name| health.part(name));
            part.map_or_else(not_found, |text| json_text(StatusCode::OK, text))
        }
    }
}

fn whole(health: &Health) -> HttpResponse {
    let status = health.status();
    let part = health.part("databases").unwrap_or_default();
    let part: Option<Databases> = serde_json::from_str(&part).ok();
    let databases = part.map(|part| part.databases);
    json(
        status.code(),
        &object!({ "status": status.as_str(), "databases": databases }),
    )
}

/// Returns the metrics page.
pub(super) fn metrics(page: &MetricsPage) -> HttpResponse {
    match page.text() {
        Ok(text) => bytes(StatusCode::OK, CONTENT_TYPE, text.into()),
        Err(fault) => {
            let trace = TraceId::random();
            tracing::error!(%trace, %fault, "could not write the metrics page");
            error(&Error::new(&INTERNAL).traced(trace))
        }
    }
}

/// The part of storage's report that `/health` shows.
#[derive(serde::Deserialize)]
struct Databases<'j> {
    #[serde(borrow)]
    databases: &'j RawValue,
}

async fn act(acting: Acting) -> HttpResponse {
    match acting.await {
        Ok(done) => json_text(StatusCode::OK, done),
        Err(error) => {
            let status = match error {
                ActError::Busy => StatusCode::CONFLICT,
                ActError::Unknown(_) => StatusCode::NOT_FOUND,
                ActError::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            json(status, &object!({ "error": error.to_string() }))
        }
    }
}

/// Returns the status alone, for probes that look at the status code.
fn state(status: Status) -> HttpResponse {
    json(status.code(), &object!({ "status": status.as_str() }))
}

fn subscriber(metrics: &SubscriberMetrics) -> Value {
    object!({
        "name": metrics.name,
        "essential": metrics.essential,
        "depth": metrics.depth,
        "oldest_ms": ms(metrics.oldest),
        "handled": metrics.handled,
        "failed": metrics.failed,
        "slowest_ms": ms(metrics.slowest),
        "missed": metrics.missed,
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
