//! Opens a session for a new guest.

use super::credentials::{SessionCredentials, SessionStart};
use super::free_name::name_taken;
use super::hello_context::{Authenticated, HelloContext};
use crate::api::{Caller, Refusal, User, UserId, Welcome};
use crate::name::Name;
use crate::presence::ConnectionsOpened;
use crate::store::sessions::{self, NewSession};
use crate::store::users::{self, NewUser};
use storage::prelude::*;

/// `hello {"guest": …}`. Hundreds may arrive at once, when an event starts, so they run as a set.
pub(crate) struct OpenGuest {
    pub(crate) hello: HelloContext,
    pub(crate) name: Name,
    pub(crate) user: UserId,
    pub(crate) credentials: SessionCredentials,
}

impl Job for OpenGuest {
    const NAME: &'static str = "sessions.open_guest";
    const SET: bool = true;
    type Answer = Welcome;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Welcome, JobError<Refusal>> {
        let answers = Self::run_set(&[self], tx).await?;
        let answer = answers.into_iter().next().expect("one answer for one job");
        answer.map_err(JobError::Refused)
    }

    async fn run_set(
        jobs: &[&Self],
        tx: &mut Writer<'_>,
    ) -> Result<Vec<Result<Welcome, Refusal>>, Fault> {
        let new_users: Vec<NewUser> = jobs.iter().map(|job| job.new_user()).collect();
        let stored = users::insert(tx, &new_users).await?;
        let (mut sessions, mut openings, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for job in jobs {
            if !stored.contains(&job.user) {
                answers.push(Err(name_taken(tx, &job.name).await?));
                continue;
            }
            let authenticated = job.authenticated();
            sessions.push(job.session());
            openings.push(job.hello.opened_connection(&authenticated));
            answers.push(Ok(job.hello.welcome(authenticated)));
        }
        sessions::insert(tx, &sessions).await?;
        if !openings.is_empty() {
            tx.state(ConnectionsOpened(openings));
        }
        Ok(answers)
    }
}

impl OpenGuest {
    fn new_user(&self) -> NewUser<'_> {
        NewUser::guest(self.user, &self.name, self.hello.now)
    }

    fn session(&self) -> NewSession<'_> {
        self.credentials.row(&SessionStart {
            user: self.user,
            device: self.hello.device.as_deref(),
            now: self.hello.now,
            expires_at: None,
            connected: true,
        })
    }

    fn authenticated(&self) -> Authenticated {
        let user = User {
            id: self.user,
            name: self.name.text().into(),
            guest: true,
        };
        Authenticated {
            caller: Caller {
                user,
                session: self.credentials.id,
                admin: false,
            },
            token: self.credentials.token.clone(),
            resumed: false,
            expires_at: None,
        }
    }
}
