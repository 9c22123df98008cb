//! Listens, serves, and stops without breaking what is under way.

use std::{
    future::{Future, IntoFuture},
    io,
    net::SocketAddr,
};

use axum::{middleware, serve::ListenerExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{Config, StartError, app::App, error::Error, routes, sweep, telemetry};

/// A server that listens but does not answer yet.
pub struct Server {
    listener: TcpListener,
    app: App,
}

impl Server {
    /// Binds the address and opens database and store.
    ///
    /// # Errors
    /// If the address is taken or one of them cannot be used.
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        let fault = |source| StartError::Listen {
            address: config.listen.clone(),
            source,
        };
        let listener = TcpListener::bind(&config.listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let app = App::open(config, address).await?;
        telemetry::init_metrics();
        Ok(Self { listener, app })
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// # Errors
    /// If the operating system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `stop`, then lets those under way end, or cuts them off at a second
    /// signal, and closes the database.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { listener, app } = self;
        let stopped = CancellationToken::new();
        let jobs = tokio::spawn(sweep::run(app.clone(), stopped.clone()));
        let router = routes::router(app.clone())
            .layer(CatchPanicLayer::custom(|_| {
                axum::response::IntoResponse::into_response(Error::internal("a handler panicked"))
            }))
            .layer(middleware::from_fn(telemetry::observe));
        // Without it, small answers wait for a delayed ACK on reused connections.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY was refused");
            }
        });
        let stopping = CancellationToken::new();
        let graceful = stopping.clone();
        let serving = axum::serve(
            listener,
            router.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .with_graceful_shutdown(async move {
            stop.await;
            graceful.cancel();
        });
        let impatient = async {
            stopping.cancelled().await;
            interrupted().await;
        };
        let served = tokio::select! {
            served = serving.into_future() => served,
            () = impatient => {
                tracing::warn!("asked to stop twice: requests under way are cut off");
                Ok(())
            }
        };
        stopped.cancel();
        // A panic in a job was logged; the database is closed all the same.
        let _ = jobs.await;
        app.db.close().await;
        served
    }
}

/// Resolves at SIGINT or SIGTERM.
pub async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
