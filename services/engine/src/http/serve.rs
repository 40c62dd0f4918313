//! The serving loop: accepts, serves HTTP/1, and ends, with every wait and every number bounded.
//!
//! Deliberately absent: routes; what is bounded to what ([`super::bounds`]).

use super::{
    Problem,
    bounds::{Bounds, Kind, Room},
    caller::Held,
    operations,
    patience::{Arriving, Leaving, Peer, Socket},
    usual_headers,
};
use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, header},
    response::IntoResponse,
};
use hyper::{body::Incoming, server::conn::http1, service::Service as _};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::OwnedSemaphorePermit,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// What is kept of a connection's bytes in either direction; a request's head has to fit.
const BUFFER: usize = 64 * 1024;
/// How long a request may take, its body included. What it wrote by then stays written; the same key gives its outcome.
const WORK: Duration = Duration::from_secs(60);
/// A pause where the system has no more sockets to give.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until told to stop; then the requests under way are answered, and nobody is listened to any more.
pub(crate) async fn serve(listener: TcpListener, router: Router, bounds: Bounds, stop: CancellationToken) {
    let room = Room::new(bounds);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // A client that went again is nobody's trouble; without sockets, waiting clients make room.
                if error.raw_os_error().is_some() && !matches!(error.kind(), std::io::ErrorKind::ConnectionAborted) {
                    tracing::warn!(error = %error.kind(), "a connection could not be accepted");
                    room.end_one();
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
        };
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = room.connection() => place,
        };
        connections.spawn(connection(stream, room.clone(), place, router.clone(), stop.clone()));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    room: Arc<Room>,
    _place: Option<OwnedSemaphorePermit>,
    router: Router,
    stop: CancellationToken,
) {
    // Answers are written whole: there is nothing to gather.
    let _ = stream.set_nodelay(true);
    let peer = Peer::new(room.clone());
    let gone = peer.gone.clone();
    let socket = TokioIo::new(Socket::new(stream, peer.clone()));
    let service = hyper::service::service_fn(move |request| {
        let (peer, router) = (peer.clone(), TowerToHyperService::new(router.clone()));
        async move { Ok::<_, Infallible>(answer(&peer, router, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(room.bounds.head())
        .max_buf_size(BUFFER)
        .serve_connection(socket, service);
    tokio::pin!(connection);
    let stopping = tokio::select! {
        // What goes wrong with a connection is its client's to notice.
        _ = connection.as_mut() => false,
        () = gone.cancelled() => false,
        () = stop.cancelled() => true,
    };
    if stopping {
        connection.as_mut().graceful_shutdown();
        tokio::select! { _ = connection.as_mut() => {}, () = gone.cancelled() => {} }
    }
}

async fn answer(peer: &Arc<Peer>, router: TowerToHyperService<Router>, request: Request<Incoming>) -> Response<Body> {
    let (room, held) = (&peer.room, Held::default());
    let kind = match request.method().is_safe() {
        _ if operations::PATHS.contains(&request.uri().path()) => Kind::Operation,
        true => Kind::Read,
        false => Kind::Command,
    };
    peer.asked(kind == Kind::Operation);
    let place = room.request(kind).await;
    if place.is_none() {
        return leaving(refused("crowded"), peer, None, held);
    }
    let mut request = request.map(|body| Body::new(Arriving::new(body, peer.clone())));
    request.extensions_mut().insert(held.clone());
    let response = match tokio::time::timeout(WORK, router.call(request)).await {
        Ok(Ok(response)) => response,
        Err(_) => refused("unavailable"),
    };
    if !streams(&response) {
        return leaving(response, peer, place, held);
    }
    match room.stream() {
        Some(place) => leaving(response, peer, Some(place), held),
        None => leaving(refused("crowded"), peer, place, held),
    }
}

fn leaving(
    response: Response<Body>,
    peer: &Arc<Peer>,
    place: Option<OwnedSemaphorePermit>,
    held: Held,
) -> Response<Body> {
    response.map(|body| Body::new(Leaving::new(body, peer.clone(), place, held)))
}

/// An answer without an end of its own.
fn streams(response: &Response<Body>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"text/event-stream"))
}

fn refused(code: &str) -> Response<Body> {
    usual_headers(Problem::common(code).into_response())
}
