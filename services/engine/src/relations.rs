//! What a service has heard of the ties between women, centres and staff, and how an asker stands to a woman now.
//!
//! A reader of people and aftercare keeps one sealed row for each woman, centre and service heard. Deliberately absent: what follows
//! from it ([`kit::access`]), and what another centre knows: a row is looked for by the asker's own centre alone.

mod head;
mod hear;

pub use head::Head;
pub use hear::{Hearing, READER};

use crate::{
    clock::Clock,
    http::Problem,
    reader::progress,
    seal::{Opening, Place, Seal, SealError},
};
use kit::{
    AggregateId, CentreId, Epoch, WomanId,
    access::{Heard, Known, Principal},
    policy::Standing,
    relation::{HEARS, Relation, Sign},
    sealed::Stored,
};
use serde_json::Value;
use sqlx::{PgPool, Row, postgres::PgRow};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// How long a command waits for what its sender knows to be recorded.
const WAIT: Duration = Duration::from_secs(2);
/// How long whoever asks waits for what people is known to have recorded.
const MOMENT: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(10);
/// Commands that wait at once; the others are decided by what there is.
const WAITERS: usize = 16;

/// The columns of `ties`, for queries that join it.
pub(crate) const TIES: &str = "t.people, t.aftercare, t.held_back, t.epoch, t.number, t.on_duty, t.engaged";

/// Looks ties up.
#[derive(Debug, Clone)]
pub struct Relations {
    service: &'static str,
    pool: PgPool,
    seal: Seal,
    clock: Clock,
    head: Head,
    waiters: Arc<Semaphore>,
}

impl Relations {
    /// Those that a service has heard.
    #[must_use]
    pub fn new(service: &'static str, pool: PgPool, seal: Seal, clock: Clock, head: Head) -> Self {
        Self { service, pool, seal, clock, head, waiters: Arc::new(Semaphore::new(WAITERS)) }
    }

    /// A woman as the asker's own centre knows her.
    pub async fn known(&self, principal: &Principal, woman: WomanId) -> Result<Known, Problem> {
        let mut all = self.all(principal, &[woman]).await?;
        all.remove(&woman).ok_or_else(Problem::not_found)
    }

    /// Several.
    pub async fn all(&self, principal: &Principal, women: &[WomanId]) -> Result<BTreeMap<WomanId, Known>, Problem> {
        let centre = principal.centre.ok_or_else(Problem::not_found)?;
        self.settle().await?;
        let rows = sqlx::query(&format!("SELECT t.of_woman, {TIES} FROM ties($1, $2, $3, $4) t"))
            .bind(women.iter().map(|woman| woman.0).collect::<Vec<Uuid>>())
            .bind(centre.0)
            .bind(principal.actor.as_str())
            .bind(self.clock.now())
            .fetch_all(&self.pool)
            .await?;
        let mut all = BTreeMap::new();
        for row in rows {
            let woman = WomanId(row.try_get("of_woman")?);
            all.insert(woman, self.read(&row, woman, centre).await?);
        }
        Ok(all)
    }

    /// Waits a moment for what people is known to have recorded: whoever asks had rather wait than be shown less.
    pub(crate) async fn settle(&self) -> Result<(), Problem> {
        let Some((epoch, head)) = self.head.last().filter(|_| self.service != PEOPLE) else { return Ok(()) };
        let Ok(_turn) = self.waiters.try_acquire() else { return Ok(()) };
        let until = tokio::time::Instant::now() + MOMENT;
        while progress(&self.pool, READER, PEOPLE)
            .await?
            .is_none_or(|heard| heard.epoch != epoch || heard.number < head)
            && tokio::time::Instant::now() < until
        {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// What a row says that has the columns [`TIES`].
    pub(crate) async fn read(&self, row: &PgRow, woman: WomanId, centre: CentreId) -> Result<Known, Problem> {
        let mut relation = None;
        for service in HEARS {
            if let Some(sealed) = row.try_get::<Option<Value>, _>(*service)? {
                let signs = open(&self.seal, place(self.service, woman, centre, service), sealed).await;
                let signs = signs.map_err(|error| {
                    tracing::error!(%error, "what ties a woman to a centre does not open");
                    Problem::common("unavailable")
                })?;
                let relation: &mut Relation = relation.get_or_insert_default();
                match signs {
                    Some(signs) => signs.iter().for_each(|stood| relation.take(&stood.what)),
                    None => relation.take(&Sign::Erased),
                }
            }
        }
        let heard = row.try_get::<Option<Uuid>, _>("epoch")?.map(Epoch);
        let heard = heard.zip(row.try_get::<Option<i64>, _>("number")?.map(i64::unsigned_abs));
        Ok(Known {
            centre,
            relation,
            heard: if row.try_get("held_back")? {
                Heard::HeldBack
            } else if self.service == PEOPLE || self.head.reached(heard) {
                Heard::Whole
            } else {
                Heard::Behind
            },
            on_duty: row.try_get("on_duty")?,
            engaged: row.try_get("engaged")?,
            today: self.clock.today(),
        })
    }

    /// The moment that duties are asked for.
    pub(crate) fn now(&self) -> time::OffsetDateTime {
        self.clock.now()
    }

    /// Waits, for a while, until what the asker knows to be recorded was heard here: positions by commas.
    pub async fn at_least(&self, positions: &str) -> Result<(), Problem> {
        let position = |text: &str| {
            let (service, number) = text.trim().split_once(':')?;
            Some((HEARS.iter().find(|heard| **heard == service), number.parse::<u64>().ok()?))
        };
        let all: Option<Vec<_>> = positions.split(',').map(position).collect();
        let all = all.ok_or_else(|| Problem::common("query_invalid"))?;
        let Ok(_turn) = self.waiters.try_acquire() else { return Ok(()) };
        let until = tokio::time::Instant::now() + WAIT;
        for (service, number) in all.into_iter().filter_map(|(service, number)| Some((service?, number))) {
            while progress(&self.pool, READER, service).await?.is_none_or(|reached| reached.number < number) {
                if tokio::time::Instant::now() >= until {
                    return Ok(());
                }
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }
}

/// The service that owns stays: what it knows of itself is never behind.
const PEOPLE: &str = "people";

/// Where what was heard is sealed for.
fn place<'a>(service: &'a str, woman: WomanId, centre: CentreId, heard: &'a str) -> Place<'a> {
    Place {
        service,
        woman: Some(woman),
        centre: Some(centre),
        aggregate_type: "relation",
        aggregate: AggregateId::default(),
        version: 0,
        event: heard,
    }
}

/// What a row holds; none where her key is gone.
async fn open(seal: &Seal, place: Place<'_>, mut row: Value) -> Result<Option<Standing<Sign>>, SealError> {
    seal.open(place, &mut row, |_| Opening::Value).await?;
    if matches!(Stored::of(&row), Some(Stored::Erased)) {
        return Ok(None);
    }
    serde_json::from_value(row).map(Some).map_err(|_| SealError::Foreign)
}
