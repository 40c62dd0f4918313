//! What would go along if she moved to another centre now: shown to her before the move is offered.
//!
//! It asks as the receiving centre would, so what is counted is what would be seen there. Kinds and numbers, no values. Deliberately
//! absent: the move itself, which people records.

use crate::{
    api::{App, query},
    read::{self, Due, Scope, Wanted},
    render::same,
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use engine::http::{Asked, Parts, Problem};
use kit::{
    CentreId, Class, Moment, WomanId,
    access::Act,
    published::EventType,
    relation::{Along, ArrivalId, Received},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewQuery {
    along: Option<Along>,
}

/// `GET /v1/women/{woman}/relocation-preview?along=`
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Parts(woman): Parts<String>,
    headers: Asked,
    sent: Result<Query<PreviewQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (caller, centre) = app.reader(&headers, Act::Read(Class::Open))?;
    let along = query(sent)?.along.unwrap_or(Along::OpenTasksAndSafety);
    let woman: WomanId = woman.parse().map_err(|_| Problem::not_found())?;
    app.known(&caller, woman).await?;
    let until = Moment::of(app.clock.now()).map_err(|_| Problem::common("unavailable"))?;
    let (arrival, conflicts) = (ArrivalId::default(), Vec::new());
    let received = [Received { arrival, from: centre, along, until, conflicts, recorded: None }];
    // As seen from a centre that has nothing of her itself.
    let scope = Scope { woman, centre: CentreId(Uuid::nil()), received: &received };
    let mut snapshot = app.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let entries = read::kinds(&mut snapshot, scope).await?;
    let entries: Vec<Value> = entries.into_iter().map(|kind| counted(&app, kind)).collect();
    let wanted = Wanted { due: Due::Any, responsible: None, now: app.clock.now(), classes: Vec::new() };
    let mut open: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in read::follow_ups(&mut snapshot, &app.seal, scope, &wanted).await? {
        *open.entry((row.service, row.what)).or_default() += 1;
    }
    let task = |((service, what), count): ((String, String), i64)| {
        let label = app.contracts.get(&service).and_then(|contract| contract.follow_ups.get(&what)).cloned();
        json!({ "service": service, "what": what, "label": label.unwrap_or_else(|| same(&what)), "count": count })
    };
    let open: Vec<Value> = open.into_iter().map(task).collect();
    Ok(Json(json!({ "woman": woman, "along": along, "entries": entries, "open": open })).into_response())
}

/// So many entries of an event type, with its words.
fn counted(app: &App, (service, kind, count): (String, String, i64)) -> Value {
    let (event, version) = EventType::parse(&kind).map_or((kind.as_str(), 1), |event| (event.name, event.version));
    let described = app.contracts.get(&service).and_then(|contract| contract.event(event, version));
    let label = described.map_or_else(|| same(event), |event| event.label.clone());
    json!({ "service": service, "event": event, "label": label, "count": count })
}
