//! What a service has heard of the ties between women, centres and staff, and how an asker stands to a woman now.
//!
//! A reader of people and aftercare keeps one sealed row for each woman, centre and service heard. What it keeps goes with her key; only
//! whoever must see nothing of her must not later either, so conflicts are sealed once more, under nobody's. Deliberately absent: what follows
//! from it ([`kit::access`]), and what another centre knows: a row is looked for by the asker's own centre alone.

mod head;
mod hear;

pub use head::Head;
pub use hear::{Hearing, READER};

use crate::{
    clock::Clock,
    http::Problem,
    keys::KeyError,
    reader::progress,
    seal::{Opening, Place, Seal, SealError},
};
use kit::{
    AggregateId, CentreId, Class, Epoch, WomanId,
    access::{Heard, Known, Principal},
    policy::Standing,
    relation::{HEARS, Relation, Sign},
    sealed::{ERASED, OPEN, Stored},
};
use serde_json::{Value, json};
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
                let signs = open(&self.seal, (self.service, woman, centre, service), sealed).await;
                let signs = signs.map_err(|error| {
                    tracing::error!(%error, "what ties a woman to a centre does not open");
                    Problem::common("unavailable")
                })?;
                let relation: &mut Relation = relation.get_or_insert_default();
                signs.standing.iter().for_each(|stood| relation.take(&stood.what));
                if signs.erased {
                    relation.take(&Sign::Erased);
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

/// Where conflicts are sealed for, under nobody's key: the woman they are about stands in the aggregate's place.
fn place_of_conflicts<'a>(service: &'a str, woman: WomanId, centre: CentreId, heard: &'a str) -> Place<'a> {
    Place { woman: None, aggregate: AggregateId(woman.0), ..place(service, woman, centre, heard) }
}

/// The members of a row. In a row from before, all of it was the first.
const SIGNS: &str = "signs";
const CONFLICTS: &str = "conflicts";

/// What a row holds.
pub(crate) struct Signs {
    standing: Standing<Sign>,
    /// Her key is gone: all that stands are conflicts.
    erased: bool,
}

async fn open(
    seal: &Seal,
    (service, woman, centre, heard): (&str, WomanId, CentreId, &str),
    mut row: Value,
) -> Result<Signs, SealError> {
    let conflicts = row.get_mut(CONFLICTS).map(Value::take);
    let signs = row.get_mut(SIGNS).map(Value::take).unwrap_or(row);
    let opened = async |place: Place<'_>, mut sealed: Value| {
        seal.open(place, &mut sealed, |_| Opening::Value).await?;
        if matches!(Stored::of(&sealed), Some(Stored::Erased)) {
            return Ok(None);
        }
        serde_json::from_value(sealed).map(Some).map_err(|_| SealError::Foreign)
    };
    let standing = opened(place(service, woman, centre, heard), signs).await?;
    let erased = standing.is_none();
    Ok(match (standing, conflicts) {
        (None, Some(conflicts)) => {
            let kept = opened(place_of_conflicts(service, woman, centre, heard), conflicts).await?;
            Signs { standing: kept.unwrap_or_default(), erased }
        }
        (standing, _) => Signs { standing: standing.unwrap_or_default(), erased },
    })
}

/// The row that holds these.
async fn sealed(
    seal: &Seal,
    (service, woman, centre, heard): (&str, WomanId, CentreId, &str),
    standing: &Standing<Sign>,
) -> Result<Value, SealError> {
    let mark = |signs: &Standing<Sign>| json!({ OPEN: { "class": Class::Personal, "value": signs } });
    let mut signs = mark(standing);
    match seal.seal(place(service, woman, centre, heard), &mut signs).await {
        // She was forgotten, and that is nearly all there is to know.
        Err(SealError::Key(KeyError::Erased)) => signs = json!({ ERASED: Class::Personal }),
        sealed => sealed?,
    }
    let mut row = json!({ SIGNS: signs });
    let conflicts = standing.clone().only(|sign| matches!(sign, Sign::Conflict(_)));
    if let Some(members) = row.as_object_mut().filter(|_| !conflicts.is_empty()) {
        let mut conflicts = mark(&conflicts);
        seal.seal(place_of_conflicts(service, woman, centre, heard), &mut conflicts).await?;
        members.insert(CONFLICTS.into(), conflicts);
    }
    Ok(row)
}
