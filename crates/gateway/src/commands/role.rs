//! `role`: makes a member an owner, a moderator or a plain member.

use super::parts::Subject;
use super::{Answerer, CommandReply, Context, Cost, Lane, Run};
use crate::wire::{Error, Fields};
use rooms::api::{self, Moderate, Moderation, RoomKey};

const ROLES: &[(&str, api::Role)] = &[
    ("member", api::Role::Member),
    ("moderator", api::Role::Moderator),
    ("owner", api::Role::Owner),
];

pub(super) struct Role {
    subject: Subject,
    role: api::Role,
}

impl Run for Role {
    const OP: &'static str = "role";
    const LANE: Lane = Lane::Ordered(Answerer::Rooms);
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder.asks::<Moderate>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            subject: Subject::read(d)?,
            role: d.word("role", ROLES, "must be member, moderator or owner")?,
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.subject.room.clone())
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        self.subject.act(Moderation::Role(self.role), context).await
    }
}
