//! Remembers the last use of each key in memory and writes it in batches, so that a read is never a write. A
//! crash loses the uses of the last few seconds.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hulk_proto::Timestamp;

use crate::db::{
    Db,
    api_keys::{self, ApiKeyRow},
};

/// When and from where a key was used.
#[derive(Clone, Copy)]
struct Use {
    at: i64,
    from: IpAddr,
}

/// Uses that are not in the database yet.
#[derive(Default)]
pub(crate) struct KeyUses(Mutex<HashMap<String, Use>>);

impl KeyUses {
    pub(crate) fn record(&self, key_id: &str, from: IpAddr) {
        let at = Timestamp::now().unix_millis();
        let mut uses = self.lock();
        match uses.get_mut(key_id) {
            Some(last) => *last = Use { at, from },
            None => {
                uses.insert(key_id.to_owned(), Use { at, from });
            }
        }
    }

    /// Adds what is not in the database yet to a row.
    pub(crate) fn complete(&self, mut key: ApiKeyRow) -> ApiKeyRow {
        if let Some(last) = self.lock().get(&key.id) {
            key.last_used_at = Some(last.at);
            key.last_used_from = Some(last.from.to_string());
        }
        key
    }

    /// Writes the uses in one transaction; those that could not be written are kept.
    ///
    /// # Errors
    /// If the database does not accept them.
    pub(crate) async fn flush(&self, db: &Db) -> sqlx::Result<()> {
        let uses = self.lock().clone();
        if uses.is_empty() {
            return Ok(());
        }
        // Not through `ops::transaction`: keys of many users. In one order, so that two replicas do not wait
        // for each other.
        let mut transaction = db.write().await?;
        for (key_id, last) in uses.iter().collect::<BTreeMap<_, _>>() {
            let from = last.from.to_string();
            api_keys::touch(&mut transaction, key_id, last.at, &from).await?;
        }
        transaction.commit().await?;
        let mut now = self.lock();
        now.retain(|key_id, last| uses.get(key_id).is_none_or(|written| written.at < last.at));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Use>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
