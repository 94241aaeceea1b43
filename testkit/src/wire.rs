//! A connection to the database that a test can cut and restore.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A proxy that forwards its own port to the database server.
pub struct Wire {
    server: SocketAddr,
    here: SocketAddr,
    passing: Option<JoinHandle<()>>,
}

impl Wire {
    /// Starts a proxy to a database on a PostgreSQL server. Returns it with the URL of the database through the proxy.
    /// Returns `None` for a database in a file.
    pub fn to(database: &str) -> Option<(Self, String)> {
        let mut url = url::Url::parse(database).unwrap();
        let server = format!("{}:{}", url.host_str()?, url.port().unwrap()).parse().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut wire = Self { server, here: listener.local_addr().unwrap(), passing: None };
        wire.pass(TcpListener::from_std(listener).unwrap());
        url.set_port(Some(wire.here.port())).unwrap();
        Some((wire, url.to_string()))
    }

    fn pass(&mut self, listener: TcpListener) {
        let server = self.server;
        self.passing = Some(tokio::spawn(async move {
            // This set is dropped when the task is aborted, which cuts all connections.
            let mut under_way = tokio::task::JoinSet::new();
            while let Ok((mut one, _)) = listener.accept().await {
                under_way.spawn(async move {
                    let mut other = TcpStream::connect(server).await.unwrap();
                    // Errors are ignored, because the test cuts connections on purpose.
                    let _ = tokio::io::copy_bidirectional(&mut one, &mut other).await;
                });
            }
        }));
    }

    /// Cuts all connections, and refuses new ones from now on.
    pub async fn cut(&mut self) {
        let passing = self.passing.take().unwrap();
        passing.abort();
        assert!(passing.await.unwrap_err().is_cancelled());
    }

    /// Accepts and forwards connections again.
    pub fn restore(&mut self) {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.here).unwrap();
        self.pass(socket.listen(16).unwrap());
    }
}
