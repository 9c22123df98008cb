//! Waits because the server asks to, and tells the user: a command that says nothing for minutes looks dead.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Time for which nothing more is said, at least: parallel requests are refused together.
const SILENCE: Duration = Duration::from_secs(30);

type Say = Arc<dyn Fn(&str) + Send + Sync>;

struct Teller {
    say: Option<Say>,
    silent_until: Option<Instant>,
    /// When the last wait ended.
    end: Option<Instant>,
}

/// One for the program: it has one stderr, and requests are sent from everywhere.
static TELLER: Mutex<Teller> = Mutex::new(Teller {
    say: None,
    silent_until: None,
    end: None,
});

/// Sets how lines are printed from now on.
pub(crate) fn tell_with(say: impl Fn(&str) + Send + Sync + 'static) {
    lock().say = Some(Arc::new(say));
}

/// Waits as long as the server asks, and for `jitter` more: those that were refused together should not
/// return together.
pub(super) async fn wait(wait: Duration, jitter: Duration) {
    tell(wait);
    tokio::time::sleep(wait + jitter).await;
    lock().end = Some(Instant::now());
}

/// Returns when the last such wait of any request ended. The server answered then, so a transfer that waited
/// for another request was not without an answer for longer.
pub(super) fn end() -> Option<Instant> {
    lock().end
}

fn tell(wait: Duration) {
    let now = Instant::now();
    let say = {
        let mut teller = lock();
        if teller.silent_until.is_some_and(|until| now < until) {
            return;
        }
        teller.silent_until = Some(now + wait.max(SILENCE));
        teller.say.clone()
    };
    if let Some(say) = say {
        say(&format!("the server asks to wait {} s", wait.as_secs()));
    }
}

fn lock() -> MutexGuard<'static, Teller> {
    TELLER.lock().unwrap_or_else(PoisonError::into_inner)
}
