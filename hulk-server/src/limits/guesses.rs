//! Wrong passwords of links: so many at once of each address, and then slowly; of all addresses
//! together, slowly, but never not at all. Counted in this replica's memory.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Wrong passwords of one address for one link; one more may be tried after each interval.
const OF_ADDRESS: Rate = Rate {
    most: 10,
    interval: Duration::from_secs(60),
};
/// The same of all addresses.
const OF_LINK: Rate = Rate {
    most: 100,
    interval: Duration::from_secs(6),
};
/// How long each guess at a link waits whose addresses together guess too much.
const DELAY: Duration = Duration::from_secs(2);
/// Addresses and links that are remembered; those that may guess as they like again go first.
const REMEMBERED: usize = 50_000;

struct Rate {
    most: u32,
    interval: Duration,
}

/// Guesses that were made and not yet made good by time.
struct Made {
    count: u32,
    since: Instant,
}

impl Made {
    fn now(&mut self, rate: &Rate) -> u32 {
        let passed = self.since.elapsed().as_secs() / rate.interval.as_secs();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        if passed > 0 {
            self.count = self.count.saturating_sub(passed);
            self.since += rate.interval.saturating_mul(passed);
        }
        self.count
    }
}

/// A link is known by the hash of its password: those that were made with it have the same.
type Link = String;

#[derive(Default)]
struct Table {
    of_address: HashMap<(Link, IpAddr), Made>,
    of_link: HashMap<Link, Made>,
}

/// Each replica counts what it is asked itself.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<Table>);

/// What a guess has to do first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    Now,
    /// Wait, then guess.
    After(Duration),
    /// Come again after this.
    Refused(Duration),
}

impl Guesses {
    /// Counts a guess before it is looked at, so that many at once are counted too.
    pub(crate) fn begin(&self, link: &str, address: IpAddr) -> Guess {
        let table = &mut *self.lock();
        forget(&mut table.of_address, &OF_ADDRESS);
        forget(&mut table.of_link, &OF_LINK);
        let fresh = || Made {
            count: 0,
            since: Instant::now(),
        };
        let key = (link.to_owned(), address);
        let of_address = table.of_address.entry(key).or_insert_with(fresh);
        if of_address.now(&OF_ADDRESS) >= OF_ADDRESS.most {
            let left = OF_ADDRESS
                .interval
                .saturating_sub(of_address.since.elapsed());
            return Guess::Refused(left.max(Duration::from_secs(1)));
        }
        of_address.count += 1;
        let of_link = table.of_link.entry(link.to_owned()).or_insert_with(fresh);
        let is_many = of_link.now(&OF_LINK) >= OF_LINK.most;
        of_link.count = of_link.count.saturating_add(1).min(2 * OF_LINK.most);
        match is_many {
            true => Guess::After(DELAY),
            false => Guess::Now,
        }
    }

    /// The guess was right: it was none.
    pub(crate) fn forgive(&self, link: &str, address: IpAddr) {
        let mut table = self.lock();
        let key = (link.to_owned(), address);
        if let Some(made) = table.of_address.get_mut(&key) {
            made.count = made.count.saturating_sub(1);
        }
        if let Some(made) = table.of_link.get_mut(link) {
            made.count = made.count.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room where there is none.
fn forget<K>(made: &mut HashMap<K, Made>, rate: &Rate) {
    if made.len() < REMEMBERED {
        return;
    }
    made.retain(|_, made| made.now(rate) > 0);
    if made.len() >= REMEMBERED {
        // That many addresses guess at once: they are slowed by link alone for a while.
        made.clear();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn one_address_shuts_nobody_else_out() {
        let guesses = Guesses::default();
        let [one, other]: [IpAddr; 2] =
            ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..10 {
            assert_eq!(guesses.begin("a", one), Guess::Now);
        }
        assert!(matches!(guesses.begin("a", one), Guess::Refused(_)));
        assert_eq!(guesses.begin("a", other), Guess::Now);
        assert_eq!(guesses.begin("b", one), Guess::Now);
        guesses.forgive("a", one);
        assert_eq!(
            guesses.begin("a", one),
            Guess::Now,
            "a right one was no guess"
        );
    }

    #[test]
    fn many_addresses_together_are_slowed_and_not_refused() {
        let guesses = Guesses::default();
        let address = |number: u32| IpAddr::from(std::net::Ipv4Addr::from_bits(number));
        for number in 0..100 {
            assert_eq!(guesses.begin("a", address(number)), Guess::Now);
        }
        assert_eq!(guesses.begin("a", address(1000)), Guess::After(DELAY));
        assert_eq!(guesses.begin("b", address(1000)), Guess::Now);
    }
}
