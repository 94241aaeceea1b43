//! A loopback proxy that can go silent, like a real proxy that drops packets after a failover. Connections then stay
//! open, but no data gets through, not even the end of a connection.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Which connections are silent.
#[derive(Clone, Copy, Debug, Default)]
struct Silence {
    /// Connections with a lower number are silent.
    first_open: u64,
    /// Whether all connections are silent, including new ones.
    is_total: bool,
}

/// A proxy that forwards everything to one address until it is silenced.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    /// The number of connections accepted so far.
    connections: Arc<watch::Sender<u64>>,
    silence: watch::Sender<Silence>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy that forwards to `target`.
    pub(crate) async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, silence) =
            (Arc::new(watch::Sender::new(0)), watch::Sender::new(Silence::default()));
        let accepting = tokio::spawn(accept(listener, target, Arc::clone(&connections), silence.subscribe()));
        Self { address, connections, silence, accepting }
    }

    /// Silences existing connections forever; new ones work.
    pub(crate) fn silence_existing(&self) {
        let first_open = *self.connections.borrow();
        self.silence.send_modify(|silence| silence.first_open = first_open);
    }

    /// Silences all connections, or ends the silence. Data sent during the silence arrives late.
    pub(crate) fn silence_all(&self, is_silent: bool) {
        self.silence.send_modify(|silence| silence.is_total = is_silent);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    connections: Arc<watch::Sender<u64>>,
    silence: watch::Receiver<Silence>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let number = *connections.borrow();
        connections.send_modify(|connections| *connections += 1);
        let silence = silence.clone();
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect(target).await else { return };
            let (client_reads, client_writes) = client.into_split();
            let (server_reads, server_writes) = server.into_split();
            let up = tokio::spawn(pass_on(client_reads, server_writes, number, silence.clone()));
            pass_on(server_reads, client_writes, number, silence).await;
            drop(up.await);
        });
    }
}

/// Forwards data, and its end, while the connection is not silent.
async fn pass_on(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    number: u64,
    mut silence: watch::Receiver<Silence>,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes).await.unwrap_or(0);
        let is_open = |silence: &Silence| !silence.is_total && number >= silence.first_open;
        let may_pass = silence.wait_for(is_open).await.is_ok();
        if !may_pass || read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            // This direction has ended. The other direction may still send data.
            drop(to.shutdown().await);
            return;
        }
    }
}
