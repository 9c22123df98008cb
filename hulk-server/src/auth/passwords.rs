//! Passwords of users and of shares: argon2id, on one thread for all of them.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use hulk_proto::{ErrorCode, Password};
use tokio::sync::Semaphore;

use super::strength;
use crate::error::{Error, Result};

/// How many passwords may wait to be compared, and to be set. Whoever may create links could keep the one
/// thread busy, so the two have separate places.
const COMPARED: usize = 64;
const SET: usize = 16;
/// The longest password: more bytes are no password, but work for the server.
const MAX_PASSWORD_BYTES: usize = 1024;

/// A hash that no password has, with the parameters of all others.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
    $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Job = Box<dyn FnOnce() + Send>;

/// Hashes passwords on one thread, one at a time: each takes 19 MiB and a core, and the system's allocator
/// keeps that memory for every thread that ever did it.
#[derive(Clone, Debug)]
pub struct Passwords {
    jobs: Sender<Job>,
    compared: Arc<Semaphore>,
    set: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let (jobs, coming) = std::sync::mpsc::channel::<Job>();
        let work = move || {
            for job in coming {
                // A job that panics returns no answer, and those behind it still run.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(job));
            }
        };
        // Without the thread, sending a job fails.
        let _ = std::thread::Builder::new()
            .name("passwords".to_owned())
            .spawn(work);
        Self {
            jobs,
            compared: Arc::new(Semaphore::new(COMPARED)),
            set: Arc::new(Semaphore::new(SET)),
        }
    }
}

impl Passwords {
    /// Runs `work` in its turn; not at all if no request waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        places: &Arc<Semaphore>,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let busy = |_| {
            Error::new(
                ErrorCode::TooManyRequests,
                "the server has too many passwords to check at the moment; try again",
            )
            .with_status(http::StatusCode::SERVICE_UNAVAILABLE)
            .with_retry_after(Duration::from_secs(2))
        };
        let place = places.clone().try_acquire_owned().map_err(busy)?;
        let (done, answer) = tokio::sync::oneshot::channel();
        let job = move || {
            let _place = place;
            if !done.is_closed() {
                let _ = done.send(work());
            }
        };
        self.jobs
            .send(Box::new(job))
            .map_err(|_| Error::internal("there is no thread for passwords"))?;
        answer.await.map_err(Error::internal)?
    }

    /// Returns the hash of a password, as it is stored.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for an empty or an overlong password; `TOO_MANY_REQUESTS` with 503 if too many
    /// are waiting.
    pub(crate) async fn hash(&self, password: Password) -> Result<String> {
        if password.0.is_empty() || password.0.len() > MAX_PASSWORD_BYTES {
            return Err(Error::validation(
                "password",
                format!("a password must have 1 to {MAX_PASSWORD_BYTES} bytes"),
            ));
        }
        self.run(&self.set, move || {
            let hash = Argon2::default().hash_password(password.0.as_bytes());
            hash.map(|hash| hash.to_string())
                .map_err(|error| Error::internal(error.to_string()))
        })
        .await
    }

    /// Checks a new password of a user, and returns its hash.
    ///
    /// # Errors
    /// Those of [`strength::check`] and of `hash`.
    pub(crate) async fn hash_of_user(
        &self,
        field: &'static str,
        password: Password,
        has_recipe: bool,
        about: Vec<String>,
    ) -> Result<String> {
        let given = password.clone();
        // On the same thread: to judge a password takes some milliseconds.
        self.run(&self.set, move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            strength::check(field, &given, has_recipe, &about)
        })
        .await?;
        self.hash(password).await
    }

    /// Whether the hash is that of the password. Without a hash it is not, after the same time.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` with 503 if too many are waiting.
    pub(crate) async fn is_of_user(&self, hash: Option<&str>, password: &Password) -> Result<bool> {
        let is_right = self.is_of(hash.unwrap_or(NOBODYS), password).await?;
        Ok(is_right && hash.is_some())
    }

    /// Whether the hash is that of the password.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` with 503 if too many are waiting.
    pub(crate) async fn is_of(&self, hash: &str, password: &Password) -> Result<bool> {
        if password.0.len() > MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        let (hash, password) = (hash.to_owned(), password.clone());
        self.run(&self.compared, move || {
            let hash =
                PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
            let verified = Argon2::default().verify_password(password.0.as_bytes(), &hash);
            Ok(verified.is_ok())
        })
        .await
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobodys_hash_takes_as_long_as_any_other() {
        let passwords = Passwords::default();
        let password = Password("correct horse".to_owned());
        let made = passwords.hash(password.clone()).await.unwrap();
        let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).unwrap().to_owned();
        assert_eq!(parameters(&made), parameters(NOBODYS));
        assert!(passwords.is_of_user(Some(&made), &password).await.unwrap());
        assert!(!passwords.is_of_user(None, &password).await.unwrap());
    }
}
