//! Ways between two programs, and what goes wrong on them.
//!
//! TCP, byte for byte, in this process. Deliberately absent: any idea of what is said.

use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// How a way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything passes.
    Open,
    /// Half of what comes passes, and then the connection is reset.
    Cut,
    /// Every piece is late.
    Late(Duration),
    /// What is sent is taken and never passed on; then the connection ends.
    RequestDropped,
    /// What is answered is taken and never passed on; then the connection ends.
    AnswerDropped,
    /// Nothing passes, and nobody is told; later it goes on.
    Silent,
}

/// The ways of one client, or of one service to one server: they are good or bad together.
#[derive(Debug, Clone)]
pub struct Link(Arc<watch::Sender<Mode>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Request,
    Answer,
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Reset,
}

impl Default for Link {
    fn default() -> Self {
        Self(Arc::new(watch::channel(Mode::Open).0))
    }
}

impl Link {
    /// Sets how it is from now on, for living connections too.
    pub fn set(&self, mode: Mode) {
        self.0.send_replace(mode);
    }

    /// A way to a port of this machine's: the port to use instead.
    pub async fn to(&self, port: u16) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mine = listener.local_addr().unwrap().port();
        let (target, link) = (SocketAddr::from(([127, 0, 0, 1], port)), self.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(join(client, target, link.0.subscribe()));
            }
        });
        mine
    }
}

async fn join(client: TcpStream, target: SocketAddr, mode: watch::Receiver<Mode>) {
    let Ok(server) = TcpStream::connect(target).await else {
        // Nobody is there: as without us, the client is told at once.
        let _ = client.set_zero_linger();
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let end = tokio::select! {
        end = pump(&mut from_client, &mut to_server, Way::Request, mode.clone()) => end,
        end = pump(&mut from_server, &mut to_client, Way::Answer, mode) => end,
    };
    if end == End::Reset {
        let _ = (from_client.as_ref().set_zero_linger(), from_server.as_ref().set_zero_linger());
        // Dropped, they would say goodbye in order first.
        to_client.forget();
        to_server.forget();
    }
}

async fn pump(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, way: Way, mut mode: watch::Receiver<Mode>) -> End {
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut piece) => read,
            changed = mode.changed() => {
                if changed.is_err() {
                    return End::Closed;
                }
                continue;
            }
        };
        let Ok(read @ 1..) = read else { return End::Closed };
        let Ok(now) = mode.wait_for(|mode| *mode != Mode::Silent).await.map(|mode| *mode) else { return End::Closed };
        let (passes, end) = match (now, way) {
            (Mode::Cut, _) => (read / 2, Some(End::Reset)),
            (Mode::RequestDropped, Way::Request) | (Mode::AnswerDropped, Way::Answer) => (0, Some(End::Closed)),
            (Mode::Late(time), _) => {
                tokio::time::sleep(time).await;
                (read, None)
            }
            _ => (read, None),
        };
        if to.write_all(&piece[..passes]).await.is_err() {
            return End::Closed;
        }
        if let Some(end) = end {
            return end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says back what it is told, and counts.
    async fn echo() -> (u16, watch::Receiver<usize>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (port, (told, heard)) = (listener.local_addr().unwrap().port(), watch::channel(0));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut piece = [0; 1024];
                while let Ok(read @ 1..) = stream.read(&mut piece).await {
                    told.send_modify(|heard| *heard += read);
                    let _ = stream.write_all(&piece[..read]).await;
                }
            }
        });
        (port, heard)
    }

    async fn say(port: u16) -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"12345678").await?;
        let mut piece = [0; 8];
        let said = tokio::time::timeout(crate::PATIENCE, stream.read(&mut piece)).await;
        said.unwrap_or(Err(std::io::ErrorKind::TimedOut.into()))
    }

    #[tokio::test]
    async fn each_mode_does_what_it_says() {
        let (server, mut heard) = echo().await;
        let link = Link::default();
        let port = link.to(server).await;
        assert_eq!(say(port).await.unwrap(), 8);
        link.set(Mode::Late(Duration::from_millis(50)));
        assert_eq!(say(port).await.unwrap(), 8);
        assert_eq!(*heard.borrow(), 16);
        link.set(Mode::RequestDropped);
        assert_eq!(say(port).await.unwrap_or(0), 0);
        assert_eq!(*heard.borrow(), 16, "it never got there");
        link.set(Mode::AnswerDropped);
        assert_eq!(say(port).await.unwrap_or(0), 0);
        assert_eq!(*heard.borrow_and_update(), 24, "it got there");
        link.set(Mode::Cut);
        let cut = say(port).await;
        assert!(matches!(&cut, Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset), "{cut:?}");
        heard.changed().await.unwrap();
        assert_eq!(*heard.borrow_and_update(), 28, "half of it got there");
        link.set(Mode::Silent);
        let waiting = tokio::spawn(say(port));
        assert_eq!(*heard.borrow(), 28);
        link.set(Mode::Open);
        assert_eq!(waiting.await.unwrap().unwrap(), 8, "it is late, and not lost");
    }
}
