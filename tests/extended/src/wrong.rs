//! Extensions that are declared wrongly, by name.

use crate::parts::Parts;
use crate::tally::{self, Tally};
use bus::{ActError, Acting, OperatorActions};
use parlor::prelude::*;
use rooms::api::EntriesAppended;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// Returns the extensions of this mistake.
pub(crate) fn extensions(mistake: &str) -> Vec<Extension> {
    let wrong = || Extension::new("wrong");
    match mistake {
        "taken name" => vec![Extension::new("tally")],
        "illegal name" => vec![Extension::new("Wrong!")],
        "reserved name" => vec![Extension::new("core")],
        "no migrations" => {
            vec![wrong().database(migrations!("migrations/none", "migrations/none"))]
        }
        "no migrations for postgres" => {
            vec![wrong().database(migrations!("migrations/tally/sqlite", "migrations/none"))]
        }
        "two followers" => vec![wrong().follows(|_| Tally).follows(|_| Tally)],
        "two views" => vec![wrong().shows(|_| Blank).shows(|_| Blank)],
        "two subscribers" => vec![
            wrong()
                .subscribes::<Idle>(|_| ())
                .subscribes::<Idle>(|_| ()),
        ],
        "subscriber of another" => vec![Extension::new("other").subscribes::<Idle>(|_| ())],
        "reads private rooms" => vec![wrong().subscribes::<Eavesdropper>(|_| ())],
        "two commands of one name" => vec![
            wrong()
                .reads::<Do, _>(Rights::Anyone, |_| Done)
                .reads::<DoToo, _>(Rights::Anyone, |_| Done),
        ],
        "command of another" => {
            vec![Extension::new("other").reads::<Do, _>(Rights::Anyone, |_| Done)]
        }
        "command that nothing answers" => {
            vec![
                wrong()
                    .subscribes::<Idle>(|_| ())
                    .answers::<Do, Idle>(Rights::Anyone),
            ]
        }
        "request that nothing answers" => vec![wrong().asks::<Asked<Do>>()],
        "two answerers" => vec![
            wrong()
                .reads::<Do, _>(Rights::Anyone, |_| Done)
                .subscribes::<Answerer>(|_| ()),
        ],
        "path of the server" => vec![wrong().serves(Mount::At("/api/"), |_| Done)],
        "path of another" => vec![wrong().serves(Mount::At("/api/v1/x/tally/"), |_| Done)],
        "one path twice" => vec![
            wrong()
                .serves(Mount::At("/same/"), |_| Done)
                .serves(Mount::At("/same/"), |_| Done),
        ],
        "panics while it is made" => vec![wrong().shows(|_| -> Blank { panic!("no ballots") })],
        "settings of another type" => vec![wrong().runs("task", |cx| {
            let _ = cx.settings::<Parts>();
            Done
        })],
        "database that it has not" => vec![wrong().runs("task", |cx| {
            let _ = cx.database();
            Done
        })],
        "actions of another" => vec![wrong().shows(|_| Acts)],
        "names alike" => vec![tally::named("tally_more")],
        _ => panic!("no mistake is called {mistake:?}"),
    }
}

struct Blank;

impl View for Blank {}

struct Acts;

impl View for Acts {
    fn actions(&self) -> Option<Arc<dyn OperatorActions>> {
        Some(Arc::new(Self))
    }
}

impl OperatorActions for Acts {
    fn name(&self) -> &'static str {
        "accounts"
    }

    fn act(&self, _: &str) -> Option<Acting> {
        let done: Result<String, ActError> = Ok("{}".to_owned());
        Some(Box::pin(async { done }))
    }
}

/// Handles nothing.
struct Idle;

impl Subscriber for Idle {
    const NAME: &'static str = "wrong.idle";
    type Kind = Isolated;
    type Deps = ();

    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self)
    }

    fn wire(_: &mut Wiring<Self>) {}
}

impl AnswersAsync<Asked<Do>> for Idle {
    async fn answer(
        &mut self,
        _: Asked<Do>,
        reply: Reply<Result<Value, Declined>>,
        _: &mut Context,
    ) -> anyhow::Result<()> {
        reply.answer(Ok(Value::Null));
        Ok(())
    }
}

/// Answers what something else answers, too.
struct Answerer;

impl Subscriber for Answerer {
    const NAME: &'static str = "wrong.answerer";
    type Kind = Isolated;
    type Deps = ();

    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self)
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.answers_async::<Asked<Do>>();
    }
}

impl AnswersAsync<Asked<Do>> for Answerer {
    async fn answer(
        &mut self,
        _: Asked<Do>,
        reply: Reply<Result<Value, Declined>>,
        _: &mut Context,
    ) -> anyhow::Result<()> {
        reply.answer(Ok(Value::Null));
        Ok(())
    }
}

/// Subscribes to the entries of all rooms.
struct Eavesdropper;

impl Subscriber for Eavesdropper {
    const NAME: &'static str = "wrong.eavesdropper";
    type Kind = Isolated;
    type Deps = ();

    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self)
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<EntriesAppended>();
    }
}

impl Handles<EntriesAppended> for Eavesdropper {
    fn handle(&mut self, _: &Arc<EntriesAppended>, _: &mut Context) {}
}

#[derive(Deserialize)]
struct Do {}

impl Command for Do {
    const NAME: &'static str = "wrong.do";
    type Answer = Value;
}

/// Another command of the same name.
#[derive(Deserialize)]
struct DoToo {}

impl Command for DoToo {
    const NAME: &'static str = "wrong.do";
    type Answer = Value;
}

struct Done;

impl Respond<Do> for Done {
    async fn respond(&self, _: Asked<Do>, _: &Cx) -> Result<Value, Declined> {
        Ok(Value::Null)
    }
}

impl Respond<DoToo> for Done {
    async fn respond(&self, _: Asked<DoToo>, _: &Cx) -> Result<Value, Declined> {
        Ok(Value::Null)
    }
}

impl Serve for Done {
    async fn serve(&self, _: HttpRequest, _: &Cx) -> HttpResponse {
        HttpResponse::new("done\n".into())
    }
}

impl Task for Done {
    async fn run(&self, _: &Cx) -> anyhow::Result<()> {
        Ok(())
    }
}
