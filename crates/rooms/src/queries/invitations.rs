//! `Invitations`: a person's pending invitations.

use super::Queries;
use crate::api::{Invitations, Invited, Refusal, catalogue};
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;

impl Reads<Invitations> for Queries {
    async fn read(
        &self,
        request: Invitations,
        _trace: TraceId,
    ) -> Result<Result<Vec<Invited>, Refusal>, AskError> {
        let Invitations { user, limit } = request;
        self.snapshot("rooms.invitations", move |snapshot| {
            async move { catalogue::invitations(snapshot, user, limit).await.map(Ok) }.boxed()
        })
        .await
    }
}
