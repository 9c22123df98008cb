//! Listens, serves, and stops without breaking requests under way.

use std::{future::Future, io, net::SocketAddr};

use axum::{Router, middleware, response::IntoResponse};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    app::{App, StartError},
    config::Config,
    error::Error,
    http::{client_ip::TrustedProxies, security},
    jobs, listener, process, routes, telemetry,
};

/// Open files, of those that the system allows, that are reserved for everything except connections: a
/// connection may also have a file open.
const OTHER_FILES: u64 = 128;

/// A server that listens but does not answer yet.
pub struct Server {
    listener: TcpListener,
    /// Listener for metrics only.
    metrics: Option<TcpListener>,
    /// Listener for the embedded store's own API.
    store: Option<TcpListener>,
    limits: listener::Limits,
    app: App,
}

impl Server {
    /// Binds the address and opens database and store.
    ///
    /// # Errors
    /// If the address is in use, or the database or the store cannot be used.
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        let listener = listen(&config.listen).await?;
        let metrics = match &config.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let store = match &config.store_listen {
            Some(address) => Some(listen_locally(address).await?),
            None => None,
        };
        let address = listener.local_addr().map_err(|source| StartError::Listen {
            address: config.listen.clone(),
            source,
        })?;
        let limits = limits(config, process::raise_open_files());
        let app = App::open(config, address).await?;
        telemetry::init_metrics();
        Ok(Self {
            listener,
            metrics,
            store,
            limits,
            app,
        })
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// # Errors
    /// If the operating system does not report it.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `stop`, then lets those under way end, or cuts them off at a second
    /// signal, and closes the database.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self {
            listener,
            metrics,
            store,
            limits,
            app,
        } = self;
        let stopped = CancellationToken::new();
        let jobs = tokio::spawn(jobs::run(app.clone(), stopped.clone()));
        let upkeep = tokio::spawn(telemetry::upkeep());
        let stopping = CancellationToken::new();
        let layered = |router| layered(router, app.settings.is_https());
        for (listener, router) in [
            (metrics, routes::metrics_router(app.clone())),
            (store, routes::store_router(&app)),
        ] {
            if let Some(listener) = listener {
                let (limits, stopping) = (limits.clone(), stopping.clone());
                tokio::spawn(listener::serve(listener, layered(router), limits, stopping));
            }
        }
        let router = layered(routes::router(app.clone()));
        let serving = listener::serve(listener, router, limits, stopping.clone());
        let stop = async {
            stop.await;
            stopping.cancel();
            interrupted().await;
        };
        tokio::select! {
            () = serving => {}
            () = stop => {
                tracing::warn!("second signal to stop: requests under way are cut off");
            }
        }
        upkeep.abort();
        stopped.cancel();
        // A panic in a job was logged; the database is closed all the same.
        let _ = jobs.await;
        app.db.close().await;
        Ok(())
    }
}

async fn listen(address: &str) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| StartError::Listen {
        address: address.to_owned(),
        source,
    })
}

/// Listens on a loopback address: the store's own API is for programs on this machine.
async fn listen_locally(address: &str) -> Result<TcpListener, StartError> {
    let listener = listen(address).await?;
    let is_local = listener
        .local_addr()
        .is_ok_and(|bound| bound.ip().is_loopback());
    is_local
        .then_some(listener)
        .ok_or(StartError::StoreListen("must be a loopback address"))
}

/// Adds what every answer goes through, be it that of a handler that panicked.
fn layered(router: Router, is_https: bool) -> Router {
    router
        .layer(CatchPanicLayer::custom(|_| {
            Error::internal("a handler panicked").into_response()
        }))
        .layer(middleware::map_response_with_state(
            is_https,
            security::secure,
        ))
        .layer(middleware::from_fn(telemetry::observe))
}

/// Returns the configured limits, with no more connections than the system allows files for.
fn limits(config: &Config, open_files: u64) -> listener::Limits {
    let wanted = config.max_connections as usize;
    let possible =
        usize::try_from(open_files.saturating_sub(OTHER_FILES) / 2).unwrap_or(usize::MAX);
    if possible < wanted {
        tracing::warn!(
            connections = possible,
            "the limit of open files allows fewer connections than --max-connections"
        );
    }
    listener::Limits {
        connections: wanted.min(possible.max(1)),
        client_connections: config.max_client_connections as usize,
        min_rate: config.min_rate,
        trusted_proxies: std::sync::Arc::new(TrustedProxies::new(config.trusted_proxies.clone())),
    }
}

/// Resolves at the first SIGINT or SIGTERM after the call, which must be made within a runtime.
pub fn interrupted() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt());
        let terminate = signal(SignalKind::terminate());
        async move {
            match (interrupt, terminate) {
                (Ok(mut interrupt), Ok(mut terminate)) => tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                },
                _ => drop(tokio::signal::ctrl_c().await),
            }
        }
    }
    #[cfg(not(unix))]
    async {
        let _ = tokio::signal::ctrl_c().await;
    }
}
