//! The outcome of the last probe of the store: a probe costs requests, so it is repeated only now and then.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hulk_proto::health::{Check, Outcome};
use tokio::sync::Mutex;

use super::{client::Store, error::StoreError};

const GOOD_FOR: Duration = Duration::from_secs(60 * 60);
const BAD_FOR: Duration = Duration::from_secs(30);

/// The outcome of the last probe.
#[derive(Clone, Default)]
pub struct Probed(Arc<Mutex<Option<Probe>>>);

struct Probe {
    at: Instant,
    checks: Vec<Check>,
}

impl Probed {
    /// Returns the checks of the last probe, or probes again if that was too long ago.
    ///
    /// # Errors
    /// If the store does not answer at all.
    pub(crate) async fn checks(&self, store: &Store, env: &str) -> Result<Vec<Check>, StoreError> {
        let mut probed = self.0.lock().await;
        if let Some(Probe { at, checks }) = &*probed {
            let is_bad = checks.iter().any(|check| check.outcome == Outcome::Failed);
            let good_for = if is_bad { BAD_FOR } else { GOOD_FOR };
            if at.elapsed() < good_for {
                return Ok(checks.clone());
            }
        }
        let checks = store.probe(env).await?;
        *probed = Some(Probe {
            at: Instant::now(),
            checks: checks.clone(),
        });
        Ok(checks)
    }
}
