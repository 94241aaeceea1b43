//! The HTTP server. It runs on its own thread, so that a program can start it in any async runtime, or without one.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use tokio::sync::{mpsc, oneshot};

use crate::state::SharedState;
use crate::webhooks::{Job, deliver_all};
use crate::{StartError, api, pages};

/// The running server.
pub(crate) struct Running {
    handle: ServerHandle,
    ended: Option<oneshot::Receiver<()>>,
}

/// The delivery queue: the receiver of its jobs, a sender for jobs to retry, and the waiting time before each retry.
pub(crate) struct Queue {
    pub(crate) jobs: mpsc::UnboundedReceiver<Job>,
    pub(crate) retries: mpsc::UnboundedSender<Job>,
    pub(crate) retry_after: Vec<Duration>,
}

/// Starts the server on a listener that is already open.
pub(crate) async fn start(
    listener: TcpListener,
    state: SharedState,
    queue: Queue,
) -> Result<Running, StartError> {
    let (ready, ready_receiver) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    std::thread::Builder::new()
        .name("practice-stripe".to_owned())
        .spawn(move || {
            actix_web::rt::System::new().block_on(serve(listener, state, queue, ready));
            // An error means that the receiver is already dropped.
            let _ = end.send(());
        })
        .map_err(|error| StartError::Server(error.to_string()))?;
    match ready_receiver.await {
        Ok(Ok(handle)) => Ok(Running { handle, ended: Some(ended) }),
        Ok(Err(error)) => Err(StartError::Server(error)),
        Err(_) => Err(StartError::Server("its thread ended early".to_owned())),
    }
}

async fn serve(
    listener: TcpListener,
    state: SharedState,
    queue: Queue,
    ready: oneshot::Sender<Result<ServerHandle, String>>,
) {
    let shared = web::Data::new(state.clone());
    let server = HttpServer::new(move || {
        App::new().app_data(shared.clone()).configure(pages::routes).default_service(web::to(api::answer))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener);
    let server = match server {
        Ok(server) => server.run(),
        Err(error) => {
            let _ = ready.send(Err(error.to_string()));
            return;
        }
    };
    let deliveries = actix_web::rt::spawn(deliver_all(state, queue.jobs, queue.retries, queue.retry_after));
    let _ = ready.send(Ok(server.handle()));
    if let Err(error) = server.await {
        tracing::error!(%error, "the practice Stripe's server ended with an error");
    }
    deliveries.abort();
}

impl Running {
    /// Stops the server and waits until it has ended.
    pub(crate) async fn stop(mut self) {
        // A graceful stop waits for the workers. Afterwards, connections that are still open get no more responses.
        self.handle.stop(true).await;
        if let Some(ended) = self.ended.take() {
            let _ = ended.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The call sends the command to stop. The returned future is dropped, because `drop` must not block.
        drop(self.handle.stop(false));
    }
}
