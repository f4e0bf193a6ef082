//! The subscriber: validates commands and submits them as jobs to their room's lane.

use crate::api::{
    AnswerDirect, CreateLink, CreateRoom, Created, DirectRoom, Done, JoinByLink, JoinRoom, Joined,
    LeaveRoom, LinkCreated, LinkId, LinkRevoked, Moderate, OpenDirect, PreferencesSet, Refusal,
    RevokeLink, SetPreferences, UpdateRoom,
};
use crate::jobs::{
    AnswerDirectJob, ClearEndedJob, EndGuestJob, EndMembershipJob, EndedMembersFound,
    ExpireGuestJob, ForgetPeopleJob, GuestRemoved, GuestRoomsFound, JoinJob, LeaveJob,
    MarkEligibleJob, ModerateJob, OpenDirectJob, RemoveGuestJob, RevokeLinkJob, SetPreferencesJob,
};
use crate::{Deps, validate};
use bus::{Answers, Context, Essential, Handles, LoadError, Reply, Subscriber, Wiring};
use sessions::api::{
    GuestExpired, GuestsUpgraded, PeopleEnded, PeopleForgettable, PresenceChanged, PresenceLoaded,
};
use std::sync::Arc;

/// Answers the commands of rooms, and cleans up after guests and accounts that end. Besides
/// the copy of who is online it keeps no state in memory.
pub struct Rooms {
    deps: Deps,
}

impl Subscriber for Rooms {
    const NAME: &'static str = "rooms";
    type Kind = Essential;
    type Deps = Deps;

    async fn load(deps: &Deps) -> Result<Self, LoadError> {
        Ok(Self { deps: deps.clone() })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .answers::<JoinRoom>()
            .answers::<LeaveRoom>()
            .answers::<CreateRoom>()
            .answers::<UpdateRoom>()
            .answers::<OpenDirect>()
            .answers::<AnswerDirect>()
            .answers::<Moderate>()
            .answers::<SetPreferences>()
            .answers::<CreateLink>()
            .answers::<RevokeLink>()
            .answers::<JoinByLink>()
            .on::<PresenceLoaded>()
            .on::<PresenceChanged>()
            .on::<GuestExpired>()
            .on::<GuestRoomsFound>()
            .on::<GuestRemoved>()
            .on::<GuestsUpgraded>()
            .on::<PeopleEnded>()
            .on::<PeopleForgettable>()
            .on::<EndedMembersFound>();
    }
}

impl Rooms {
    fn now(&self) -> i64 {
        self.deps.clock.wall_ms()
    }
}

impl Answers<JoinRoom> for Rooms {
    fn answer(
        &mut self,
        request: JoinRoom,
        reply: Reply<Result<Joined, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = JoinJob {
            user: request.caller.user,
            room: request.room,
            code: None,
            rooms_max: self.deps.settings.rooms_max,
            at: self.now(),
        };
        self.deps.database.hand_over(Ok(job), reply);
    }
}

impl Answers<LeaveRoom> for Rooms {
    fn answer(
        &mut self,
        request: LeaveRoom,
        reply: Reply<Result<Done, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = LeaveJob {
            user: request.caller.user,
            room: request.room,
            at: self.now(),
        };
        self.deps.database.hand_over(Ok(job), reply);
    }
}

impl Answers<CreateRoom> for Rooms {
    fn answer(
        &mut self,
        request: CreateRoom,
        reply: Reply<Result<Created, Refusal>>,
        _ctx: &mut Context,
    ) {
        self.deps
            .database
            .hand_over(validate::create(request, &self.deps), reply);
    }
}

impl Answers<UpdateRoom> for Rooms {
    fn answer(
        &mut self,
        request: UpdateRoom,
        reply: Reply<Result<Created, Refusal>>,
        _ctx: &mut Context,
    ) {
        self.deps
            .database
            .hand_over(validate::update(request, self.now()), reply);
    }
}

impl Answers<OpenDirect> for Rooms {
    fn answer(
        &mut self,
        request: OpenDirect,
        reply: Reply<Result<DirectRoom, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = OpenDirectJob {
            caller: request.caller.user,
            user: request.user,
            key: self.deps.new_key(),
            rooms_max: self.deps.settings.rooms_max,
            quotas: self.deps.settings.quotas.clone(),
            at: self.now(),
        };
        self.deps.database.hand_over(Ok(job), reply);
    }
}

impl Answers<AnswerDirect> for Rooms {
    fn answer(
        &mut self,
        request: AnswerDirect,
        reply: Reply<Result<Created, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = AnswerDirectJob {
            caller: request.caller.user,
            room: request.room,
            rooms_max: self.deps.settings.rooms_max,
            at: self.now(),
        };
        self.deps.database.hand_over(Ok(job), reply);
    }
}

impl Answers<Moderate> for Rooms {
    fn answer(
        &mut self,
        request: Moderate,
        reply: Reply<Result<Done, Refusal>>,
        _ctx: &mut Context,
    ) {
        let reason = validate::reason(request.reason);
        let at = self.now();
        let job = reason.map(|reason| ModerateJob {
            actor: request.caller.user,
            room: request.room,
            user: request.user,
            what: request.what,
            reason,
            quotas: self.deps.settings.quotas.clone(),
            at,
        });
        self.deps.database.hand_over(job, reply);
    }
}

impl Answers<SetPreferences> for Rooms {
    fn answer(
        &mut self,
        request: SetPreferences,
        reply: Reply<Result<PreferencesSet, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = SetPreferencesJob {
            user: request.caller.user.id,
            connection: request.connection,
            room: request.room,
            quiet_until: request.quiet_until,
            favourite: request.favourite,
            at: self.now(),
        };
        self.deps.database.hand_over(Ok(job), reply);
    }
}

impl Answers<JoinByLink> for Rooms {
    fn answer(
        &mut self,
        request: JoinByLink,
        reply: Reply<Result<Joined, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = JoinJob {
            user: request.caller.user,
            room: request.room,
            code: Some(request.code),
            rooms_max: self.deps.settings.rooms_max,
            at: self.now(),
        };
        self.deps.database.hand_over(Ok(job), reply);
    }
}

impl Answers<CreateLink> for Rooms {
    fn answer(
        &mut self,
        request: CreateLink,
        reply: Reply<Result<LinkCreated, Refusal>>,
        _ctx: &mut Context,
    ) {
        self.deps
            .database
            .hand_over(validate::link(request, &self.deps), reply);
    }
}

impl Answers<RevokeLink> for Rooms {
    fn answer(
        &mut self,
        request: RevokeLink,
        reply: Reply<Result<LinkRevoked, Refusal>>,
        _ctx: &mut Context,
    ) {
        let link = LinkId::parse(&request.link).ok_or(Refusal::NoSuchLink);
        let job = link.map(|link| RevokeLinkJob {
            actor: request.caller.user,
            room: request.room,
            link,
            at: self.now(),
        });
        self.deps.database.hand_over(job, reply);
    }
}

impl Handles<PresenceLoaded> for Rooms {
    fn handle(&mut self, fact: &Arc<PresenceLoaded>, _ctx: &mut Context) {
        self.deps.online.write().load(fact);
    }
}

impl Handles<PresenceChanged> for Rooms {
    fn handle(&mut self, fact: &Arc<PresenceChanged>, ctx: &mut Context) {
        self.deps.online.write().change(fact);
        let gone = fact
            .changes
            .iter()
            .filter(|(user, online)| user.guest && !online);
        for (guest, _) in gone {
            let job = EndGuestJob { guest: guest.id };
            self.deps.database.submit_from(job, ctx.origin());
        }
    }
}

impl Handles<GuestExpired> for Rooms {
    fn handle(&mut self, fact: &Arc<GuestExpired>, ctx: &mut Context) {
        let job = ExpireGuestJob {
            guest: fact.user.clone(),
        };
        self.deps.database.submit_from(job, ctx.origin());
    }
}

impl Handles<GuestRoomsFound> for Rooms {
    fn handle(&mut self, fact: &Arc<GuestRoomsFound>, ctx: &mut Context) {
        for room in &fact.rooms {
            let job = RemoveGuestJob {
                guest: fact.guest.clone(),
                room: room.clone(),
                at: self.now(),
            };
            self.deps.database.submit_from(job, ctx.origin());
        }
    }
}

impl Handles<PeopleForgettable> for Rooms {
    fn handle(&mut self, fact: &Arc<PeopleForgettable>, ctx: &mut Context) {
        let job = ForgetPeopleJob {
            users: fact.users.clone(),
            unseen_before: fact.unseen_before,
        };
        self.deps.database.submit_from(job, ctx.origin());
    }
}

impl Handles<GuestRemoved> for Rooms {
    fn handle(&mut self, fact: &Arc<GuestRemoved>, ctx: &mut Context) {
        let job = EndGuestJob { guest: fact.guest };
        self.deps.database.submit_from(job, ctx.origin());
    }
}

impl Handles<GuestsUpgraded> for Rooms {
    fn handle(&mut self, fact: &Arc<GuestsUpgraded>, ctx: &mut Context) {
        let users = fact.users.clone();
        let job = MarkEligibleJob { users };
        self.deps.database.submit_from(job, ctx.origin());
    }
}

impl Handles<PeopleEnded> for Rooms {
    fn handle(&mut self, fact: &Arc<PeopleEnded>, ctx: &mut Context) {
        let users = fact.users.clone();
        let job = ClearEndedJob { users };
        self.deps.database.submit_from(job, ctx.origin());
    }
}

impl Handles<EndedMembersFound> for Rooms {
    fn handle(&mut self, fact: &Arc<EndedMembersFound>, ctx: &mut Context) {
        for member in &fact.members {
            let job = EndMembershipJob {
                member: member.clone(),
                at: self.now(),
            };
            self.deps.database.submit_from(job, ctx.origin());
        }
    }
}
