//! `StandingOf`: a member's rights in a room.

use super::Queries;
use crate::api::log::{self, Standing};
use crate::api::{Refusal, StandingOf};
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;

impl Reads<StandingOf> for Queries {
    async fn read(
        &self,
        request: StandingOf,
        _trace: TraceId,
    ) -> Result<Result<Standing, Refusal>, AskError> {
        let StandingOf { room, user } = request;
        self.snapshot("rooms.standing_of", move |snapshot| {
            async move { log::standing(snapshot, &room, user).await }.boxed()
        })
        .await
    }
}
