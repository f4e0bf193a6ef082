//! Reading profiles and pictures.

use super::Queries;
use super::error::{QueryError, into_answer};
use crate::api::{PersonProfile, Picture, PictureHash, ReadPicture, ReadProfiles, Refusal, UserId};
use crate::store::profiles;
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;

impl Queries {
    async fn profiles(&self, request: ReadProfiles) -> Result<Vec<PersonProfile>, QueryError> {
        if request.users.len() > ReadProfiles::USERS_MAX {
            return Err(TOO_MANY.into());
        }
        // An id that is none names nobody.
        let ids = request.users.iter().filter_map(|user| user.parse().ok());
        let ids: Vec<UserId> = ids.collect();
        let read = self.deps.database.read("sessions.profiles", move |reader| {
            async move { profiles::of(reader, &ids).await }.boxed()
        });
        Ok(read.await?)
    }

    async fn picture(&self, request: ReadPicture) -> Result<Option<Picture>, QueryError> {
        let Some(hash) = PictureHash::parse(&request.hash) else {
            return Ok(None);
        };
        let read = self.deps.database.read("sessions.picture", move |reader| {
            async move { profiles::picture(reader, &hash).await }.boxed()
        });
        Ok(read.await?)
    }
}

const TOO_MANY: Refusal = Refusal::BadRequest {
    field: "users",
    expected: "must be a list of at most 100 ids",
};

impl Reads<ReadProfiles> for Queries {
    async fn read(
        &self,
        request: ReadProfiles,
        _trace: TraceId,
    ) -> Result<Result<Vec<PersonProfile>, Refusal>, AskError> {
        into_answer(self.profiles(request).await)
    }
}

impl Reads<ReadPicture> for Queries {
    async fn read(
        &self,
        request: ReadPicture,
        _trace: TraceId,
    ) -> Result<Result<Option<Picture>, Refusal>, AskError> {
        into_answer(self.picture(request).await)
    }
}
