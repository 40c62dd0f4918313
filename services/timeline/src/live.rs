//! That there is something new of a woman, to whoever watches her course.
//!
//! Deliberately absent: what is new. The course is asked for that.

use crate::{api::App, project::CHANNEL};
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use engine::http::{Asked, Caller, Parts, Problem};
use futures::{Stream, StreamExt};
use kit::{CentreId, Class, WomanId, access::Act};
use serde_json::json;
use sqlx::{PgPool, postgres::PgListener};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// News of all courses, from Postgres to whoever watches one.
#[derive(Debug, Clone)]
pub(crate) struct Live(broadcast::Sender<News>, CancellationToken);

#[derive(Debug, Clone)]
struct News {
    woman: WomanId,
    centre: Option<CentreId>,
    position: String,
}

impl News {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (woman, centre, position) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { woman: woman.parse().ok()?, centre: centre.parse().ok(), position: position.to_owned() })
    }
}

impl Live {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(1024).0, CancellationToken::new())
    }

    /// Ends every live stream: they would keep the process from stopping.
    pub(crate) async fn end(self, stop: CancellationToken) {
        stop.cancelled().await;
        self.1.cancel();
    }

    /// Passes news on until told to stop. After a lost connection it listens again; who watches sees what was missed at the next load.
    pub(crate) async fn listen(self, pool: PgPool, stop: CancellationToken) {
        loop {
            let listening = async {
                let mut listener = PgListener::connect_with(&pool).await?;
                listener.listen(CHANNEL).await?;
                loop {
                    let news = listener.recv().await?;
                    if let Some(news) = News::parse(news.payload()) {
                        // Nobody may be watching.
                        let _ = self.0.send(news);
                    }
                }
                #[expect(unreachable_code, reason = "names the error type of the block")]
                Ok::<(), sqlx::Error>(())
            };
            tokio::select! { _ = listening => {}, () = stop.cancelled() => return }
            tokio::select! { () = tokio::time::sleep(Duration::from_secs(1)) => {}, () = stop.cancelled() => return }
        }
    }
}

/// `GET /v1/women/{woman}/live`: says that there is something new, never what. It ends with the token; the client comes again.
pub(crate) async fn live(
    State(app): State<Arc<App>>,
    Parts(woman): Parts<String>,
    headers: Asked,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let (caller, centre) = app.reader(&headers, Act::Read(Class::Open))?;
    let woman: WomanId = woman.parse().map_err(|_| Problem::not_found())?;
    let news = app.live.0.subscribe();
    app.known(&caller, woman).await?;
    let left = u64::try_from(caller.until - app.clock.now().unix_timestamp()).unwrap_or(0);
    let news = futures::stream::unfold(news, |mut news| async move {
        match news.recv().await {
            Ok(item) => Some((Some(item), news)),
            // Too much at once: the client is told to look at everything.
            Err(broadcast::error::RecvError::Lagged(_)) => Some((None, news)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    });
    let watching = Arc::new((app.clone(), caller));
    let told = watching.clone();
    let events = news.filter_map(move |item| {
        let watching = told.clone();
        async move {
            let (app, caller) = &*watching;
            match item {
                None => Some(Ok(Event::default().event("reload").data("{}"))),
                // Looked at each time: nothing is told to somebody who must not know it any more.
                Some(item) if item.woman == woman && item.centre == Some(centre) => {
                    app.known(caller, woman).await.ok()?;
                    Some(Ok(Event::default().event("entry").data(json!({ "position": item.position }).to_string())))
                }
                Some(_) => None,
            }
        }
    });
    let stop = app.live.1.clone();
    let events = events.take_until(async move {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(left)) => {}
            () = revoked(&watching.0, &watching.1, woman) => {}
            () = stop.cancelled() => {}
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

/// How often a stream looks whether anything was revoked.
const LOOK: Duration = Duration::from_millis(250);

/// Returns once the caller does not see her any more, or it is not known whether the caller may. Asked again only after a revocation,
/// whoever's.
async fn revoked(app: &App, caller: &Caller, woman: WomanId) {
    let lease = app.relations.lease();
    let mut last = lease.revoked();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = lease.revoked();
        if now.is_none() || now != last {
            if app.known(caller, woman).await.is_err() {
                return;
            }
            last = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn news_is_read_or_passed(text in any::<String>(), bits in any::<u128>(), position in "[a-z]{1,10}:[0-9]{1,9}") {
            let _ = News::parse(&text);
            let id = uuid::Uuid::from_u128(bits);
            let news = News::parse(&format!("{id} {id} {position}"));
            prop_assert_eq!(news.map(|news| (news.woman, news.position)), Some((WomanId(id), position)));
        }
    }
}
