//! Limits wrong passwords for links: a few at once from each address, and then slowly; from all addresses
//! together slowly, but they are never refused. Counted in this replica's memory.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Wrong passwords from one address for one link; one more may be tried after each interval.
const OF_ADDRESS: Rate = Rate {
    most: 10,
    interval: Duration::from_secs(60),
};
/// The same from all addresses.
const OF_LINK: Rate = Rate {
    most: 100,
    interval: Duration::from_secs(6),
};
/// How long each guess waits at a link that all addresses together guess too often.
const DELAY: Duration = Duration::from_secs(2);
/// How many addresses and links are remembered; those without recent guesses are forgotten first.
const REMEMBERED: usize = 50_000;

struct Rate {
    most: u32,
    interval: Duration,
}

/// Guesses that were made and that time has not cancelled yet.
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

/// A link is identified by the hash of its password: links created from it have the same.
type Link = String;

#[derive(Default)]
struct Table {
    of_address: HashMap<(Link, IpAddr), Made>,
    of_link: HashMap<Link, Made>,
}

/// The guesses at this replica; each replica counts its own.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<Table>);

/// Whether a guess may be checked, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    Now,
    /// Wait, then guess.
    After(Duration),
    /// Retry after this time.
    Refused(Duration),
}

impl Guesses {
    /// Counts a guess before it is checked, so that concurrent ones are counted too.
    pub(crate) fn begin(&self, link: &str, address: IpAddr) -> Guess {
        let table = &mut *self.lock();
        make_room(&mut table.of_address, &OF_ADDRESS);
        make_room(&mut table.of_link, &OF_LINK);
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

    /// Removes the guess from the count, because it was right.
    pub(crate) fn uncount(&self, link: &str, address: IpAddr) {
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

/// Makes room if the map is full.
fn make_room<K>(made: &mut HashMap<K, Made>, rate: &Rate) {
    if made.len() < REMEMBERED {
        return;
    }
    made.retain(|_, made| made.now(rate) > 0);
    if made.len() >= REMEMBERED {
        // This many addresses guess at once: for a while, only their links slow them.
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
        guesses.uncount("a", one);
        assert_eq!(
            guesses.begin("a", one),
            Guess::Now,
            "a right password is no guess"
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
