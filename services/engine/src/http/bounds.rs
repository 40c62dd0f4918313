//! How much a service takes on at once, and who has to go when there is no more room.
//!
//! Whoever keeps the service waiting longest goes first: with a request that does not come, a body that does not end, an answer that
//! is not taken. So an ordinary client finds room beside any number of slow ones. Deliberately absent: sockets ([`super::serve`]).

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// How long a request waits for room before it is told to come back.
const QUEUE: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(100);
/// How long a client may keep a request's place waiting although others need it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What one service takes on at once, and how long it waits for clients.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// Open connections.
    pub connections: NonZeroU32,
    /// Commands being carried out, until the client has taken the answer.
    pub commands: NonZeroU32,
    /// Answers being read, until the client has taken them. They may be large: with them the memory is bounded.
    pub reads: NonZeroU32,
    /// Live streams.
    pub streams: NonZeroU32,
    /// Answers to whoever watches over the service or reads its document: no token is asked for, so they take no place of a request's.
    pub operations: NonZeroU32,
    /// Seconds from a connection's beginning, or the answer before, to the end of a request's head.
    pub head_seconds: NonZeroU32,
    /// Seconds for a request's body.
    pub body_seconds: NonZeroU32,
    /// Seconds in which a client takes what is ready for it.
    pub take_seconds: NonZeroU32,
}

impl Default for Bounds {
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            connections: number(1024),
            commands: number(256),
            reads: number(32),
            streams: number(512),
            operations: number(16),
            head_seconds: number(60),
            body_seconds: number(15),
            take_seconds: number(30),
        }
    }
}

impl Bounds {
    pub(super) fn head(&self) -> Duration {
        Duration::from_secs(self.head_seconds.get().into())
    }
    pub(super) fn body(&self) -> Duration {
        Duration::from_secs(self.body_seconds.get().into())
    }
    pub(super) fn take(&self) -> Duration {
        Duration::from_secs(self.take_seconds.get().into())
    }
}

/// For what a client is waited for; in this order they have to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum For {
    /// A request: it holds a connection and nothing else.
    Request,
    /// Room for the next piece of an operation's answer: it holds one of their places.
    Operation,
    /// The rest of a body: it holds a request's place too.
    Body,
    /// Room for the next piece of an answer: it holds that place, or a live stream's.
    Answer,
}

/// Whose place a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Command,
    Read,
    Operation,
}

/// The room of one service.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) bounds: Bounds,
    connections: Arc<Semaphore>,
    commands: Arc<Semaphore>,
    reads: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    operations: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

/// Who is waited for, by what for and since when.
#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    clients: BTreeMap<(For, u64), (Instant, CancellationToken)>,
}

/// A client is waited for until this is dropped.
#[derive(Debug)]
pub(super) struct Wait {
    room: Arc<Room>,
    place: (For, u64),
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.room.waiting.lock().unwrap_or_else(PoisonError::into_inner).clients.remove(&self.place);
    }
}

impl Room {
    pub(super) fn new(bounds: Bounds) -> Arc<Self> {
        let places = |number: NonZeroU32| Arc::new(Semaphore::new(usize::try_from(number.get()).unwrap_or(1)));
        Arc::new(Self {
            connections: places(bounds.connections),
            commands: places(bounds.commands),
            reads: places(bounds.reads),
            streams: places(bounds.streams),
            operations: places(bounds.operations),
            waiting: Mutex::default(),
            bounds,
        })
    }

    /// From now on the connection that `gone` ends is waited for.
    pub(super) fn wait(self: &Arc<Self>, what: For, gone: &CancellationToken) -> Wait {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (what, waiting.next);
        waiting.next += 1;
        waiting.clients.insert(place, (Instant::now(), gone.clone()));
        Wait { room: self.clone(), place }
    }

    /// Ends the connection that has been waited for longest, of those that hold a connection alone first.
    pub(super) fn end_one(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, (_, gone))) = waiting.clients.pop_first() {
            gone.cancel();
        }
    }

    /// Ends the connection that has kept a request's place waiting longest, where that is too long.
    fn end_one_with_a_place(&self, kind: Kind) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Who only reads sends no body: ending who does would make no room there.
        let mut longest = match kind {
            Kind::Command => waiting.clients.range((For::Body, 0)..),
            Kind::Read => waiting.clients.range((For::Answer, 0)..),
            Kind::Operation => waiting.clients.range((For::Operation, 0)..(For::Body, 0)),
        };
        let longest = longest.next();
        let longest = longest.filter(|(_, (since, _))| since.elapsed() >= PATIENCE).map(|(place, _)| *place);
        if let Some((_, gone)) = longest.and_then(|place| waiting.clients.remove(&place)) {
            gone.cancel();
        }
    }

    /// Room for a connection; `None` never while the service runs.
    pub(super) async fn connection(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = self.connections.clone().try_acquire_owned() {
            return Some(place);
        }
        let place = self.connections.clone().acquire_owned();
        tokio::pin!(place);
        loop {
            // Whoever was being answered a moment ago may be waited for now.
            self.end_one();
            if let Ok(place) = tokio::time::timeout(STEP, &mut place).await {
                return place.ok();
            }
        }
    }

    /// Room for a request; `None`: there is none for now.
    pub(super) async fn request(&self, kind: Kind) -> Option<OwnedSemaphorePermit> {
        let places = match kind {
            Kind::Command => &self.commands,
            Kind::Read => &self.reads,
            Kind::Operation => &self.operations,
        };
        let place = places.clone().acquire_owned();
        tokio::pin!(place);
        let until = Instant::now() + QUEUE;
        while Instant::now() < until {
            // Asked first: only where there is no room somebody has to go.
            if let Ok(place) = tokio::time::timeout(STEP, &mut place).await {
                return place.ok();
            }
            self.end_one_with_a_place(kind);
        }
        None
    }

    /// Room for a live stream; `None`: there is none for now.
    pub(super) fn stream(&self) -> Option<OwnedSemaphorePermit> {
        self.streams.clone().try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(connections: u32, reads: u32) -> Arc<Room> {
        let number = |number| NonZeroU32::new(number).unwrap();
        Room::new(Bounds { connections: number(connections), reads: number(reads), ..Bounds::default() })
    }

    #[tokio::test]
    async fn who_keeps_it_waiting_longest_makes_room() {
        let room = room(2, 1);
        let gone: [CancellationToken; 3] = Default::default();
        let (first, second) = (room.connection().await.unwrap(), room.connection().await.unwrap());
        let progress = room.wait(For::Body, &gone[0]);
        let idle = room.wait(For::Request, &gone[1]);
        let later = room.wait(For::Request, &gone[2]);
        drop(later);
        let asks = tokio::spawn({
            let room = room.clone();
            async move { room.connection().await }
        });
        gone[1].cancelled().await;
        assert!(!gone[0].is_cancelled() && !gone[2].is_cancelled(), "only the idle one goes");
        drop((idle, second));
        let third = asks.await.unwrap().unwrap();
        room.end_one();
        assert!(gone[0].is_cancelled());
        drop((first, third, progress));
        assert!(room.waiting.lock().unwrap().clients.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_a_place_and_is_then_told_to_come_back() {
        let room = room(9, 1);
        let (gone, held) = (CancellationToken::new(), room.request(Kind::Read).await.unwrap());
        let at_work = Instant::now();
        assert!(room.request(Kind::Read).await.is_none(), "whoever is being answered is left alone");
        assert!(at_work.elapsed() >= QUEUE);
        let slow = room.wait(For::Answer, &gone);
        let next = tokio::spawn({
            let room = room.clone();
            async move { room.request(Kind::Read).await.is_some() }
        });
        gone.cancelled().await;
        drop((slow, held));
        assert!(next.await.unwrap(), "who did not take the answer made room");
    }

    /// Neither takes the other's place, nor is anybody sent away for the other's sake.
    #[tokio::test(start_paused = true)]
    async fn operations_take_nothing_from_reads_nor_reads_from_operations() {
        let one = NonZeroU32::MIN;
        let room = Room::new(Bounds { reads: one, operations: one, ..Bounds::default() });
        let (reader, asker) = (CancellationToken::new(), CancellationToken::new());
        let operation = room.request(Kind::Operation).await.unwrap();
        let read = room.request(Kind::Read).await.unwrap();
        let (reads, asks) = (room.wait(For::Answer, &reader), room.wait(For::Operation, &asker));
        drop(asks);
        assert!(room.request(Kind::Operation).await.is_none());
        assert!(!reader.is_cancelled(), "a slow reader is none of theirs");
        drop(reads);
        let asks = room.wait(For::Operation, &asker);
        assert!(room.request(Kind::Read).await.is_none());
        assert!(!asker.is_cancelled());
        assert!(room.request(Kind::Operation).await.is_none());
        assert!(asker.is_cancelled(), "who does not take a document makes room for who asks for one");
        drop((operation, read, asks));
    }
}
