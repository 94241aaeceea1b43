//! A connection to the database that a test can cut and restore.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A proxy that listens on a port of its own, and forwards each connection to the database server.
pub struct Wire {
    server: SocketAddr,
    address: SocketAddr,
    forwarding: Option<JoinHandle<()>>,
}

impl Wire {
    /// Starts a proxy to a database on a PostgreSQL server. Returns the proxy, and the URL that reaches the database
    /// through the proxy. Returns `None` for a database in a file.
    pub fn open(database: &str) -> Option<(Self, String)> {
        let mut url = url::Url::parse(database).unwrap();
        let server = format!("{}:{}", url.host_str()?, url.port().unwrap()).parse().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut wire = Self { server, address: listener.local_addr().unwrap(), forwarding: None };
        wire.forward(TcpListener::from_std(listener).unwrap());
        url.set_port(Some(wire.address.port())).unwrap();
        Some((wire, url.to_string()))
    }

    fn forward(&mut self, listener: TcpListener) {
        let server = self.server;
        self.forwarding = Some(tokio::spawn(async move {
            // When the task is aborted, this set is dropped, and all connections are cut.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                connections.spawn(async move {
                    let mut database = TcpStream::connect(server).await.unwrap();
                    // Errors are ignored, because the test cuts connections on purpose.
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut database).await;
                });
            }
        }));
    }

    /// Cuts all connections, and refuses new ones from now on.
    pub async fn cut(&mut self) {
        let forwarding = self.forwarding.take().unwrap();
        forwarding.abort();
        assert!(forwarding.await.unwrap_err().is_cancelled());
    }

    /// Accepts and forwards connections again.
    pub fn restore(&mut self) {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.address).unwrap();
        self.forward(socket.listen(16).unwrap());
    }
}
