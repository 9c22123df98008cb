//! `--rate-limit`: how many requests of a class one client may make in a window of time.

use std::{str::FromStr, time::Duration};

/// Most requests of a window: more are as good as no limit.
const MOST: u32 = 1_000_000;
/// Longest window. Counts in the database are kept as long (`jobs::periodic::lapsed_logins`).
const LONGEST_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

const EXPECTED: &str = "expected CLASS=N/WINDOW such as login=10/15min, CLASS=off, or off; CLASS is login, \
    signup, api, upload or link, N is 1 to 1000000, WINDOW is 1s to 24h";

/// Requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateClass {
    /// Attempts to log in.
    Login,
    /// Attempts to sign up, and to have mails sent.
    Signup,
    /// Requests of the API, but for those of `Upload`.
    Api,
    /// Requests that plan, sign and report uploads.
    Upload,
    /// Requests that follow links.
    Link,
}

impl RateClass {
    const ALL: [Self; 5] = [
        Self::Login,
        Self::Signup,
        Self::Api,
        Self::Upload,
        Self::Link,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Signup => "signup",
            Self::Api => "api",
            Self::Upload => "upload",
            Self::Link => "link",
        }
    }
}

/// A number of requests, at least 1, in a window of at least a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub most: u32,
    pub window: Duration,
}

impl Rate {
    pub(crate) const fn per_minutes(most: u32, minutes: u64) -> Self {
        Self {
            most,
            window: Duration::from_secs(minutes * 60),
        }
    }
}

/// One value of `--rate-limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// `None` for all classes.
    class: Option<RateClass>,
    /// `None` for no limit.
    rate: Option<Rate>,
}

impl FromStr for RateLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text == "off" {
            return Ok(Self {
                class: None,
                rate: None,
            });
        }
        let (name, rate) = text.split_once('=').ok_or(EXPECTED)?;
        let class = RateClass::ALL
            .into_iter()
            .find(|class| class.as_str() == name);
        let rate = match rate {
            "off" => None,
            rate => Some(parse_rate(rate).ok_or(EXPECTED)?),
        };
        Ok(Self {
            class: Some(class.ok_or(EXPECTED)?),
            rate,
        })
    }
}

/// Parses `N/WINDOW`.
fn parse_rate(text: &str) -> Option<Rate> {
    let (most, window) = text.split_once('/')?;
    let rate = Rate {
        most: number(most)?,
        window: parse_window(window)?,
    };
    let is_window = (Duration::from_secs(1)..=LONGEST_WINDOW).contains(&rate.window);
    ((1..=MOST).contains(&rate.most) && is_window).then_some(rate)
}

fn parse_window(text: &str) -> Option<Duration> {
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    let (count, unit) = text.split_at(end);
    let seconds = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 60 * 60,
        _ => return None,
    };
    let count = u64::from(number(count)?);
    Some(Duration::from_secs(count * seconds))
}

/// Parses digits; `u32` would also take a sign.
fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

/// The rates of all classes.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits([Option<Rate>; RateClass::ALL.len()]);

impl RateLimits {
    /// Returns the default rates with these settings, of which later ones win. By default, the classes that
    /// the work of a legitimate client fills (a tree of 100,000 files, hundreds of connections, a farm of
    /// builders behind one address) have no limit.
    pub(crate) fn new(settings: &[RateLimit]) -> Self {
        let login = Rate::per_minutes(10, 15);
        let signup = Rate::per_minutes(5, 15);
        let mut rates = [Some(login), Some(signup), None, None, None];
        for setting in settings {
            match setting.class {
                Some(class) => rates[class as usize] = setting.rate,
                None => rates = [setting.rate; RateClass::ALL.len()],
            }
        }
        Self(rates)
    }

    /// Returns the rate of a class; `None` if it has no limit.
    pub fn of(&self, class: RateClass) -> Option<Rate> {
        self.0[class as usize]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn rates(texts: &[&str]) -> RateLimits {
        let settings: Vec<RateLimit> = texts.iter().map(|text| text.parse().unwrap()).collect();
        RateLimits::new(&settings)
    }

    #[test]
    fn later_settings_win() {
        let all = rates(&["api=5/2s", "login=off", "api=7/1h", "signup=3/90min"]);
        assert_eq!(all.of(RateClass::Api), Some(Rate::per_minutes(7, 60)));
        assert_eq!(all.of(RateClass::Login), None);
        assert_eq!(all.of(RateClass::Signup), Some(Rate::per_minutes(3, 90)));
        assert_eq!(all.of(RateClass::Link), None);
        assert_eq!(rates(&[]).of(RateClass::Upload), None);
        let default = rates(&[]).of(RateClass::Login);
        assert_eq!(default, Some(Rate::per_minutes(10, 15)));
        let off = rates(&["off", "link=1/1m"]);
        assert_eq!(off.of(RateClass::Signup), None);
        assert_eq!(off.of(RateClass::Link), Some(Rate::per_minutes(1, 1)));
    }
}
