//! Limits requests per class and caller, in this replica's memory: N replicas allow N times as many.
//!
//! A caller is a credential that this replica has accepted, wherever it is used from; everything else is
//! counted by its address. That a key is well formed proves nothing, since anyone can compute its checksum: if
//! such keys had counts of their own, whoever sends random ones had no limit. So the first request of a
//! credential counts for its address, and so do all requests with forged ones. The tokens of a session count
//! together, or a refresh would begin a new count.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock,
    middleware::StateInformationMiddleware,
};
use sha2::{Digest, Sha256};

use super::{standing::Standing, subscriber};
use crate::{
    config::{Rate, RateClass, RateLimits},
    error::Error,
};

/// How many callers a class remembers, and how many credentials are known; a full table begins anew.
const REMEMBERED: usize = 50_000;
/// After this many requests, callers whose count is that of new ones are forgotten.
const CLEAN_INTERVAL: u32 = 1024;

type Limiter = DefaultKeyedRateLimiter<Subject, StateInformationMiddleware>;

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    /// The id of a key or a session.
    Credential(Arc<str>),
    Address(IpAddr),
}

/// Counts of the requests of one class.
struct Counts {
    class: RateClass,
    rate: Rate,
    quota: Quota,
    limiter: RwLock<Limiter>,
    requests: AtomicU32,
}

/// The counts of all classes that have a limit.
pub(crate) struct Rates {
    counts: Vec<Counts>,
    /// Ids of the credentials that this replica has accepted, by the digest of their secret.
    known: RwLock<HashMap<[u8; 32], Arc<str>>>,
}

impl Rates {
    pub(crate) fn new(limits: &RateLimits) -> Self {
        // Those of log-ins and sign-ups are in the database (`attempts`).
        let classes = [RateClass::Api, RateClass::Upload, RateClass::Link];
        let counts = classes
            .into_iter()
            .filter_map(|class| Counts::new(class, limits.of(class)?));
        Self {
            counts: counts.collect(),
            known: RwLock::default(),
        }
    }

    /// Whether any class has a limit.
    pub(crate) fn are_limited(&self) -> bool {
        !self.counts.is_empty()
    }

    /// Remembers a credential that was accepted; from now on it has counts of its own. `id` is that of the key
    /// or session.
    pub(crate) fn learn(&self, secret: &str, id: &str) {
        if !self.are_limited() || self.find(secret).is_some() {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(Sha256::digest(secret).into(), id.into());
    }

    fn find(&self, secret: &str) -> Option<Arc<str>> {
        let digest: [u8; 32] = Sha256::digest(secret).into();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&digest).cloned()
    }

    /// Counts a request. Returns what its caller has left; `None` if the class has no limit. `secret` is the
    /// credential that was sent, good or not.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` if the caller has made too many.
    pub(crate) fn count(
        &self,
        class: RateClass,
        secret: Option<&str>,
        address: IpAddr,
    ) -> Result<Option<Standing>, Error> {
        let Some(counts) = self.counts.iter().find(|counts| counts.class == class) else {
            return Ok(None);
        };
        let id = secret.and_then(|secret| self.find(secret));
        let subject = id.map_or_else(
            || Subject::Address(subscriber(address)),
            Subject::Credential,
        );
        counts.count(&subject).map(Some)
    }
}

impl Counts {
    fn new(class: RateClass, rate: Rate) -> Option<Self> {
        let quota = Quota::with_period(rate.window / rate.most)?;
        let quota = quota.allow_burst(NonZeroU32::new(rate.most)?);
        Some(Self {
            class,
            rate,
            quota,
            limiter: RwLock::new(limiter(quota)),
            requests: AtomicU32::new(0),
        })
    }

    fn count(&self, subject: &Subject) -> Result<Standing, Error> {
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(CLEAN_INTERVAL) {
            self.clean();
        }
        let limiter = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
        let interval = self.quota.replenish_interval();
        match limiter.check_key(subject) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity().min(self.rate.most);
                let used = self.rate.most - remaining;
                Ok(self.standing(remaining, interval, interval * used))
            }
            Err(refused) => {
                let wait = refused.wait_time_from(limiter.clock().now());
                let reset = wait + interval * (self.rate.most - 1);
                let standing = self.standing(0, wait, reset);
                Err(standing.refusal("requests"))
            }
        }
    }

    fn standing(&self, remaining: u32, next: Duration, reset: Duration) -> Standing {
        Standing {
            class: self.class.as_str(),
            rate: self.rate,
            remaining,
            next,
            reset,
        }
    }

    /// Forgets callers whose count is that of new ones, and all of them if there are still too many.
    fn clean(&self) {
        let used = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
        used.retain_recent();
        let is_full = used.len() >= REMEMBERED;
        drop(used);
        if is_full {
            let mut full = self.limiter.write().unwrap_or_else(PoisonError::into_inner);
            *full = limiter(self.quota);
        }
    }
}

fn limiter(quota: Quota) -> Limiter {
    let limiter: DefaultKeyedRateLimiter<Subject> = RateLimiter::keyed(quota);
    limiter.with_middleware::<StateInformationMiddleware>()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::config::rate_limits::RateLimit;

    fn rates(texts: &[&str]) -> Rates {
        let settings: Vec<RateLimit> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Rates::new(&RateLimits::new(&settings))
    }

    #[test]
    fn a_session_keeps_its_count_when_its_token_changes() {
        let rates = rates(&["api=2/1h"]);
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        rates.learn("one", "session");
        rates.learn("two", "session");
        let left = |secret| {
            let counted = rates.count(RateClass::Api, Some(secret), address);
            counted.map(|standing| standing.unwrap().remaining).ok()
        };
        assert_eq!(left("one"), Some(1));
        assert_eq!(left("two"), Some(0));
        assert_eq!(left("one"), None);
        assert_eq!(left("forged"), Some(1), "by address");
        let other = rates.count(RateClass::Link, None, address);
        assert!(other.unwrap().is_none());
    }

    #[test]
    fn more_callers_than_are_remembered_begin_anew() {
        let rates = rates(&["link=1/24h"]);
        let address = |number: u32| IpAddr::from(std::net::Ipv4Addr::from_bits(number));
        for number in 0..REMEMBERED as u32 + CLEAN_INTERVAL {
            let counted = rates.count(RateClass::Link, None, address(number));
            assert!(counted.is_ok());
        }
        let limiter = rates.counts[0].limiter.read().unwrap();
        assert!(
            limiter.len() <= CLEAN_INTERVAL as usize,
            "{}",
            limiter.len()
        );
    }
}
