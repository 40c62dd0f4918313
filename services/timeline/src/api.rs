//! The timeline's routes.
//!
//! What is not the caller's is answered like what does not exist. Deliberately absent: writing.

use crate::{
    Contracts,
    live::{Live, live},
    preview::preview,
    read::{self, Cursor, Due, Filter, FollowUpRow, Scope, Wanted},
    render::{self, Renderer},
};
use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderValue,
    response::{IntoResponse, Response},
    routing::get,
};
use engine::{
    clock::Clock,
    http::{Asked, Auth, Caller, Parts, Problem, opening, opening_to},
    relations::Relations,
    run::Host,
    seal::{Opening, Seal},
};
use kit::{
    ActorId, CentreId, Class, Day, WomanId,
    access::{About, Act, Known, Verdict, decide},
    calendar,
    relation::Relation,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use strum::VariantArray;
use tokio::sync::Semaphore;

/// How long an answer waits for a position.
const WAIT: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(20);
/// Follow-ups that are looked at for one list at most.
const LOOKED_AT: usize = 20 * read::FOLLOW_UPS;
/// Answers that wait for a position at once.
const WAITERS: usize = 16;

pub(crate) struct App {
    pub(crate) pool: PgPool,
    auth: Auth,
    pub(crate) seal: Seal,
    pub(crate) clock: Clock,
    pub(crate) relations: Relations,
    pub(crate) contracts: Contracts,
    waiters: Semaphore,
    pub(crate) live: Live,
}

impl App {
    pub(crate) fn new(host: &Host, contracts: Contracts) -> Self {
        Self {
            pool: host.pool.clone(),
            auth: host.auth.clone(),
            seal: host.seal.clone(),
            clock: host.clock.clone(),
            relations: host.relations(),
            contracts,
            waiters: Semaphore::new(WAITERS),
            live: Live::new(),
        }
    }

    pub(crate) fn reader(&self, headers: &Asked, act: Act) -> Result<(Caller, CentreId), Problem> {
        let caller = self.auth.caller(headers)?;
        caller.may(act)?;
        let centre = caller.principal.centre.ok_or_else(|| Problem::common("forbidden"))?;
        Ok((caller, centre))
    }

    /// A woman as the caller's centre knows her, where she is the caller's to see.
    pub(crate) async fn known(&self, caller: &Caller, woman: WomanId) -> Result<Known, Problem> {
        self.relations.reached(&caller.principal, woman, Act::Read(Class::Open)).await
    }
}

pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/women/{woman}/timeline", get(timeline))
        .route("/v1/women/{woman}/live", get(live))
        .route("/v1/women/{woman}/relocation-preview", get(preview))
        .route("/v1/follow-ups", get(follow_ups))
        .with_state(app)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimelineQuery {
    domain: Option<String>,
    from: Option<Day>,
    until: Option<Day>,
    cursor: Option<String>,
    at_least: Option<String>,
}

pub(crate) fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    query.map(|Query(query)| query).map_err(|_| Problem::common("query_invalid"))
}

/// `GET /v1/women/{woman}/timeline`
async fn timeline(
    State(app): State<Arc<App>>,
    Parts(woman): Parts<String>,
    headers: Asked,
    sent: Result<Query<TimelineQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (caller, centre) = app.reader(&headers, Act::Read(Class::Open))?;
    let TimelineQuery { domain, from, until, cursor, at_least } = query(sent)?;
    let woman: WomanId = woman.parse().map_err(|_| Problem::not_found())?;
    let cursor = cursor.map(|text| Cursor::parse(&text).ok_or_else(|| Problem::common("query_invalid"))).transpose()?;
    // Whom nobody reads here cannot be asked for; nor does text that nobody wrote reach the database.
    let known = |service: &str| app.contracts.contains_key(service);
    if !domain.as_deref().is_none_or(known) || !cursor.as_ref().is_none_or(|cursor| known(cursor.service())) {
        return Err(Problem::common("query_invalid"));
    }
    let behind = behind(&app, at_least.as_deref()).await?;
    let known = app.known(&caller, woman).await?;
    let left = app.relations.left(&caller.principal).await?;
    let about = About::Woman(&known);
    // One snapshot: what is open and what happened are of the same moment.
    let mut snapshot = app.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let filter = Filter { domain, from: from.map(Day::date), until: until.map(Day::date), cursor };
    let received = known.relation.as_ref().map_or(&[][..], Relation::received);
    let scope = Scope { woman, centre, received };
    let (rows, next) = read::entries(&mut snapshot, &app.seal, scope, &filter).await?;
    let next = next.map(|next| next.text());
    let tasks = read::tasks(&mut snapshot, scope).await?;
    let (contracts, principal) = (&app.contracts, &caller.principal);
    let renderer = Renderer { contracts, seal: &app.seal, principal, about, centre, tasks };
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        entries.push(render::entry(&renderer, row).await);
    }
    let now = app.clock.now();
    let wanted = Wanted { due: Due::Any, responsible: None, now, classes: classes(&caller, about) };
    let open = read::follow_ups(&mut snapshot, &app.seal, scope, &wanted).await?;
    let open = open.into_iter().map(|row| row.held(known.relation.as_ref(), &left));
    let open: Vec<_> = open.map(|row| render::follow_up(&app.contracts, row, now)).collect();
    let held_back = read::held_back(&mut snapshot, woman, centre).await?;
    // Whoever waits for a second connection while holding one waits for others who do the same.
    snapshot.commit().await?;
    let places = opening(&caller.principal, about)(Class::Location) == Opening::Value;
    // Whoever has the same id elsewhere is somebody else.
    let own: Vec<&render::Entry> = entries.iter().filter(|entry| entry.centre == Some(centre)).collect();
    let names = app.relations.names(&caller.principal, &json!([open, own]), places).await?;
    let body = json!({
        "woman": woman, "open": open, "held_back": held_back, "entries": entries, "next": next, "names": names,
    });
    let mut response = Json(body).into_response();
    if !behind.is_empty()
        && let Ok(value) = HeaderValue::from_str(&behind.join(", "))
    {
        response.headers_mut().insert("livline-behind", value);
    }
    Ok(response)
}

/// Adds the names of those whose ids stand in an answer, and of centres where the caller sees `places`.
async fn name(app: &App, caller: &Caller, body: &mut Value, places: bool) -> Result<(), Problem> {
    let names = app.relations.names(&caller.principal, body, places).await?;
    if let Some(members) = body.as_object_mut() {
        members.insert("names".into(), names);
    }
    Ok(())
}

/// The furthest position of each service out of `service:number`, by commas; none where one of them is no position.
fn awaited(text: &str, known: impl Fn(&str) -> bool) -> Option<BTreeMap<String, i64>> {
    let mut awaited: BTreeMap<String, i64> = BTreeMap::new();
    for position in text.split(',') {
        let (service, number) = position.split_once(':').filter(|(service, _)| known(service))?;
        let number: i64 = number.parse().ok()?;
        let most = awaited.entry(service.to_owned()).or_default();
        *most = number.max(*most);
    }
    Some(awaited)
}

/// Waits until the positions are reached; the services that are still behind after [`WAIT`].
async fn behind(app: &App, positions: Option<&str>) -> Result<Vec<String>, Problem> {
    let mut waiting = match positions {
        None => BTreeMap::new(),
        Some(text) => awaited(text, |service| app.contracts.contains_key(service))
            .ok_or_else(|| Problem::common("query_invalid"))?,
    };
    let mut deadline = tokio::time::Instant::now() + WAIT;
    // Who waits keeps a reader's place: where many do, the others are answered with what there is.
    let turn = app.waiters.try_acquire();
    if turn.is_err() {
        deadline = tokio::time::Instant::now();
    }
    loop {
        if !waiting.is_empty() {
            let reached = read::reached(&mut *app.pool.acquire().await?).await?;
            waiting.retain(|service, number| reached.get(service).is_none_or(|reached| reached < number));
        }
        if waiting.is_empty() || tokio::time::Instant::now() >= deadline {
            return Ok(waiting.into_keys().collect());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The classes of dates that a reader may see.
fn classes(caller: &Caller, about: About<'_>) -> Vec<&'static str> {
    let open = opening(&caller.principal, about);
    Class::VARIANTS.iter().filter(|class| open(**class) == Opening::Value).map(|class| class.code()).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FollowUpQuery {
    due: Option<String>,
    responsible: Option<String>,
}

/// `GET /v1/follow-ups`
async fn follow_ups(
    State(app): State<Arc<App>>,
    headers: Asked,
    sent: Result<Query<FollowUpQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (caller, centre) = app.reader(&headers, Act::Help(Class::Open))?;
    let FollowUpQuery { due, responsible } = query(sent)?;
    let due = match due.as_deref() {
        None => Due::Any,
        Some("overdue") => Due::Overdue,
        Some("today") => Due::Today,
        Some("week") => Due::Week,
        Some("none") => Due::None,
        Some(_) => return Err(Problem::common("query_invalid")),
    };
    let somebody = |name: String| match name.parse::<ActorId>() {
        _ if name == read::NOBODY => Ok(name),
        Ok(actor) => Ok(actor.to_string()),
        Err(_) => Err(Problem::common("query_invalid")),
    };
    let responsible = responsible.map(somebody).transpose()?;
    let now = app.clock.now();
    let today = calendar::day_in_copenhagen(now);
    // All that may fit is looked at; then each woman's are shown as far as the caller may see hers. Without a date, as far as somebody
    // knows, are those too whose date is of a class that not everybody sees.
    let everybodys = |class: &&Class| due != Due::None || matches!(class, Class::Open | Class::Personal);
    let classes = Class::VARIANTS.iter().filter(everybodys).map(|class| class.code()).collect();
    // Who only helps is shown what they hold themselves, so nothing else is looked for.
    let own = caller.may(Act::Read(Class::Open)).is_err().then(|| caller.principal.actor.to_string());
    let responsible = match own {
        Some(own) if responsible.as_ref().is_some_and(|asked| *asked != own) => {
            return Err(Problem::common("forbidden"));
        }
        own => own.or(responsible),
    };
    let wanted = Wanted { due, responsible: responsible.as_deref(), now, classes };
    let (rows, complete) = seen(&app, &caller, centre, &wanted).await?;
    let rows: Vec<_> = rows.into_iter().map(|row| render::follow_up(&app.contracts, row, now)).collect();
    let mut body = json!({ "today": Day::from(today), "follow_ups": rows, "complete": complete });
    name(&app, &caller, &mut body, false).await?;
    Ok(Json(body).into_response())
}

/// Those of the women who are the caller's to see, and whether these are all: what the caller does not see takes no place from what it
/// does. A date that is not the caller's to see is none: it is neither shown, nor asked for, nor told by the order.
async fn seen(
    app: &App,
    caller: &Caller,
    centre: CentreId,
    wanted: &Wanted<'_>,
) -> Result<(Vec<FollowUpRow>, bool), Problem> {
    let (mut dated, mut undated, mut looked_at) = (Vec::new(), Vec::new(), 0);
    let left = app.relations.left(&caller.principal).await?;
    for part in wanted.due.parts() {
        let mut last = None;
        loop {
            if dated.len() + undated.len() > read::FOLLOW_UPS || looked_at >= LOOKED_AT {
                return Ok(listed(dated, undated, false));
            }
            let behind = (*part, last.as_ref());
            let rows = read::page(&mut *app.pool.acquire().await?, &app.seal, centre, wanted, behind).await?;
            looked_at += rows.len();
            let more = rows.len() == read::FOLLOW_UPS;
            last = rows.last().cloned();
            let women: BTreeSet<WomanId> = rows.iter().map(|row| WomanId(row.woman)).collect();
            let women: Vec<WomanId> = women.into_iter().collect();
            let known = app.relations.all(&caller.principal, &women, Act::Read(Class::Open)).await?;
            for row in rows {
                let Some(known) = known.get(&WomanId(row.woman)).filter(|_| row.genuine) else { continue };
                let mut row = row.held(known.relation.as_ref(), &left);
                if !wanted.of(row.responsible.as_deref()) {
                    continue;
                }
                let about = About::Woman(known);
                let own = row.responsible.as_deref() == Some(caller.principal.actor.as_str());
                let act = if own { Act::Help } else { Act::Read };
                if decide(&caller.principal, about, act(Class::Open)) != Verdict::Allow {
                    continue;
                }
                let shown = opening_to(&caller.principal, about, act)(row.class) == Opening::Value;
                match row.due_day {
                    Some(_) if shown && wanted.due != Due::None => dated.push(row),
                    Some(_) if !shown && matches!(wanted.due, Due::Any | Due::None) => {
                        (row.due_day, row.due) = (None, None);
                        undated.push(row);
                    }
                    Some(_) => {}
                    None => undated.push(row),
                }
            }
            if !more {
                break;
            }
        }
    }
    Ok(listed(dated, undated, true))
}

/// As many as are shown, those with a date first.
fn listed(mut dated: Vec<FollowUpRow>, mut undated: Vec<FollowUpRow>, all: bool) -> (Vec<FollowUpRow>, bool) {
    undated.sort_by(|a, b| (&a.service, a.aggregate, &a.key).cmp(&(&b.service, b.aggregate, &b.key)));
    dated.extend(undated);
    let complete = all && dated.len() <= read::FOLLOW_UPS;
    dated.truncate(read::FOLLOW_UPS);
    (dated, complete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Uri;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn what_is_asked_for_is_read_or_refused(text in prop_oneof![any::<String>(), "[a-z0-9:,-]{0,40}"], number in 1..i64::MAX) {
            let known = |service: &str| ["housing", "legal"].contains(&service);
            if let Some(awaited) = awaited(&text, known) {
                prop_assert!(awaited.keys().all(|service| known(service)));
            }
            let (lower, higher) = (format!("housing:{}", number - 1), format!("housing:{number}"));
            for both in [format!("{lower},{higher}"), format!("{higher},{lower},legal:0")] {
                prop_assert_eq!(awaited(&both, known).unwrap_or_default().remove("housing"), Some(number));
            }
            let unknown = format!("{higher},people:1");
            prop_assert!(awaited(&unknown, known).is_none());
        }

        #[test]
        fn a_query_is_read_or_refused(query in "(domain|from|until|cursor|at_least|due|x)=[0-9a-zT%:+-]{0,20}(&[a-z]{0,6}=.{0,6})?") {
            if let Ok(uri) = format!("http://x/?{query}").parse::<Uri>() {
                let refused = super::query(Query::<TimelineQuery>::try_from_uri(&uri)).err();
                prop_assert!(refused.is_none_or(|problem| problem.code == "query_invalid"));
                let _ = Query::<FollowUpQuery>::try_from_uri(&uri);
            }
        }
    }
}
