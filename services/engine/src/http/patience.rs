//! What a connection, a request's body and an answer's body are wrapped in, so that no client is waited for without a bound.
//!
//! Deliberately absent: who has to go when there is no room ([`super::bounds`]).

use super::{
    bounds::{For, Room, Wait},
    caller::Held,
};
use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// The most of an answer that is on its way at once: what a client does not take is freed when it goes.
const PIECE: usize = 64 * 1024;

/// Whoever is at the other end of one connection.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) room: Arc<Room>,
    /// Ends the connection.
    pub(super) gone: CancellationToken,
    /// Whether its last request was an operation.
    operates: AtomicBool,
    idle: Mutex<Option<Wait>>,
}

impl Peer {
    pub(super) fn new(room: Arc<Room>) -> Arc<Self> {
        let (gone, operates, idle) = (CancellationToken::new(), AtomicBool::new(false), Mutex::default());
        let peer = Arc::new(Self { room, gone, operates, idle });
        peer.rests();
        peer
    }

    /// It is waited for with its next request.
    fn rests(&self) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.wait(For::Request));
    }

    /// Its request is here.
    pub(super) fn asked(&self, operates: bool) {
        self.operates.store(operates, Relaxed);
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// It is waited for with its answer.
    fn takes(&self) -> Wait {
        self.wait(if self.operates.load(Relaxed) { For::Operation } else { For::Answer })
    }

    fn wait(&self, what: For) -> Wait {
        self.room.wait(what, &self.gone)
    }
}

/// A socket whose other end has a bounded time to take what is ready for it, all of it.
pub(super) struct Socket {
    stream: TcpStream,
    peer: Arc<Peer>,
    stalled: Option<(Pin<Box<Sleep>>, Wait)>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, peer: Arc<Peer>) -> Self {
        Self { stream, peer, stalled: None }
    }

    fn wrote(
        &mut self,
        context: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
        offered: usize,
    ) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Ready(Ok(taken)) if taken >= offered => self.stalled = None,
            Poll::Ready(_) => {}
            Poll::Pending => {
                let (until, _) = self.stalled.get_or_insert_with(|| {
                    let until = Instant::now() + self.peer.room.bounds.take();
                    (Box::pin(sleep_until(until)), self.peer.takes())
                });
                ready!(until.as_mut().poll(context));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        wrote
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, wrote, bytes.len())
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.wrote(context, wrote, pieces.iter().map(|piece| piece.len()).sum())
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A body did not come in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the body did not come in time")]
pub(super) struct TooSlow;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A request's body, all of which has a bounded time to come.
pub(super) struct Arriving {
    body: Incoming,
    peer: Arc<Peer>,
    awaited: Option<(Pin<Box<Sleep>>, Wait)>,
}

impl Arriving {
    pub(super) fn new(body: Incoming, peer: Arc<Peer>) -> Self {
        Self { body, peer, awaited: None }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let frame = Pin::new(&mut this.body).poll_frame(context);
        match frame {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(frame))),
            Poll::Ready(ended) => {
                this.awaited = None;
                Poll::Ready(ended.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                // Counted from the first wait, however little comes in between.
                let (until, _) = this.awaited.get_or_insert_with(|| {
                    let until = Instant::now() + this.peer.room.bounds.body();
                    (Box::pin(sleep_until(until)), this.peer.wait(For::Body))
                });
                ready!(until.as_mut().poll(context));
                Poll::Ready(Some(Err(TooSlow.into())))
            }
        }
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body in pieces. It keeps its place until the last of them is on its way.
pub(super) struct Leaving {
    body: Body,
    rest: Bytes,
    peer: Arc<Peer>,
    _place: Option<OwnedSemaphorePermit>,
    _held: Held,
}

impl Leaving {
    pub(super) fn new(body: Body, peer: Arc<Peer>, place: Option<OwnedSemaphorePermit>, held: Held) -> Self {
        Self { body, rest: Bytes::new(), peer, _place: place, _held: held }
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let piece = self.rest.split_to(PIECE.min(self.rest.len()));
        // A copy: a piece of the whole would keep the whole.
        Frame::data(if self.rest.is_empty() { piece } else { Bytes::copy_from_slice(&piece) })
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.peer.rests();
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            match frame.into_data() {
                Ok(data) if data.len() > PIECE => this.rest = data,
                Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            }
        }
        Poll::Ready(Some(Ok(this.piece())))
    }
    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}
