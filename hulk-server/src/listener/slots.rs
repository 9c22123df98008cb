//! Limits on the number of connections, in total and per client.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::limits::subscriber;

/// The limits, and the slots in use.
pub(super) struct Slots {
    most: usize,
    most_of_client: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    count: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// A slot that is released when this is dropped.
pub(super) struct Slot {
    slots: Arc<Slots>,
    /// Whether it counts towards the total number of connections.
    is_connection: bool,
    /// The client for which it counts; `None` for a proxy's connection, whose clients are counted by
    /// their requests.
    client: Option<IpAddr>,
}

impl Slots {
    pub(super) fn new(most: usize, most_of_client: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_of_client,
            open: Mutex::default(),
        })
    }

    /// Takes a slot for a connection; `client` is `None` for a proxy. Returns `None` if all are in use.
    pub(super) fn connection(self: &Arc<Self>, client: Option<IpAddr>) -> Option<Slot> {
        self.take(true, client)
    }

    /// Takes a slot for a request that was received through a proxy.
    pub(super) fn request(self: &Arc<Self>, client: IpAddr) -> Option<Slot> {
        self.take(false, Some(client))
    }

    fn take(self: &Arc<Self>, is_connection: bool, client: Option<IpAddr>) -> Option<Slot> {
        let client = client.map(subscriber);
        let mut open = self.lock();
        if is_connection && open.count >= self.most {
            return None;
        }
        if let Some(client) = client {
            let of_client = open.by_client.entry(client).or_default();
            if *of_client >= self.most_of_client {
                return None;
            }
            *of_client += 1;
        }
        if is_connection {
            open.count += 1;
            metrics::gauge!("hulk_connections").set(open.count as f64);
        }
        Some(Slot {
            slots: self.clone(),
            is_connection,
            client,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.slots.lock();
        if self.is_connection {
            open.count -= 1;
            metrics::gauge!("hulk_connections").set(open.count as f64);
        }
        let Some(client) = self.client else { return };
        if let Some(of_client) = open.by_client.get_mut(&client) {
            *of_client -= 1;
            if *of_client == 0 {
                open.by_client.remove(&client);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_back() {
        let slots = Slots::new(3, 2);
        let [one, other]: [IpAddr; 2] =
            ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let first = slots.connection(Some(one)).unwrap();
        let second = slots.connection(Some(one)).unwrap();
        assert!(slots.connection(Some(one)).is_none(), "of one client");
        assert!(slots.request(one).is_none(), "requests count too");
        let third = slots.connection(None).unwrap();
        assert!(slots.connection(Some(other)).is_none(), "in all");
        assert!(slots.request(other).is_some(), "no connection of its own");
        drop(first);
        let fourth = slots.connection(Some(other)).unwrap();
        drop((second, third, fourth));
        assert!(slots.lock().by_client.is_empty());
        assert_eq!(slots.lock().count, 0);
    }
}
