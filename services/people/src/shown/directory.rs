//! The directory as those who work at a centre see it: their own staff, and all centres to choose from.
//!
//! Deliberately absent: another centre's staff, and where a centre is.

use super::App;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use engine::http::{Asked, Caller, Problem, own_centre};
use kit::{
    Class,
    access::{About, Act, Verdict, decide},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /v1/staff`
pub(super) async fn staff(State(app): State<Arc<App>>, headers: Asked) -> Result<Response, Problem> {
    let caller = reader(&app, &headers, Class::Personal).await?;
    let (directory, today) = (app.reach.relations.directory(&caller.principal).await?, app.clock.today());
    let staff = directory.staff().map(|(id, worker)| {
        json!({
            "id": id, "worker": worker.worker, "name": worker.name, "role": worker.role,
            "from": worker.from, "until": worker.until, "works": worker.works(today),
        })
    });
    Ok(Json(json!({ "staff": staff.collect::<Vec<Value>>() })).into_response())
}

/// `GET /v1/centres`
pub(super) async fn centres(State(app): State<Arc<App>>, headers: Asked) -> Result<Response, Problem> {
    let caller = reader(&app, &headers, Class::Location).await?;
    let directory = app.reach.relations.directory(&caller.principal).await?;
    let centres = directory.centres().map(|(id, centre, known)| {
        let own = caller.principal.centre == Some(centre);
        // Another centre's entry is nobody's here.
        json!({ "id": own.then_some(id), "centre": centre, "name": known.name, "closed": known.closed })
    });
    Ok(Json(json!({ "centres": centres.collect::<Vec<Value>>() })).into_response())
}

/// Whoever is employed at a centre, once what was recorded just now was heard, if that takes but a moment.
async fn reader(app: &App, headers: &Asked, class: Class) -> Result<Caller, Problem> {
    let caller = app.auth.caller(headers)?;
    let act = Act::Read(class);
    caller.may(act)?;
    let on_duty = app.reach.relations.at_work(&caller.principal, act).await?.on_duty;
    let about = About::Nobody { centre: own_centre(&caller)?, on_duty };
    match decide(&caller.principal, about, act) {
        Verdict::Allow => Ok(caller),
        Verdict::Mask | Verdict::Deny => Err(Problem::common("forbidden")),
    }
}
