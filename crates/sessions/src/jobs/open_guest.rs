//! A new guest comes in.

use super::door::{Door, Entered};
use super::fresh::{Beginning, Fresh};
use super::spare_name::spare_name;
use crate::api::{Caller, Refusal, User, UserId, Welcome};
use crate::name::Name;
use crate::presence::Opened;
use crate::store::users::{self, NewUser};
use storage::prelude::*;

/// `hello {"guest": …}`.
pub(crate) struct OpenGuest {
    pub(crate) door: Door,
    pub(crate) name: Name,
    pub(crate) user: UserId,
    pub(crate) fresh: Fresh,
}

impl Job for OpenGuest {
    const NAME: &'static str = "sessions.open_guest";
    type Answer = Welcome;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Welcome, JobError<Refusal>> {
        let now = self.door.now;
        if !users::insert(tx, &NewUser::guest(self.user, &self.name, now)).await? {
            let spare = spare_name(tx, &self.name).await?;
            let suggest = spare.map(|name| name.text().to_owned());
            return Err(JobError::Refused(Refusal::NameTaken { suggest }));
        }
        let device = self.door.device.as_deref();
        let beginning = Beginning {
            user: self.user,
            device,
            now,
            expires_at: None,
            connected: true,
        };
        self.fresh.begin(tx, beginning).await?;
        let entered = self.entered();
        tx.state(Opened(vec![self.door.opening(&entered)]));
        Ok(self.door.welcome(entered))
    }
}

impl OpenGuest {
    fn entered(&self) -> Entered {
        let user = User {
            id: self.user,
            name: self.name.text().into(),
            guest: true,
        };
        Entered {
            caller: Caller {
                user,
                session: self.fresh.id,
                admin: false,
            },
            token: self.fresh.token.clone(),
            resumed: false,
            expires_at: None,
        }
    }
}
