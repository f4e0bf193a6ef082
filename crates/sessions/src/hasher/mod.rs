//! Hashes passwords, a few at a time, on threads outside the async runtime.

mod fair_queue;
mod threads;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::time::Duration;
use threads::{Dispatch, QueueFull, Threads};
use tokio::sync::oneshot;

/// Memory per hash in KiB: 19 MiB. With [`PASSES`] and [`LANES`], this is OWASP's recommendation.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash to check for unknown names, so that they take as long as known ones. No
/// password has it.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$\
    cGFybG9yLW5vYm9keS1zYWx0$R3c1bqSz1vj0nZ0wVt8a2yqg9oX7mJc4h5l6k3d2f1E";

/// Why a password was not hashed or checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HashError {
    /// Too many are waiting; there is room again after `retry_after`.
    Overloaded { retry_after: Duration },
    /// Hashing failed or its thread panicked.
    Failed,
}

/// Hashes passwords with bounded concurrency and a bounded queue; refuses the rest. The queue is
/// fair between clients: a client is a network, or a logged-in user.
pub(crate) struct Hasher {
    threads: Threads,
    #[cfg(test)]
    verified: std::sync::atomic::AtomicUsize,
}

impl Hasher {
    pub(crate) fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            threads: Threads::new(at_once, waiting),
            #[cfg(test)]
            verified: std::sync::atomic::AtomicUsize::new(0),
        }
    }

    /// Hashes a new password; returns the hash with its salt and parameters.
    pub(crate) async fn hash(
        &self,
        client: &str,
        password: String,
        salt: [u8; 16],
    ) -> Result<String, HashError> {
        self.run(client, move || {
            let salt = SaltString::encode_b64(&salt).ok()?;
            let hash = argon2()
                .ok()?
                .hash_password(password.as_bytes(), &salt)
                .ok()?;
            Some(hash.to_string())
        })
        .await?
        .ok_or(HashError::Failed)
    }

    /// Whether the password has this hash. Without a hash, returns false after the same work.
    pub(crate) async fn verify(
        &self,
        client: &str,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, HashError> {
        #[cfg(test)]
        self.verified
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.run(client, move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| DUMMY_HASH.to_owned());
            let Ok(parsed) = PasswordHash::new(&hash) else {
                return false;
            };
            Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok()
                && known
        })
        .await
    }

    /// Queues `work` and waits for its result. Skips it if the caller has gone by its turn.
    async fn run<T: Send + 'static>(
        &self,
        client: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let (sender, answer) = oneshot::channel();
        let work = move |dispatch| match dispatch {
            Dispatch::Displaced(full) => {
                let _ = sender.send(Err(full.into()));
            }
            Dispatch::Now if sender.is_closed() => {}
            Dispatch::Now => {
                let _ = sender.send(Ok(work()));
            }
        };
        self.threads.submit(client, Box::new(work))?;
        answer.await.unwrap_or(Err(HashError::Failed))
    }

    /// Returns how many passwords were checked against a hash.
    #[cfg(test)]
    pub(crate) fn verified(&self) -> usize {
        self.verified.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl From<QueueFull> for HashError {
    fn from(QueueFull { retry_after }: QueueFull) -> Self {
        Self::Overloaded { retry_after }
    }
}

fn argon2() -> Result<Argon2<'static>, argon2::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_differs_from_another() {
        let hasher = Hasher::new(1, 8);
        let hash = hasher
            .hash("home", "correct horse".into(), [7; 16])
            .await
            .unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let right = hasher.verify("home", "correct horse".into(), Some(hash.clone()));
        assert_eq!(right.await, Ok(true));
        let wrong = hasher.verify("home", "correct house".into(), Some(hash));
        assert_eq!(wrong.await, Ok(false));
    }

    #[tokio::test]
    async fn an_unknown_user_costs_as_much_as_a_known_one() {
        let hasher = Hasher::new(1, 8);
        let hash = hasher
            .hash("home", "correct horse".into(), [7; 16])
            .await
            .unwrap();
        let (somebody, nobody) = (PasswordHash::new(&hash), PasswordHash::new(DUMMY_HASH));
        let (somebody, nobody) = (somebody.unwrap(), nobody.unwrap());
        assert_eq!(nobody.algorithm, somebody.algorithm);
        assert_eq!(nobody.params, somebody.params);
        assert_eq!(nobody.hash.unwrap().len(), somebody.hash.unwrap().len());
        assert_eq!(
            hasher.verify("home", "correct horse".into(), None).await,
            Ok(false)
        );
    }
}
