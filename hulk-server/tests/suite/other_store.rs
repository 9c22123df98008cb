//! A second S3 implementation in this process, with injectable faults.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::harness::engine::S3Store;

const BUCKET: &str = "other";
const KEYS: (&str, &str) = ("other-access-key", "other-secret-key");

/// How the store fails a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Refuse(StatusCode),
    /// Does not respond until the client disconnects.
    Hang,
    /// Does its work, but does not respond.
    Swallow,
}

/// Chooses the fault of each request by its method and its path with query.
type Rule = Box<dyn FnMut(&Method, &str) -> Option<Fault> + Send>;

#[derive(Clone, Default)]
struct Faults(Arc<Mutex<Option<Rule>>>);

pub(crate) struct OtherStore {
    _directory: TempDir,
    endpoint: String,
    faults: Faults,
    /// Stops the store when it is dropped.
    _stop: oneshot::Sender<()>,
}

impl OtherStore {
    pub(crate) fn start() -> Self {
        let directory = TempDir::new().unwrap();
        std::fs::create_dir(directory.path().join(BUCKET)).unwrap();
        let files = s3s_fs::FileSystem::new(directory.path()).unwrap();
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(KEYS.0, KEYS.1));
        let service = builder.build();
        let faults = Faults::default();
        let router = Router::new()
            .fallback(move |request: Request| {
                let service = service.clone();
                async move {
                    match service.call(request.map(s3s::Body::http_body_unsync)).await {
                        Ok(response) => response.map(axum::body::Body::new),
                        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                    }
                }
            })
            .layer(middleware::from_fn_with_state(faults.clone(), misbehave));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let serving = axum::serve(listener, router);
                tokio::select! {
                    served = serving => served.unwrap(),
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Self {
            _directory: directory,
            endpoint,
            faults,
            _stop: stop,
        }
    }

    pub(crate) fn store(&self) -> S3Store {
        S3Store {
            endpoint: self.endpoint.clone(),
            bucket: BUCKET.to_owned(),
            region: "auto".to_owned(),
            access_key: KEYS.0.to_owned(),
            secret_key: KEYS.1.to_owned(),
        }
    }

    /// Applies `rule` to all requests from now on.
    pub(crate) fn misbehave(
        &self,
        rule: impl FnMut(&Method, &str) -> Option<Fault> + Send + 'static,
    ) {
        *self.faults.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(rule));
    }

    pub(crate) fn behave(&self) {
        *self.faults.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn misbehave(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let target = request
        .uri()
        .path_and_query()
        .map_or("", |text| text.as_str());
    let fault = match &mut *faults.0.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(rule) => rule(request.method(), target),
        None => None,
    };
    match fault {
        None => next.run(request).await,
        Some(Fault::Refuse(status)) => status.into_response(),
        Some(Fault::Hang) => never().await,
        Some(Fault::Swallow) => {
            next.run(request).await;
            never().await
        }
    }
}

async fn never() -> Response {
    loop {
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}
