//! Limits on what one user may store, and on how much of the server one client may use.

pub(crate) mod answers;
pub(crate) mod attempts;
pub(crate) mod bodies;
pub(crate) mod guesses;
pub(crate) mod rates;
pub(crate) mod standing;
pub(crate) mod transfers;
mod user;

use std::net::{IpAddr, Ipv6Addr};

use hulk_proto::{Details, error::LimitReached};

pub use user::Limits;

/// Returns the details of an error that name the limit that was reached.
pub(crate) fn reached(limit: &str) -> Details {
    Details::Limit(Box::new(LimitReached {
        limit: limit.to_owned(),
        resets_on: None,
    }))
}

/// Returns the address that limits count: one customer of a provider has a whole /64 of IPv6.
pub(crate) fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_of_ipv6_has_many_addresses() {
        let one: IpAddr = "2a00:1:2:3:4:5:6:7".parse().unwrap();
        let other: IpAddr = "2a00:1:2:3:ffff::1".parse().unwrap();
        assert_eq!(subscriber(one), subscriber(other));
        assert_ne!(
            subscriber(one),
            subscriber("2a00:1:2:4::1".parse().unwrap())
        );
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(subscriber(mapped).to_string(), "192.0.2.1");
    }
}
