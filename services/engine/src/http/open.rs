//! The route by which an aggregate comes to be.
//!
//! Deliberately absent: rules. Of whom nothing is known to the caller's centre, nothing is opened.

use super::{
    App, Asked, Problem,
    aggregate::{about_somebody, person},
    body::{ActionBody, OpenBody, body, key, own_centre, read, said, woman_of},
};
use crate::{executor::Request, relations::AtWork};
use axum::{body::Body as Sent, extract::State, http::StatusCode, response::Response};
use kit::{
    ActorId, AggregateId, Begins, Decider, Happened, Narrative, WomanId,
    access::{About, Act, Right, right},
    case::Ask,
    entry::CaseOpened,
    ids::derive_id,
    when::DueBy,
};
use std::{collections::BTreeSet, sync::Arc};

/// Opening one needs no more than the right to record.
const RECORD: Act = Act::Write(Right::Record);

/// `POST /v1/cases`
pub(super) async fn open<D: Decider>(
    State(app): State<Arc<App<D>>>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    caller.may(RECORD)?;
    let centre = own_centre(&caller)?;
    let key = key(&headers, app.executor.service, &caller)?;
    app.wait(&headers).await?;
    let bytes = body(sent).await?;
    let (woman, begun, right, conflicts) = match D::BEGINS {
        Begins::ForAWoman => {
            let OpenBody { woman, before_us, when, note } = read(&bytes)?;
            let known = app.relations.reached(&caller.principal, woman, RECORD).await?;
            let right = right(&caller.principal, About::Woman(&known)).ok_or_else(Problem::not_found)?;
            let conflicts = known.relation.map(|relation| relation.conflicts().clone()).unwrap_or_default();
            let begun = Begun { before_us, ask: None, when, note, due: None, responsible: None };
            (woman, begun, right, conflicts)
        }
        Begins::WithAWoman(action) | Begins::AboutNobody(action) => {
            let AtWork { on_duty, engaged, .. } = app.relations.at_work(&caller.principal, RECORD).await?;
            let (woman, about) = match D::BEGINS {
                Begins::AboutNobody(_) => (WomanId::NOBODY, About::Nobody { centre, on_duty }),
                _ => (woman_of(app.executor.service, key), About::Newcomer { centre, on_duty, engaged }),
            };
            let right = right(&caller.principal, about).ok_or_else(|| Problem::common("forbidden"))?;
            (woman, Begun::by::<D>(action, &bytes)?, right, BTreeSet::new())
        }
    };
    let Begun { before_us, ask, when, note, due, responsible } = begun;
    let request = Request {
        aggregate: AggregateId(derive_id(&[D::TYPE, app.executor.service, &key.to_string()])),
        // The ask itself opens; a note stands on it.
        opening: Some(CaseOpened { woman, centre, before_us }),
        ask,
        note,
        when,
        due,
        responsible: responsible.or_else(|| Some(caller.principal.actor.clone())),
        actor: caller.principal.actor.clone(),
        role: caller.principal.role,
        right,
        conflicts,
        centre,
        key,
        if_match: None,
        bytes: [b"open\0", &*said(&bytes)].concat(),
        heard: None,
    };
    app.execute(woman.somebody(), request, StatusCode::CREATED).await
}

/// What a beginning says.
struct Begun<C> {
    before_us: bool,
    ask: Option<Ask<C>>,
    when: Option<Happened>,
    note: Option<Narrative>,
    due: Option<DueBy>,
    responsible: Option<ActorId>,
}

impl<C> Begun<C> {
    /// By an entry of its own.
    fn by<D: Decider<Command = C>>(action: &str, bytes: &[u8]) -> Result<Self, Problem> {
        let ActionBody { facts, when, note, due, responsible } = read(bytes)?;
        person(responsible.as_ref())?;
        about_somebody::<D>(action, note.as_ref())?;
        let ask = Some(App::<D>::ask(action, facts, when)?);
        Ok(Self { before_us: false, ask, when, note, due, responsible })
    }
}
