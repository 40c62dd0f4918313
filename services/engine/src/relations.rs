//! What a service has heard of the ties between women, centres and staff, and how an asker stands to a woman now.
//!
//! A reader of people and aftercare keeps one sealed row for each woman, centre and service heard. What it keeps goes with her key; only
//! whoever must see nothing of her must not later either, so conflicts are sealed once more, under nobody's. Deliberately absent: what follows
//! from it ([`kit::access`]), and what another centre knows: a row is looked for by the asker's own centre alone.

mod answering;
mod directory;
pub mod fold;
mod hear;
mod kept;
mod lease;
mod revocation;

pub(crate) use answering::{Answering, who_answers};
pub(crate) use directory::unknown;
pub use hear::{Hearing, READER};
pub use kept::watch;
pub use lease::{LEASE, Lease};
pub use revocation::Revocations;

use kept::DutyRow;
use lease::Certainty;

use crate::{
    clock::Clock,
    executor::Answer,
    feed::LeaseTerms,
    http::Problem,
    keys::{Asked, KeyError},
    reader::progress,
    seal::{Opening, Place, Seal, SealError},
};
use kit::{
    AggregateId, CentreId, Class, Epoch, WomanId,
    access::{About, Act, Heard, Known, Principal, Verdict, decide},
    policy::Standing,
    relation::{HEARS, REVOKES, Relation, Sign, Tie},
    sealed::{ERASED, OPEN, Stored},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{PgPool, Row, postgres::PgRow, types::Json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
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
pub(crate) const TIES: &str = "t.people, t.aftercare, t.held_back, t.epoch, t.number, t.duties";

/// What was heard of a woman as it is kept: the text of a row, and its signature in hexadecimal.
#[derive(Deserialize)]
struct Kept {
    row: String,
    mac: Option<String>,
}

/// How far a service is.
type Position = (Epoch, u64);

/// Whether somebody is at work at the own centre beside those who are employed, or answers for all.
#[derive(Debug, Clone, Copy)]
pub struct AtWork {
    /// Whether on duty.
    pub on_duty: bool,
    /// Whether engaged as a temp.
    pub engaged: bool,
    /// How well that is known.
    pub heard: Heard,
}

/// Looks ties up.
#[derive(Debug, Clone)]
pub struct Relations {
    service: &'static str,
    pool: PgPool,
    seal: Seal,
    clock: Clock,
    lease: Lease,
    revocations: Revocations,
    waiters: Arc<Semaphore>,
}

impl Relations {
    /// Those that a service has heard.
    #[must_use]
    pub fn new(service: &'static str, pool: PgPool, seal: Seal, clock: Clock, lease: Lease) -> Self {
        let (revocations, waiters) = (Revocations::new(pool.clone()), Arc::new(Semaphore::new(WAITERS)));
        Self { service, pool, seal, clock, lease, revocations, waiters }
    }

    /// The service's own revocations.
    #[must_use]
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// The lease that the service shows something under.
    #[must_use]
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Waits, where an answer of people's took access away, until every service has heard that; those that have not, and show nothing until
    /// they have.
    pub async fn not_heard(&self, service: &str, answer: &Answer) -> Result<Vec<String>, Problem> {
        let revokes = answer.events.iter().any(|happened| REVOKES.contains(&happened.event.as_str()));
        if service != PEOPLE || !revokes {
            return Ok(Vec::new());
        }
        let number = answer.position.rsplit_once(':').and_then(|(_, number)| number.parse().ok());
        let number = number.ok_or_else(|| Problem::common("unavailable"))?;
        let epoch = self.revocations.terms().await?.epoch;
        let behind = self.revocations.heard(epoch, number).await?;
        if !behind.is_empty() {
            tracing::warn!(?behind, number, "services have not heard a revocation yet: they show nothing until then");
        }
        Ok(behind)
    }

    /// A woman as the asker's own centre knows her, who wants to do this.
    pub async fn known(&self, principal: &Principal, woman: WomanId, act: Act) -> Result<Known, Problem> {
        Ok(self.looked_up(principal, woman, act).await?.0)
    }

    /// The same, where the asker may do it. Otherwise there is nobody, and the databases were asked what they are asked about nobody.
    pub async fn reached(&self, principal: &Principal, woman: WomanId, act: Act) -> Result<Known, Problem> {
        let (known, asked) = self.looked_up(principal, woman, act).await?;
        match decide(principal, About::Woman(&known), act) {
            Verdict::Allow => Ok(known),
            Verdict::Mask | Verdict::Deny => Err(self.nobody(asked).await),
        }
    }

    /// The answer where there is nobody for the asker. What keeps the asker from her opens with keys, and of nobody there is nothing to
    /// open: by that, a woman whom somebody must not see could be told from none. So the keys database is asked once before either answer.
    pub(crate) async fn nobody(&self, asked: Asked) -> Problem {
        let keys = if asked == Asked::Yes { Ok(()) } else { self.seal.keys().ask_for_nobodys().await };
        match keys {
            Ok(()) => Problem::not_found(),
            Err(error) => {
                tracing::error!(%error, "what ties women to a centre could not have been opened");
                Problem::common("unavailable")
            }
        }
    }

    async fn looked_up(&self, principal: &Principal, woman: WomanId, act: Act) -> Result<(Known, Asked), Problem> {
        let (mut all, asked) = self.all_asked(principal, &[woman], act).await?;
        let known = all.remove(&woman).ok_or_else(|| Problem::common("unavailable"))?;
        Ok((known, asked))
    }

    /// Several. Whose ties do not open is left out: she may be protected from more than is known, and that hides nobody else.
    pub async fn all(
        &self,
        principal: &Principal,
        women: &[WomanId],
        act: Act,
    ) -> Result<BTreeMap<WomanId, Known>, Problem> {
        Ok(self.all_asked(principal, women, act).await?.0)
    }

    async fn all_asked(
        &self,
        principal: &Principal,
        women: &[WomanId],
        act: Act,
    ) -> Result<(BTreeMap<WomanId, Known>, Asked), Problem> {
        let centre = principal.centre.ok_or_else(Problem::not_found)?;
        self.settle(act).await?;
        let rows = self.ties(principal, centre, women.iter().map(|woman| Some(woman.0)).collect()).await?;
        let of = |row: &PgRow| row.try_get("of_woman").map(WomanId);
        let women = rows.iter().map(of).collect::<Result<Vec<_>, _>>()?;
        let (known, asked) = self.read(&rows, principal, &women, centre, &self.measure().await?).await?;
        Ok((women.into_iter().zip(known).filter_map(|(woman, known)| Some((woman, known?))).collect(), asked))
    }

    /// Whether the asker is at work, where nobody is asked about.
    pub async fn at_work(&self, principal: &Principal, act: Act) -> Result<AtWork, Problem> {
        let centre = principal.centre.ok_or_else(Problem::not_found)?;
        self.settle(act).await?;
        let rows = self.ties(principal, centre, vec![None]).await?;
        let row = rows.first().ok_or_else(|| Problem::common("unavailable"))?;
        let (on_duty, engaged) = self.duties(row, principal, centre)?;
        let there = !(on_duty || engaged) || !self.has_left(principal, centre).await?;
        Ok(AtWork { on_duty: on_duty && there, engaged: engaged && there, heard: self.measure().await?.heard(row)? })
    }

    /// In people itself: what she says in the place of what was heard of her. Her own entries are exact; who is at work is heard even
    /// there, and whoever may see more by it must have been heard to the end.
    pub async fn with_own(
        &self,
        principal: &Principal,
        known: Known,
        own: Relation,
        act: Act,
    ) -> Result<Known, Problem> {
        let relation = Some(own.with_heard(&known.relation.unwrap_or_default()));
        let known = Known { relation, heard: Heard::Whole, ..known };
        let left = known.left || (gains(&known, principal) && self.has_left(principal, known.centre).await?);
        let known = Known { left, ..known };
        if !known.on_duty && !known.engaged {
            return Ok(known);
        }
        let AtWork { on_duty, engaged, heard } = self.at_work(principal, act).await?;
        Ok(Known { on_duty, engaged, heard, ..known })
    }

    async fn ties(
        &self,
        principal: &Principal,
        centre: CentreId,
        women: Vec<Option<Uuid>>,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let sql = format!("SELECT t.of_woman, {TIES} FROM ties($1, $2, $3, $4) t");
        let ties = sqlx::query(&sql).bind(women).bind(centre.0).bind(principal.actor.as_str()).bind(self.clock.now());
        ties.fetch_all(&self.pool).await
    }

    /// Waits a moment for what people is known to have recorded: whoever asks had rather wait than be shown less. Nothing is shown while it
    /// is not known that every revocation was heard; recording goes on.
    pub(crate) async fn settle(&self, act: Act) -> Result<(), Problem> {
        let until = tokio::time::Instant::now() + MOMENT;
        let turn = self.waiters.try_acquire();
        loop {
            let heard = progress(&self.pool, READER, PEOPLE).await?.map(|heard| (heard.epoch, heard.number));
            let certainty = self.measure().await?.certainty(heard);
            if certainty == Certainty::Whole || turn.is_err() || tokio::time::Instant::now() >= until {
                let shows = matches!(act, Act::Read(_) | Act::Help(_));
                return if shows && certainty == Certainty::Unknown {
                    Err(Problem::common("not_heard"))
                } else {
                    Ok(())
                };
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// By what it is known whether all was heard. People itself knows how far it is.
    async fn measure(&self) -> Result<Measure, Problem> {
        if self.service != PEOPLE {
            return Ok(Measure::Lease(self.lease.clone()));
        }
        Ok(Measure::Terms(self.revocations.terms().await?))
    }

    /// What a row says that has the columns [`TIES`], and whether the keys database was asked for it.
    pub(crate) async fn one(
        &self,
        row: &PgRow,
        principal: &Principal,
        woman: WomanId,
        centre: CentreId,
    ) -> Result<(Known, Asked), Problem> {
        // In people her own entries are asked beside, and they are exact.
        let measure = if self.service == PEOPLE { Measure::Own } else { self.measure().await? };
        let (known, asked) = self.read(std::slice::from_ref(row), principal, &[woman], centre, &measure).await?;
        let known = known.into_iter().next().flatten().ok_or_else(|| Problem::common("unavailable"))?;
        Ok((known, asked))
    }

    /// The same of several, each row with the woman whom it is about, opened with one question for all keys.
    async fn read(
        &self,
        rows: &[PgRow],
        principal: &Principal,
        women: &[WomanId],
        centre: CentreId,
        measure: &Measure,
    ) -> Result<(Vec<Option<Known>>, Asked), Problem> {
        let (mut sealed, mut changed) = (Vec::new(), BTreeSet::new());
        for (at, (row, woman)) in rows.iter().zip(women).enumerate() {
            for service in HEARS {
                let Some(kept) = row.try_get::<Option<Json<Kept>>, _>(*service)? else { continue };
                let Some(heard) = self.as_heard(kept.0, (*woman, centre, service)) else {
                    changed.insert(at);
                    continue;
                };
                let parts = parts((self.service, *woman, centre, service), heard);
                sealed.extend(parts.map(|(place, part)| (at, place, part)));
            }
        }
        let opening = sealed.iter_mut().map(|(_, place, heard)| (*place, heard, |_| Opening::Value));
        let (opened, asked) = self.seal.asked_open_all(opening).await.map_err(|error| {
            tracing::error!(%error, "what ties women to a centre cannot be opened");
            Problem::common("unavailable")
        })?;
        let mut relations = vec![Some(None); rows.len()];
        for ((at, _, heard), opened) in sealed.into_iter().zip(opened) {
            let Some(told) = relations.get_mut(at) else { continue };
            match opened.and_then(|()| signs(heard)) {
                Err(error) => {
                    tracing::error!(%error, "what ties a woman to a centre does not open: nobody reaches her");
                    *told = None;
                }
                Ok(signs) => {
                    let Some(relation) = told else { continue };
                    let relation: &mut Relation = relation.get_or_insert_default();
                    match signs {
                        Some(signs) => signs.iter().for_each(|stood| relation.take(&stood.what)),
                        None => relation.take(&Sign::Erased),
                    }
                }
            }
        }
        for at in changed {
            if let Some(told) = relations.get_mut(at) {
                *told = None;
            }
        }
        let known = |(row, relation): (&PgRow, Option<Option<Relation>>)| {
            let Some(relation) = relation else { return Ok(None) };
            let heard = if row.try_get("held_back")? { Heard::HeldBack } else { measure.heard(row)? };
            let (on_duty, engaged) = self.duties(row, principal, centre)?;
            Ok(Some(Known { centre, relation, heard, on_duty, engaged, left: false, today: self.clock.today() }))
        };
        let known: Result<Vec<_>, Problem> = rows.iter().zip(relations).map(known).collect();
        let mut known = known?;
        // Looked up only for whom something would follow from a tie or a duty, and not from whom it would be kept.
        if known.iter().flatten().any(|known| gains(known, principal)) && self.has_left(principal, centre).await? {
            known.iter_mut().flatten().for_each(|known| known.left = true);
        }
        Ok((known, asked))
    }

    /// What a row holds, where it is as it was kept.
    fn as_heard(&self, Kept { row, mac }: Kept, whose: (WomanId, CentreId, &str)) -> Option<Value> {
        let signer = self.seal.signer(self.service);
        let own = crate::executor::hex(&kept::relation(&signer, whose, &row));
        if mac.as_deref() != Some(&own) {
            signer.refuse("relation", &whose.2);
            return None;
        }
        serde_json::from_str(&row).ok()
    }

    /// Whether the asker is on duty and engaged, by duties of its own that are as they were heard, and whatever the database chose.
    fn duties(&self, row: &PgRow, principal: &Principal, centre: CentreId) -> Result<(bool, bool), Problem> {
        let (signer, now) = (self.seal.signer(self.service), self.clock.now());
        let duties = row.try_get::<Option<Json<Vec<DutyRow>>>, _>("duties")?.map(|duties| duties.0).unwrap_or_default();
        let own = |duty: &&DutyRow| {
            let fits = duty.fits(&signer);
            if !fits {
                signer.refuse("duty", &duty.aggregate);
            }
            fits && duty.centre == centre.0 && duty.worker == principal.actor.as_str() && duty.goes_on(now)
        };
        let own: Vec<&DutyRow> = duties.iter().filter(own).collect();
        let has = |kind: &str| own.iter().any(|duty| duty.kind == kind);
        Ok((has("on_duty"), has("temp")))
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

/// Whether the asker has more by a tie or a duty than without.
fn gains(known: &Known, principal: &Principal) -> bool {
    let tied = |relation: &Relation| {
        let is = |tie| relation.is_tied(&principal.actor, tie, known.today);
        (is(Tie::ContactPerson) || is(Tie::Volunteer)) && !relation.conflicts_with(&principal.actor)
    };
    known.on_duty || known.engaged || known.relation.as_ref().is_some_and(tied)
}

/// By what it is known whether all was heard.
enum Measure {
    /// By nothing: what was heard does not count.
    Own,
    /// By how far people is, which people itself knows.
    Terms(LeaseTerms),
    /// By the lease that people gave.
    Lease(Lease),
}

impl Measure {
    fn certainty(&self, heard: Option<Position>) -> Certainty {
        match self {
            Self::Own => Certainty::Whole,
            Self::Terms(terms) => Lease::by_terms(*terms, heard),
            Self::Lease(lease) => lease.certainty(heard),
        }
    }

    /// Whether all was heard that people had recorded, by a row that has the columns [`TIES`].
    fn heard(&self, row: &PgRow) -> Result<Heard, sqlx::Error> {
        let heard = row.try_get::<Option<Uuid>, _>("epoch")?.map(Epoch);
        let heard = heard.zip(row.try_get::<Option<i64>, _>("number")?.map(i64::unsigned_abs));
        Ok(if self.certainty(heard) == Certainty::Whole { Heard::Whole } else { Heard::Behind })
    }
}

/// The service that owns stays and duties.
pub(crate) const PEOPLE: &str = "people";

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

/// Whose a row is, and whom it was heard from.
type Whose<'a> = (&'a str, WomanId, CentreId, &'a str);

/// What a row holds, each for its own place: everything, and the conflicts among it, which her key does not take with it.
fn parts((service, woman, centre, heard): Whose<'_>, mut row: Value) -> impl Iterator<Item = (Place<'_>, Value)> {
    let conflicts = row.get_mut(CONFLICTS).map(Value::take);
    let signs = row.get_mut(SIGNS).map(Value::take).unwrap_or(row);
    let conflicts = conflicts.map(|conflicts| (place_of_conflicts(service, woman, centre, heard), conflicts));
    std::iter::once((place(service, woman, centre, heard), signs)).chain(conflicts)
}

/// All that stands; conflicts alone where her key is gone.
async fn open(seal: &Seal, whose: Whose<'_>, row: Value) -> Result<Standing<Sign>, SealError> {
    for (place, mut part) in parts(whose, row) {
        seal.open(place, &mut part, |_| Opening::Value).await?;
        if let Some(standing) = signs(part)? {
            return Ok(standing);
        }
    }
    Ok(Standing::default())
}

/// What an opened part of a row holds; none where her key is gone.
fn signs(part: Value) -> Result<Option<Standing<Sign>>, SealError> {
    if matches!(Stored::of(&part), Some(Stored::Erased)) {
        return Ok(None);
    }
    serde_json::from_value(part).map(Some).map_err(|_| SealError::Foreign)
}

/// The row that holds these.
async fn sealed(
    seal: &Seal,
    (service, woman, centre, heard): Whose<'_>,
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
    let conflicts = standing.keeping(Sign::of_conflicts);
    if let Some(members) = row.as_object_mut().filter(|_| !conflicts.is_empty()) {
        let mut conflicts = mark(&conflicts);
        seal.seal(place_of_conflicts(service, woman, centre, heard), &mut conflicts).await?;
        members.insert(CONFLICTS.into(), conflicts);
    }
    Ok(row)
}
