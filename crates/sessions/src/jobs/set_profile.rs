//! Changes a person's profile and picture.

use crate::api::{
    ConnectionId, PersonProfile, Picture, PictureHash, Profile, ProfileChanged, ProfileSet,
    Refusal, UserId,
};
use crate::profile::FieldChange;
use crate::store::{profiles, users};
use std::collections::HashSet;
use storage::prelude::*;

/// Changes some fields of a profile, which have been validated.
pub(crate) struct SetProfileJob {
    pub(crate) user: UserId,
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) display: FieldChange,
    pub(crate) colour: FieldChange,
    /// The picture to set, with its hash; `Some(None)` takes it away.
    #[expect(clippy::option_option, reason = "a field is left, cleared or set")]
    pub(crate) picture: Option<Option<(PictureHash, Picture)>>,
    pub(crate) now: i64,
}

impl Job for SetProfileJob {
    const NAME: &'static str = "sessions.set_profile";
    type Answer = ProfileSet;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<ProfileSet, JobError<Refusal>> {
        // Locks the row: who ends meanwhile has no profile after that.
        users::seen(tx, &HashSet::from([self.user]), self.now).await?;
        let found = profiles::of(tx, &[self.user]).await?.pop();
        let before = found.ok_or(JobError::Refused(Refusal::TokenInvalid))?;
        let after = self.applied_to(&before.profile);
        if after == before.profile {
            let (person, dup) = (before, true);
            return Ok(ProfileSet { person, dup });
        }
        profiles::set(tx, self.user, &after).await?;
        match &self.picture {
            Some(Some((hash, picture))) => {
                profiles::set_picture(tx, self.user, hash, picture).await?;
            }
            Some(None) => profiles::remove_picture(tx, self.user).await?,
            None => {}
        }
        let person = PersonProfile {
            user: before.user,
            profile: after,
        };
        tx.state(ProfileChanged {
            person: person.clone(),
            by: self.connection,
        });
        Ok(ProfileSet { person, dup: false })
    }
}

impl SetProfileJob {
    fn applied_to(&self, before: &Profile) -> Profile {
        let before = before.clone();
        let hash = |set: &Option<(PictureHash, Picture)>| set.as_ref().map(|(hash, _)| *hash);
        Profile {
            display: self.display.clone().unwrap_or(before.display),
            colour: self.colour.clone().unwrap_or(before.colour),
            picture: self.picture.as_ref().map_or(before.picture, hash),
        }
    }
}
