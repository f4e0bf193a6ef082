//! The subscriber: validates commands and submits them as jobs to their room's lane.

use crate::Deps;
use crate::api::{
    DeleteMessage, Done, EditMessage, MarkRead, Marked, React, Refusal, SendMessage, Sent,
};
use crate::emoji::Emoji;
use crate::jobs::{
    ClearMarkersJob, DeleteJob, EditJob, ForgetMessagesJob, MarkReadJob, ReactJob, SendJob,
};
use bus::{Answers, Context, Essential, Handles, LoadError, Reply, Subscriber, Wiring};
use rooms::api::{EntriesForgotten, text};
use sessions::api::PeopleEnded;
use std::sync::Arc;

/// Answers the commands of messaging. Keeps no state in memory.
pub struct Messaging {
    deps: Deps,
}

impl Subscriber for Messaging {
    const NAME: &'static str = "messaging";
    type Kind = Essential;
    type Deps = Deps;

    async fn load(deps: &Deps) -> Result<Self, LoadError> {
        Ok(Self { deps: deps.clone() })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .answers::<SendMessage>()
            .answers::<EditMessage>()
            .answers::<DeleteMessage>()
            .answers::<React>()
            .answers::<MarkRead>()
            .on::<EntriesForgotten>()
            .on::<PeopleEnded>();
    }
}

impl Messaging {
    fn now(&self) -> i64 {
        self.deps.clock.wall_ms()
    }

    fn send(&self, request: SendMessage) -> Result<SendJob, Refusal> {
        text::cid(&request.cid)?;
        Ok(SendJob {
            body: text::body(&request.body)?,
            author: request.caller.user,
            room: request.room,
            cid: request.cid,
            reply_to: request.reply_to,
            at: self.now(),
        })
    }

    fn edit(&self, request: EditMessage) -> Result<EditJob, Refusal> {
        Ok(EditJob {
            body: text::body(&request.body)?,
            author: request.caller.user,
            room: request.room,
            target: request.target,
            at: self.now(),
        })
    }

    fn react(&self, request: React) -> Result<ReactJob, Refusal> {
        let emoji = if request.on {
            Emoji::parse(&request.emoji)?
        } else {
            Emoji::parse_stored(&request.emoji)?
        };
        Ok(ReactJob {
            emoji,
            author: request.caller.user,
            room: request.room,
            target: request.target,
            on: request.on,
            kinds_max: self.deps.settings.reaction_kinds_max,
            at: self.now(),
        })
    }
}

impl Answers<SendMessage> for Messaging {
    fn answer(
        &mut self,
        request: SendMessage,
        reply: Reply<Result<Sent, Refusal>>,
        _ctx: &mut Context,
    ) {
        self.deps.database.hand_over(self.send(request), reply);
    }
}

impl Answers<EditMessage> for Messaging {
    fn answer(
        &mut self,
        request: EditMessage,
        reply: Reply<Result<Done, Refusal>>,
        _ctx: &mut Context,
    ) {
        self.deps.database.hand_over(self.edit(request), reply);
    }
}

impl Answers<DeleteMessage> for Messaging {
    fn answer(
        &mut self,
        request: DeleteMessage,
        reply: Reply<Result<Done, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = DeleteJob {
            author: request.caller.user,
            room: request.room,
            target: request.target,
            at: self.now(),
        };
        self.deps.database.hand_over(Ok(job), reply);
    }
}

impl Answers<React> for Messaging {
    fn answer(&mut self, request: React, reply: Reply<Result<Done, Refusal>>, _ctx: &mut Context) {
        self.deps.database.hand_over(self.react(request), reply);
    }
}

impl Answers<MarkRead> for Messaging {
    fn answer(
        &mut self,
        request: MarkRead,
        reply: Reply<Result<Marked, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = MarkReadJob {
            user: request.caller.user.id,
            connection: request.connection,
            room: request.room,
            seq: request.seq,
        };
        self.deps.database.hand_over(Ok(job), reply);
    }
}

/// After a crash that loses this event, the first sweep after the start does this work.
impl Handles<EntriesForgotten> for Messaging {
    fn handle(&mut self, fact: &Arc<EntriesForgotten>, ctx: &mut Context) {
        let job = ForgetMessagesJob {
            room: fact.room.id,
            key: fact.room.key.clone(),
            range: (fact.from, fact.kept_from),
        };
        self.deps.database.submit_from(job, ctx.origin());
    }
}

impl Handles<PeopleEnded> for Messaging {
    fn handle(&mut self, fact: &Arc<PeopleEnded>, ctx: &mut Context) {
        let users = fact.users.clone();
        self.deps
            .database
            .submit_from(ClearMarkersJob { users }, ctx.origin());
    }
}
