//! The directory of staff and centres as a service keeps it: what was heard of each worker and of each centre, sealed and signed.
//!
//! A row that is not as it was kept is left out: whom it says is known is not. Deliberately absent: what the events come to
//! ([`kit::directory`]), and who may see it.

use super::Relations;
use crate::{
    http::Problem,
    integrity::Signer,
    reader::ReadError,
    seal::{Opening, Place, Seal, SealError},
    tally::Tally,
};
use kit::{
    ActorId, AggregateId, CentreId, Class,
    access::Principal,
    directory::{Directory, DirectoryFact, Listed, Named, SubscribedEvent},
    policy::{Heard, Standing},
    sealed::OPEN,
};
use serde_json::{Map, Value, json};
use sqlx::{PgConnection, PgPool};
use std::{collections::BTreeSet, time::Duration};
use time::Date;
use uuid::Uuid;

/// The kinds of aggregates that it is made of, as people calls them.
const STAFF: &str = "staff";
const CENTRE: &str = "centre";
/// What somebody asks for who is not there yet is waited for so long: they may have been registered just now.
const MOMENT: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(100);

/// A row as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct DirectoryRow {
    pub aggregate: Uuid,
    pub centre: Uuid,
    pub kind: String,
    pub facts: String,
    pub mac: Option<Vec<u8>>,
}

const ROW: &str = "aggregate, centre, kind, facts::text, mac";

impl DirectoryRow {
    /// Its signature.
    pub(super) fn sign(&self, signer: &Signer) -> Vec<u8> {
        let parts = [self.aggregate.as_bytes(), self.centre.as_bytes(), self.kind.as_bytes(), self.facts.as_bytes()];
        signer.sign("directory", &parts)
    }

    /// Whether it is as it was kept.
    pub(super) fn fits(&self, signer: &Signer) -> bool {
        self.mac.as_ref() == Some(&self.sign(signer))
    }

    /// All there are.
    pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<Self>, sqlx::Error> {
        sqlx::query_as(&format!("SELECT {ROW} FROM directory")).fetch_all(connection).await
    }

    async fn of(connection: &mut PgConnection, aggregate: AggregateId) -> Result<Option<Self>, sqlx::Error> {
        let sql = format!("SELECT {ROW} FROM directory WHERE aggregate = $1");
        sqlx::query_as(&sql).bind(aggregate.0).fetch_optional(connection).await
    }

    fn place<'a>(&'a self, keeper: &'a str) -> Place<'a> {
        Place {
            service: keeper,
            woman: None,
            centre: Some(CentreId(self.centre)),
            aggregate_type: "directory",
            aggregate: AggregateId(self.aggregate),
            version: 0,
            event: &self.kind,
        }
    }

    /// Opens what it holds.
    pub(super) async fn open(&self, seal: &Seal, keeper: &str) -> Result<Standing<DirectoryFact>, SealError> {
        let mut facts = serde_json::from_str(&self.facts).map_err(|_| SealError::Malformed)?;
        seal.open(self.place(keeper), &mut facts, |_| Opening::Value).await?;
        serde_json::from_value(facts).map_err(|_| SealError::Foreign)
    }
}

/// Takes an event of the directory in.
pub(super) async fn take(
    connection: &mut PgConnection,
    (seal, keeper): (&Seal, &str),
    heard: &Heard<SubscribedEvent>,
    tally: &mut Tally,
) -> Result<(), ReadError> {
    let signer = seal.signer(keeper);
    let before = DirectoryRow::of(connection, heard.aggregate).await?;
    // What somebody put there makes nobody known, whatever becomes of it; the sum tells.
    if before.as_ref().is_some_and(|before| !before.fits(&signer)) {
        signer.refuse("directory", &heard.aggregate);
        return Err(ReadError::Tampered);
    }
    let mut facts = match &before {
        None => Standing::default(),
        Some(row) => match row.open(seal, keeper).await {
            Ok(facts) => facts,
            Err(SealError::Foreign | SealError::Malformed) => return Err(ReadError::Tampered),
            Err(error) => return Err(ReadError::Effect(error.to_string())),
        },
    };
    let was = facts.clone();
    facts.take(heard, |event| Some(event.fact()));
    if facts == was {
        return Ok(());
    }
    let of_centre = |fact: &DirectoryFact| matches!(fact, DirectoryFact::Named(_) | DirectoryFact::Closed);
    // A centre's name is a place.
    let (kind, class) = if facts.iter().chain(was.iter()).any(|stood| of_centre(&stood.what)) {
        (CENTRE, Class::Location)
    } else {
        (STAFF, Class::Personal)
    };
    let (aggregate, centre) = (heard.aggregate.0, heard.centre.0);
    let mut row = DirectoryRow { aggregate, centre, kind: kind.to_owned(), facts: String::new(), mac: None };
    let mut sealed = json!({ OPEN: { "class": class, "value": facts } });
    let kept = seal.seal(row.place(keeper), &mut sealed).await;
    kept.map_err(|error| ReadError::Effect(error.to_string()))?;
    row.facts = sealed.to_string();
    let mac = row.sign(&signer);
    sqlx::query(
        "INSERT INTO directory (aggregate, centre, kind, facts, mac) VALUES ($1, $2, $3, $4::json, $5)
         ON CONFLICT (aggregate) DO UPDATE SET centre = excluded.centre, kind = excluded.kind, facts = excluded.facts, mac = excluded.mac",
    )
    .bind(row.aggregate)
    .bind(row.centre)
    .bind(&row.kind)
    .bind(&row.facts)
    .bind(&mac)
    .execute(connection)
    .await?;
    tally.instead(before.and_then(|before| before.mac), Some(mac));
    Ok(())
}

/// What of the directory is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The staff of the centre.
    Staff,
    /// And all centres.
    All,
}

/// The staff of a centre, and all centres where these are looked for. What is not as it was kept, or does not open, is left out.
pub(crate) async fn directory(
    pool: &PgPool,
    (seal, keeper): (&Seal, &str),
    centre: CentreId,
    part: Part,
) -> Result<Directory, sqlx::Error> {
    let signer = seal.signer(keeper);
    let sql = format!("SELECT {ROW} FROM directory WHERE centre = $1 AND kind = $2 OR kind = $3 AND $4");
    let rows: Vec<DirectoryRow> =
        sqlx::query_as(&sql).bind(centre.0).bind(STAFF).bind(CENTRE).bind(part == Part::All).fetch_all(pool).await?;
    let mut directory = Directory::default();
    for row in rows {
        if !row.fits(&signer) {
            signer.refuse("directory", &row.aggregate);
            continue;
        }
        match row.open(seal, keeper).await {
            Ok(facts) => {
                if let Some(listed) = Listed::of(&facts) {
                    directory.add(CentreId(row.centre), AggregateId(row.aggregate), listed);
                }
            }
            Err(error) => tracing::error!(%error, "a row of the directory does not open"),
        }
    }
    Ok(directory)
}

/// What the directory of a centre does not hold of this. Whoever was registered just now may not have been heard of yet: that is waited for,
/// for a moment.
pub(crate) async fn unknown(
    pool: &PgPool,
    (seal, keeper): (&Seal, &str),
    centre: CentreId,
    named: BTreeSet<Named>,
    today: Date,
) -> Result<BTreeSet<Named>, sqlx::Error> {
    let until = tokio::time::Instant::now() + MOMENT;
    let mut unknown = named;
    while !unknown.is_empty() {
        let directory = directory(pool, (seal, keeper), centre, Part::All).await?;
        unknown.retain(|named| !directory.holds(named, today));
        let refused = unknown.iter().any(|named| !matches!(named, Named::Anybody(_)));
        if !refused || tokio::time::Instant::now() >= until {
            break;
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(unknown)
}

impl Relations {
    /// The staff of the asker's own centre, and all centres.
    pub async fn directory(&self, principal: &Principal) -> Result<Directory, Problem> {
        self.part_of_directory(principal, Part::All).await
    }

    async fn part_of_directory(&self, principal: &Principal, part: Part) -> Result<Directory, Problem> {
        let centre = principal.centre.ok_or_else(Problem::not_found)?;
        Ok(directory(&self.pool, (&self.seal, self.service), centre, part).await?)
    }

    /// All of the asker's own centre who have left its staff: they hold nothing.
    pub async fn left(&self, principal: &Principal) -> Result<BTreeSet<ActorId>, Problem> {
        let (directory, today) = (self.part_of_directory(principal, Part::Staff).await?, self.clock.today());
        let left = directory.staff().map(|(_, worker)| worker).filter(|worker| !worker.stays(today));
        Ok(left.map(|worker| worker.worker.clone()).collect())
    }

    /// Whether somebody has left the staff of a centre, as the signed directory has it.
    pub(super) async fn has_left(&self, principal: &Principal, centre: CentreId) -> Result<bool, sqlx::Error> {
        let directory = directory(&self.pool, (&self.seal, self.service), centre, Part::Staff).await?;
        Ok(directory.has_left(&principal.actor, self.clock.today()))
    }

    /// The names of the own staff, and where `places` of the centres too, whose ids stand anywhere in what is answered.
    pub async fn names(&self, principal: &Principal, answer: &Value, places: bool) -> Result<Value, Problem> {
        let part = if places { Part::All } else { Part::Staff };
        let directory = self.part_of_directory(principal, part).await?;
        let mut texts = BTreeSet::new();
        texts_of(answer, &mut texts);
        let named = directory.staff().filter(|(_, worker)| texts.contains(worker.worker.as_str()));
        let staff = named.map(|(_, worker)| {
            let told = json!({ "name": worker.name, "role": worker.role });
            (worker.worker.to_string(), told)
        });
        let centres = directory.centres().filter(|(_, id, _)| texts.contains(id.to_string().as_str()));
        let centres = centres.map(|(_, id, centre)| (id.to_string(), json!({ "name": centre.name })));
        Ok(json!({ "staff": staff.collect::<Map<_, _>>(), "centres": centres.collect::<Map<_, _>>() }))
    }
}

/// Every text in an answer.
fn texts_of<'a>(value: &'a Value, texts: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => drop(texts.insert(text)),
        Value::Array(items) => items.iter().for_each(|item| texts_of(item, texts)),
        Value::Object(members) => members.values().for_each(|value| texts_of(value, texts)),
        _ => {}
    }
}
