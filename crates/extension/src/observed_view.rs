//! What an extension shows the operator, as it was when it was last looked at.
//!
//! The view is code of the extension: it may loop, block or panic. So it is looked at in a task on the
//! runtime of extensions, and whoever shows the result waits for it a short while at most.

use crate::view::{Metric, View};
use bus::{Tasks, panics};
use parking_lot::Mutex;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// How often it is looked at, so that its trouble shows although nobody asks.
const EVERY: Duration = Duration::from_secs(5);

/// How long whoever shows it waits for a look.
const REFRESH: Duration = Duration::from_millis(250);

/// A look that takes longer is trouble of its own. Threads of the lowest priority may wait for a while.
const LOOK_MAX: Duration = Duration::from_secs(5);

/// The most bytes of its figures, and the most metrics.
const FIGURES_MAX: usize = 64 * 1024;
const METRICS_MAX: usize = 100;

/// Longest name of a metric, without the extension's.
const METRIC_NAME_MAX: usize = 64;

/// The view of an extension, and what it showed last.
pub(crate) struct ObservedView {
    extension: &'static str,
    view: Arc<dyn View>,
    tasks: Tasks,
    /// Since when a look has been under way.
    looking: Mutex<Option<Instant>>,
    seen: watch::Sender<Arc<Seen>>,
}

/// What a view showed.
struct Seen {
    figures: Box<RawValue>,
    metrics: Vec<Metric>,
    trouble: Option<String>,
}

impl ObservedView {
    pub(crate) fn new(extension: &'static str, view: Arc<dyn View>, tasks: Tasks) -> Self {
        Self {
            extension,
            view,
            tasks,
            looking: Mutex::default(),
            seen: watch::Sender::new(Arc::new(Seen {
                figures: json(&Value::Null),
                metrics: Vec::new(),
                trouble: None,
            })),
        }
    }

    /// Looks at it again and again.
    pub(crate) fn watch(self: &Arc<Self>, tasks: &Tasks) {
        let this = Arc::clone(self);
        this.look();
        tasks.periodic(self.extension, "watch view", EVERY, 0.1, move || {
            this.look();
            std::future::ready(Ok(()))
        });
    }

    /// Looks at it, and waits for what it shows for [`REFRESH`].
    pub(crate) async fn refresh(self: Arc<Self>) {
        let mut seen = self.seen.subscribe();
        let hangs = |since: Instant| since.elapsed() >= REFRESH;
        if self.looking.lock().is_some_and(hangs) {
            return;
        }
        self.look();
        // Without a new look the last one is shown, and after a while `trouble` says so.
        let _ = timeout(REFRESH, seen.changed()).await;
    }

    /// Starts a look, unless one is under way: one that hangs stays the only one.
    fn look(self: &Arc<Self>) {
        let mut looking = self.looking.lock();
        if looking.is_some() {
            return;
        }
        *looking = Some(Instant::now());
        drop(looking);
        let this = Arc::clone(self);
        self.tasks.once(self.extension, "view", async move {
            let seen = panics::caught_now(|| Seen::of(&*this.view));
            *this.looking.lock() = None;
            let seen = seen.unwrap_or_else(|panic| this.seen.borrow().panicked(&panic));
            this.seen.send_replace(Arc::new(seen));
        });
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        let since = *self.looking.lock();
        let looking = since.map_or(Duration::ZERO, |since| since.elapsed());
        if looking < LOOK_MAX {
            return self.seen.borrow().trouble.clone();
        }
        let seconds = looking.as_secs();
        Some(format!(
            "its view has not answered for {seconds} s; figures and metrics are older"
        ))
    }

    pub(crate) fn figures(&self) -> Box<RawValue> {
        self.seen.borrow().figures.clone()
    }

    pub(crate) fn metrics(&self) -> Vec<Metric> {
        self.seen.borrow().metrics.clone()
    }
}

impl Seen {
    /// Looks at a view.
    fn of(view: &dyn View) -> Self {
        let (metrics, wrong_metric) = checked(view.metrics());
        let mut figures = json(&view.figures());
        let mut wrong_figures = None;
        if figures.get().len() > FIGURES_MAX {
            let bytes = figures.get().len();
            wrong_figures = Some(format!(
                "its figures have {bytes} bytes, and at most {FIGURES_MAX} are shown"
            ));
            figures = json(&Value::Null);
        }
        let trouble = view.trouble().or(wrong_figures).or(wrong_metric);
        Self {
            figures,
            metrics,
            trouble,
        }
    }

    /// Returns the same after a look that panicked.
    fn panicked(&self, panic: &str) -> Self {
        Self {
            figures: self.figures.clone(),
            metrics: self.metrics.clone(),
            trouble: Some(format!("its view {panic}")),
        }
    }
}

fn json(value: &Value) -> Box<RawValue> {
    to_raw_value(value).expect("a value is JSON")
}

/// Keeps the metrics that can stand on the page, which one that cannot would spoil for everybody. Returns
/// them with what is wrong with the others.
fn checked(metrics: Vec<Metric>) -> (Vec<Metric>, Option<String>) {
    let (mut kept, mut names, mut wrong) = (Vec::new(), BTreeSet::new(), None);
    for metric in metrics {
        let name = metric.name;
        let problem = if kept.len() == METRICS_MAX {
            Some(format!("it has more than {METRICS_MAX} metrics"))
        } else if !is_name(name) {
            Some(format!(
                "its metric {name:?} is not made of at most {METRIC_NAME_MAX} of a-z, 0-9 and _"
            ))
        } else if metric.about.contains(char::is_control) {
            Some(format!("the text of its metric {name} has several lines"))
        } else if !names.insert(name) {
            Some(format!("it has two metrics named {name}"))
        } else {
            kept.push(metric);
            None
        };
        wrong = wrong.or(problem);
    }
    (kept, wrong)
}

/// Whether this can follow `parlor_EXTENSION_`. The names of a follower's metrics are taken.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !name.is_empty()
        && name.len() <= METRIC_NAME_MAX
        && name.chars().all(fits)
        && !name.ends_with("_total")
        && !name.starts_with("follower_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::MetricValue;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::thread;
    use tokio_util::sync::CancellationToken;

    fn metric(name: &'static str, about: &'static str) -> Metric {
        Metric {
            name,
            about,
            value: MetricValue::Counter(1),
        }
    }

    #[test]
    fn a_metric_that_would_spoil_the_page_is_left_out_and_named() {
        for (wrong, said) in [
            (metric("two words", "Words"), "\"two words\""),
            (metric("", "Nothing"), "\"\""),
            (metric("points_total", "Points"), "\"points_total\""),
            (metric("follower_entries", "Taken"), "\"follower_entries\""),
            (metric("lines", "One\nTwo"), "several lines"),
            (metric("points", "Points again"), "two metrics named points"),
        ] {
            let (kept, why) = checked(vec![metric("points", "Points"), wrong]);
            assert_eq!(kept.len(), 1, "{said}");
            assert!(
                why.as_ref().is_some_and(|why| why.contains(said)),
                "{why:?}"
            );
        }
        let many = (0..200).map(|n| metric(format!("n{n}").leak(), "Numbers"));
        let (kept, why) = checked(many.collect());
        assert_eq!(kept.len(), METRICS_MAX);
        assert!(why.unwrap().contains("more than 100"));
    }

    /// Shows how often it was looked at, until it blocks or panics.
    #[derive(Default)]
    struct Odd {
        looks: AtomicU64,
        blocks: AtomicU64,
        panics: AtomicU64,
    }

    impl View for Odd {
        fn figures(&self) -> Value {
            assert_eq!(self.panics.load(SeqCst), 0, "no figures today");
            thread::sleep(Duration::from_millis(self.blocks.load(SeqCst)));
            self.looks.fetch_add(1, SeqCst).into()
        }
    }

    #[tokio::test]
    async fn a_view_that_blocks_or_panics_shows_what_it_showed_before() {
        let runtime = crate::ExtensionRuntime::start("odd").unwrap();
        let tasks = Tasks::new(CancellationToken::default()).on(runtime.handle());
        let odd = Arc::new(Odd::default());
        let view = Arc::new(ObservedView::new("odd", Arc::new(Arc::clone(&odd)), tasks));
        Arc::clone(&view).refresh().await;
        assert_eq!((view.figures().get(), view.trouble()), ("0", None));

        odd.blocks.store(1_500, SeqCst);
        let began = Instant::now();
        Arc::clone(&view).refresh().await;
        assert!(began.elapsed() < Duration::from_secs(1));
        assert_eq!(view.figures().get(), "0");

        odd.blocks.store(0, SeqCst);
        odd.panics.store(1, SeqCst);
        while view.trouble().is_none() {
            Arc::clone(&view).refresh().await;
        }
        let trouble = view.trouble().unwrap();
        assert!(trouble.contains("no figures today"), "{trouble}");
        assert_eq!(view.figures().get(), "1", "the look that blocked has ended");
    }

    struct Large;

    impl View for Large {
        fn figures(&self) -> Value {
            "x".repeat(FIGURES_MAX).into()
        }
    }

    #[test]
    fn figures_that_are_too_large_are_not_shown() {
        let seen = Seen::of(&Large);
        assert_eq!(seen.figures.get(), "null");
        assert!(seen.trouble.unwrap().contains("at most 65536"));
    }
}
