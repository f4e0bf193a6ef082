//! An extension that is being built: its parts are made one after the other, and wired.

use crate::command::{Asked, Command, Respond, Rights};
use crate::confined_actions::ConfinedActions;
use crate::cx::Cx;
use crate::follower::{Engine, Follower, FollowerStatus, Inbox, Source, StartFrom};
use crate::install::Host;
use crate::installed::Installed;
use crate::mount::{Mount, Serve, Served};
use crate::observed_view::ObservedView;
use crate::op::WireOp;
use crate::places::PLACES;
use crate::respond::Responder;
use crate::{Task, View};
use bus::{Builder, Event as _, Isolated, Request, Subscriber, Tasks};
use rooms::api::{EntriesAppended, EntriesForgotten, StandingOf};
use std::sync::Arc;

/// The facts that carry texts of private and direct rooms: what people wrote there, titles and topics.
const PRIVATE_FACTS: [&str; 2] = [EntriesAppended::NAME, EntriesForgotten::NAME];

/// An extension that is being built.
pub(crate) struct Assembly<'a> {
    pub(crate) cx: Cx,
    pub(crate) builder: &'a mut Builder,
    pub(crate) host: &'a Host,
    /// Spawns on the extension's runtime.
    pub(crate) tasks: Tasks,
    pub(crate) source: &'a Source,
    /// Whether it has declared that it sees private and direct rooms.
    pub(crate) sees_all: bool,
    pub(crate) inbox: Option<Arc<Inbox>>,
    pub(crate) expected: Vec<ExpectedAnswer>,
    pub(crate) mistakes: Vec<String>,
    pub(crate) installed: Installed,
}

/// A request that must have an answerer when everything is installed, and what is wrong without.
pub(crate) struct ExpectedAnswer {
    pub(crate) extension: &'static str,
    pub(crate) request: &'static str,
    pub(crate) otherwise: String,
}

impl Assembly<'_> {
    pub(crate) fn cx(&self) -> &Cx {
        &self.cx
    }

    pub(crate) fn follow<F: Follower>(&mut self, follower: F) {
        let inbox = Arc::new(Inbox::default());
        let status = Arc::new(FollowerStatus::new(self.cx.name(), &inbox));
        self.inbox = Some(Arc::clone(&inbox));
        self.installed.follower = Some(Arc::clone(&status));
        if F::FROM == StartFrom::Beginning {
            self.installed.rebuilt = Some(Arc::clone(&inbox));
        }
        let (follower, cx) = (Arc::new(follower), self.cx.clone());
        let source = self.source.clone();
        self.start(move |tasks| {
            let all = tasks.clone();
            tasks.restarting(cx.name(), "follower", move || {
                let parts = (Arc::clone(&follower), cx.clone());
                let (inbox, status) = (Arc::clone(&inbox), Arc::clone(&status));
                Engine::new(parts, source.clone(), inbox, status).run(all.clone())
            });
        });
    }

    pub(crate) fn subscribe<S: Subscriber<Kind = Isolated>>(&mut self, deps: S::Deps) {
        self.builder
            .isolated_on::<S>(deps, &self.tasks, self.cx.bus());
        if !self.sees_all {
            self.refuse_private_facts(S::NAME);
        }
    }

    /// Whoever follows gets the entries with what it may see, and misses none.
    fn refuse_private_facts(&mut self, subscriber: &'static str) {
        let catalogue = self.builder.catalogue();
        let read = PRIVATE_FACTS.iter().find(|fact| {
            let item = catalogue.find(fact);
            item.is_some_and(|item| item.subscribers.iter().any(|one| one.name == subscriber))
        });
        if let Some(fact) = read {
            self.mistakes.push(format!(
                "its subscriber {subscriber:?} would read the texts of private rooms in {fact}: use \
                 `follows`, which misses nothing and leaves them out, or declare a follower with \
                 `Sees::All`"
            ));
        }
    }

    /// Notes that it asks `R`.
    pub(crate) fn ask<R: Request>(&mut self) {
        let request = R::NAME;
        self.expect::<R>(format!(
            "it asks for {request}, which nothing in this server answers: add the extension that does, or \
             switch it on"
        ));
    }

    pub(crate) fn respond<C: Command, R: Respond<C>>(
        &mut self,
        rights: Rights,
        writes: bool,
        responder: R,
    ) {
        let responder = Responder::new(responder, self.cx.clone(), self.tasks.clone());
        self.builder
            .reads::<Asked<C>, _>(self.cx.name(), PLACES, Arc::new(responder));
        self.op::<C>(rights, writes);
    }

    pub(crate) fn answer<C: Command>(&mut self, rights: Rights) {
        let command = C::NAME;
        self.expect::<Asked<C>>(format!(
            "nothing answers its command {command}: have the subscriber declare it in `wire`, with \
             `wiring.answers_async::<Asked<…>>()`, and add the subscriber with `subscribes`"
        ));
        self.op::<C>(rights, true);
    }

    pub(crate) fn serve<H: Serve>(&mut self, at: Mount, handler: H) {
        let served = Served::new(at, handler, self.cx.clone(), self.tasks.clone());
        self.installed.mounts.push(served);
    }

    pub(crate) fn show<V: View>(&mut self, view: V) {
        if self.installed.view.is_some() {
            self.mistakes
                .push("it declares two views: leave one out".to_owned());
            return;
        }
        let (name, tasks) = (self.cx.name(), &self.tasks);
        if let Some(actions) = view.actions() {
            let of = actions.name();
            if of != name {
                self.mistakes.push(format!(
                    "its actions are named {of:?}: name them {name:?}, for `POST /{name}/…`"
                ));
            }
            let confined = ConfinedActions::new(name, actions, tasks.clone());
            self.installed.actions = Some(Arc::new(confined));
        }
        let observed = Arc::new(ObservedView::new(name, Arc::new(view), tasks.clone()));
        self.installed.view = Some(Arc::clone(&observed));
        self.start(move |tasks| observed.watch(tasks));
    }

    pub(crate) fn run<T: Task>(&mut self, name: &'static str, task: T) {
        let (task, cx) = (Arc::new(task), self.cx.clone());
        self.start(move |tasks| {
            tasks.restarting(cx.name(), name, move || {
                let (task, cx) = (Arc::clone(&task), cx.clone());
                async move { task.run(&cx).await }
            });
        });
    }

    fn expect<R: Request>(&mut self, otherwise: String) {
        self.builder.asks::<R>();
        self.expected.push(ExpectedAnswer {
            extension: self.cx.name(),
            request: R::NAME,
            otherwise,
        });
    }

    fn op<C: Command>(&mut self, rights: Rights, writes: bool) {
        self.builder.asks::<Asked<C>>().asks::<StandingOf>();
        let (bus, tasks) = (&self.host.bus, &self.tasks);
        let op = WireOp::of::<C>(self.cx.name(), (bus, tasks), rights, writes);
        self.installed.ops.push(op);
    }

    fn start(&mut self, start: impl FnOnce(&Tasks) + Send + 'static) {
        self.installed.starts.push(Box::new(start));
    }
}
