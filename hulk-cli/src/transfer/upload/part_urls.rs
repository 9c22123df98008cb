//! Asks the server for part URLs, in one request for all parts that wait for one. A URL is requested when
//! its part is about to be sent, so it has not expired then.

use std::collections::HashMap;

use hulk_proto::{
    Id,
    upload::{ReceivedPart, SignParts, SignedPart, SignedParts, WantedPart},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    client::Client,
    error::{Error, Result},
    http::retry,
};

/// Most parts of one request: the server copies parts before it answers.
const MOST: usize = 32;

/// What to do with a part.
#[derive(Debug)]
pub(crate) enum Signed {
    Send(SignedPart),
    Reused(ReceivedPart),
}

type Asked = (WantedPart, oneshot::Sender<Result<Signed>>);

pub(crate) struct PartUrls {
    asks: mpsc::Sender<Asked>,
}

impl PartUrls {
    /// Starts the task that asks for URLs. `cannot_copy` is called once if the store refuses to copy parts.
    pub(crate) fn start(
        client: Client,
        id: Id,
        version: u64,
        cannot_copy: impl Fn() + Send + 'static,
    ) -> Self {
        let (asks, mut asked) = mpsc::channel::<Asked>(MOST);
        tokio::spawn(async move {
            let mut was_told = false;
            let mut batch = Vec::new();
            while asked.recv_many(&mut batch, MOST).await > 0 {
                // A part that no longer waits needs no URL.
                let (parts, waiting): (Vec<_>, HashMap<_, _>) = batch
                    .drain(..)
                    .filter(|(_, waiting)| !waiting.is_closed())
                    .map(|(part, waiting)| (part.clone(), (part.number, waiting)))
                    .unzip();
                if parts.is_empty() {
                    continue;
                }
                let request = SignParts {
                    version: Some(version),
                    parts,
                };
                let signed = client.sign_parts(&id, &request).await;
                if signed.as_ref().is_ok_and(|signed| signed.cannot_copy) && !was_told {
                    was_told = true;
                    cannot_copy();
                }
                hand_out(signed, waiting);
            }
        });
        Self { asks }
    }

    pub(crate) async fn sign(&self, part: WantedPart) -> Result<Signed> {
        let (answer, answered) = oneshot::channel();
        let asked = self.asks.send((part, answer)).await;
        asked.map_err(|_| retry::gone())?;
        answered.await.map_err(|_| retry::gone())?
    }
}

fn hand_out(
    signed: Result<SignedParts>,
    mut waiting: HashMap<u32, oneshot::Sender<Result<Signed>>>,
) {
    match signed {
        Err(error) => {
            for (_, waiting) in waiting {
                let _ = waiting.send(Err(error.clone()));
            }
        }
        Ok(signed) => {
            let reused = signed
                .reused
                .into_iter()
                .map(|part| (part.number, Signed::Reused(part)));
            let to_send = signed
                .parts
                .into_iter()
                .map(|part| (part.number, Signed::Send(part)));
            for (number, answer) in reused.chain(to_send) {
                if let Some(waiting) = waiting.remove(&number) {
                    let _ = waiting.send(Ok(answer));
                }
            }
            for (number, waiting) in waiting {
                let missing = Error::unreachable(format!("the server did not sign part {number}"));
                let _ = waiting.send(Err(missing));
            }
        }
    }
}
