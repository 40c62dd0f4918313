//! What a woman's entries leave open, what they end, and how heavy they are.
//!
//! A follow-up's key names what it is about by opaque id, so that each contact, stay and request has its own.

use super::{
    choices::Direction,
    command::Event,
    event::{AccessRequestId, DisclosureId, ErasureId, SafeContactId},
    relocation::ANSWER,
    state::{Confirmation, ErasureStands, Life, Woman},
    ties::ties_itself,
    vault::{CHANGE, LOCK_OUT, LOCKED, VAULT},
};
use kit::{
    ActorId, ChildId, Context, Day, Facets, Personal,
    facets::{FollowUpChange, Weight},
    relation::{Along, ArrivalId, StayId},
    sealed::{Sealed, known},
};
use time::Date;

/// What a follow-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FollowUp {
    /// Find out with her whether she can still be reached so.
    ReconfirmContact,
    /// Answer whether the centre receives her.
    AnswerArrival,
    /// Call the other centre: nobody there has answered.
    CallOtherCentre,
    /// Find another centre: the one that was asked declines.
    FindAnotherCentre,
    /// Take over what was open where she comes from.
    TakeOverTasks,
    /// Tell the municipality that she moved in.
    TellMunicipalityOfArrival,
    /// Tell the municipality that she moved out.
    TellMunicipalityOfDeparture,
    /// Tell her what was given out, where that is lawful.
    TellHerOfDisclosure,
    /// Answer a request to see what is recorded.
    AnswerAccessRequest,
    /// Decide whether somebody is forgotten.
    DecideErasure,
    /// Tell the leader that somebody who protects her must see nothing of her.
    TellLeaderOfConflict,
    /// Confirm that a conflict of interest ends, or say that it does not.
    ConfirmConflictEnd,
    /// Look at what somebody else has changed in the vault.
    LookAtChangedField,
    /// Look at who tried wrong code words, and lift it where that is right.
    LookAtLockOut,
}

/// The configured deadlines that a woman's follow-ups go by.
pub(super) const DEADLINES: &[&str] = &[
    RECONFIRM,
    TASKS,
    NOTICE_IN,
    NOTICE_OUT,
    DISCLOSURE_TOLD,
    ACCESS_ANSWER,
    ERASURE_WAIT,
    CONFLICT,
    CHANGE,
    LOCKED,
    ANSWER,
];
const RECONFIRM: &str = "safe_contact_reconfirmation";
const TASKS: &str = "relocation_tasks_taken_over";
const NOTICE_IN: &str = "municipality_notice_in";
const NOTICE_OUT: &str = "municipality_notice_out";
const DISCLOSURE_TOLD: &str = "compelled_disclosure_told";
const ACCESS_ANSWER: &str = "access_request_answer";
const CONFLICT: &str = "conflict_seen_to";
/// How long it is waited before somebody is forgotten.
pub(super) const ERASURE_WAIT: &str = "erasure_wait";

const CONTACT: &str = "contact/";
const DISCLOSURE: &str = "disclosure/";
const MUNICIPALITY: &str = "/municipality-";

fn contact_key(contact: SafeContactId) -> String {
    format!("{CONTACT}{contact}/reconfirm")
}

fn answer_key(arrival: ArrivalId) -> String {
    format!("arrival/{arrival}/answer")
}

/// What begins with it is about a move that was offered.
const RELOCATION: &str = "relocation/";

fn unanswered_key(arrival: ArrivalId) -> String {
    format!("{RELOCATION}{arrival}/unanswered")
}

fn declined_key(arrival: ArrivalId) -> String {
    format!("{RELOCATION}{arrival}/declined")
}

fn tasks_key(arrival: ArrivalId) -> String {
    format!("arrival/{arrival}/tasks")
}

fn notice_key(stay: StayId, direction: Direction) -> String {
    let direction = match direction {
        Direction::In => "in",
        Direction::Out => "out",
    };
    format!("stay/{stay}{MUNICIPALITY}{direction}")
}

fn disclosure_key(disclosure: DisclosureId) -> String {
    format!("{DISCLOSURE}{disclosure}/tell")
}

fn access_key(request: AccessRequestId) -> String {
    format!("access/{request}")
}

fn erasure_key(erasure: ErasureId) -> String {
    format!("erasure/{erasure}")
}

fn conflict_key(who: &ActorId) -> String {
    format!("conflict/{who}/leader")
}

fn conflict_end_key(who: &ActorId) -> String {
    format!("conflict/{who}/end")
}

/// Whether a follow-up asks to tell her of a disclosure.
pub(super) fn tells_of_disclosure(key: &str) -> bool {
    key.starts_with(DISCLOSURE)
}

/// Whether a follow-up asks to tell the municipality.
pub(super) fn tells_municipality(key: &str) -> bool {
    key.contains(MUNICIPALITY)
}

/// The facets of an event; `state` is the one after it. No follow-up asks anybody to reach a woman who died.
pub(super) fn facets(state: &Woman, event: &Event, context: &Context<'_>) -> Facets {
    let mut facets = of(state, event, context);
    if state.life == Life::Died {
        let reaches = [FollowUp::ReconfirmContact, FollowUp::TellHerOfDisclosure].map(<&'static str>::from);
        facets.follow_ups.retain(|change| change.what.as_deref().is_none_or(|what| !reaches.contains(&what)));
    }
    facets
}

fn of(state: &Woman, event: &Event, context: &Context<'_>) -> Facets {
    if let Some(facets) = state.vault_facets(event, context).or_else(|| moves(event, context)) {
        return facets;
    }
    // What must not wait is not for the pile without a date: an unknown day is today.
    let day = context.day().or(Some(context.today));
    let by = |key: String, what: FollowUp, deadline: &str, base: Option<Date>| {
        FollowUpChange::opened(key, what).due_by(context.deadlines, deadline, base)
    };
    let reconfirm = |contact: SafeContactId| by(contact_key(contact), FollowUp::ReconfirmContact, RECONFIRM, day);
    let (routine, milestone) = (Facets::routine(), Facets::milestone());
    match event {
        Event::WomanRegistered(_) | Event::CentreRelocated(_) => milestone,
        Event::ChildRegistered(child) => about(routine, Some(child.child)),
        Event::SafeContactAgreed(agreed) => {
            let confirmed = state.contacts.get(&agreed.contact).map(|contact| contact.standing);
            routine.with(match confirmed {
                Some(Confirmation::Confirmed) => FollowUpChange::closed(contact_key(agreed.contact)),
                _ => reconfirm(agreed.contact),
            })
        }
        Event::SafeContactUnconfirmed(doubt) => routine.with(reconfirm(doubt.contact)),
        Event::StayStarted(stay) => {
            let decided = day_of(stay.decided_on.as_ref()).or(day);
            let tell = FollowUp::TellMunicipalityOfArrival;
            let tell = by(notice_key(stay.stay, Direction::In), tell, NOTICE_IN, decided);
            let started = also(milestone, (!state.told(stay.stay, Direction::In)).then_some(tell));
            let children = stay.children.as_ref().and_then(Sealed::open);
            Facets { about: children.cloned().unwrap_or_default(), ..started }
        }
        Event::StayEnded(departure) => {
            let tell = FollowUp::TellMunicipalityOfDeparture;
            let tell = by(notice_key(departure.stay, Direction::Out), tell, NOTICE_OUT, day);
            // It may be told before she leaves.
            also(milestone, (!state.told(departure.stay, Direction::Out)).then_some(tell))
        }
        Event::MunicipalityInformed(notice) => {
            also(routine, notice.stay.map(|stay| FollowUpChange::closed(notice_key(stay, notice.direction))))
        }
        Event::DisclosureCompelled(disclosure) => {
            let key = disclosure_key(disclosure.disclosure);
            alert(routine.with(by(key, FollowUp::TellHerOfDisclosure, DISCLOSURE_TOLD, day)))
        }
        Event::AccessRequestReceived(request) => {
            let answer = by(access_key(request.request), FollowUp::AnswerAccessRequest, ACCESS_ANSWER, day);
            about(milestone.with(answer.for_others()), request.child)
        }
        Event::ErasureRequested(request) => {
            let waits = state.erasures.get(&request.erasure).map(|known| known.standing);
            // Whoever took the request may not.
            let decide = FollowUpChange::opened(erasure_key(request.erasure), FollowUp::DecideErasure).for_others();
            let decide = decide.due_by(context.deadlines, ERASURE_WAIT, Some(context.today));
            let decide = (waits == Some(ErasureStands::Waiting)).then_some(decide.due_on(request.not_before.as_ref()));
            about(also(milestone, decide), request.child)
        }
        Event::ErasureCancelled(cancellation) => {
            milestone.with(FollowUpChange::closed(erasure_key(cancellation.erasure)))
        }
        Event::PersonErased(erasure) => {
            let done = milestone.with(FollowUpChange::closed(erasure_key(erasure.erasure)));
            // Nobody can be reached any more by what was hers.
            let hers: &[&str] = if erasure.child.is_none() { &[CONTACT, VAULT, LOCK_OUT, RELOCATION] } else { &[] };
            about(also(done, ended(context, hers)), erasure.child)
        }
        // Nobody but she could be reached, or told.
        Event::PersonDied(_) => also(milestone, ended(context, &[CONTACT, DISCLOSURE, VAULT, LOCK_OUT, RELOCATION])),
        Event::ConflictOfInterestRecorded(conflict) => {
            let tell = || by(conflict_key(&conflict.who), FollowUp::TellLeaderOfConflict, CONFLICT, day).for_others();
            let protects = state.keeps_away_who_protects_her(&conflict.who, context);
            alert(also(routine, protects.then(tell)))
        }
        Event::ConflictOfInterestEndProposed(proposal) => {
            let confirm = by(conflict_end_key(&proposal.who), FollowUp::ConfirmConflictEnd, CONFLICT, day);
            alert(routine.with(confirm.for_others()))
        }
        Event::ConflictOfInterestEnded(end) => {
            let closed = [conflict_end_key(&end.who), conflict_key(&end.who)].map(FollowUpChange::closed);
            alert(also(routine, closed))
        }
        Event::WorkerAssigned(assignment) if ties_itself(assignment, context) => alert(routine),
        Event::IdentityLearned(_)
        | Event::AliasChanged(_)
        | Event::WorkerAssigned(_)
        | Event::WorkerReleased(_)
        | Event::ErasureHeld(_)
        | Event::ErasureHoldLifted(_)
        | Event::VaultValueChanged(_)
        | Event::CodeWordLockedOut(_)
        | Event::CodeWordUnlocked(_)
        | Event::RelocationReceived(_)
        | Event::RelocationOffered(_)
        | Event::RelocationOfferWithdrawn(_)
        | Event::RelocationAccepted(_)
        | Event::RelocationDeclined(_)
        | Event::RelocationUnanswered(_)
        | Event::ArrivalOffered(_)
        | Event::ArrivalOfferEnded(_)
        | Event::RelocationWithdrawn(_) => routine,
    }
}

/// What the events of a move to another centre mean; none of another event.
fn moves(event: &Event, context: &Context<'_>) -> Option<Facets> {
    let day = context.day().or(Some(context.today));
    let by = |key: String, what: FollowUp, deadline: &str| {
        FollowUpChange::opened(key, what).due_by(context.deadlines, deadline, day)
    };
    let milestone = Facets::milestone();
    Some(match event {
        Event::RelocationReceived(arrival) => {
            // Only there can they be ended; here they are done anew.
            let along = arrival.along != Along::Nothing;
            let milestone = about(milestone, arrival.children.iter().flatten().copied());
            let answer = answer_key(arrival.arrival);
            let milestone = also(milestone, context.is_open(&answer).then(|| FollowUpChange::closed(&answer)));
            also(milestone, along.then(|| by(tasks_key(arrival.arrival), FollowUp::TakeOverTasks, TASKS)))
        }
        // Asked anew, or answered: what was to be done about the last answer is over.
        Event::RelocationOffered(_) | Event::RelocationOfferWithdrawn(_) | Event::RelocationAccepted(_) => {
            also(milestone, ended(context, &[RELOCATION]))
        }
        Event::RelocationDeclined(offer) => {
            let over = also(milestone, ended(context, &[RELOCATION]));
            alert(over.with(by(declined_key(offer.arrival), FollowUp::FindAnotherCentre, ANSWER)))
        }
        Event::RelocationUnanswered(offer) => {
            alert(milestone.with(by(unanswered_key(offer.arrival), FollowUp::CallOtherCentre, ANSWER)))
        }
        Event::ArrivalOffered(offer) => {
            alert(milestone.with(by(answer_key(offer.arrival), FollowUp::AnswerArrival, ANSWER)))
        }
        Event::ArrivalOfferEnded(offer) => milestone.with(FollowUpChange::closed(answer_key(offer.arrival))),
        Event::RelocationWithdrawn(withdrawal) => milestone.with(FollowUpChange::closed(tasks_key(withdrawal.arrival))),
        _ => return None,
    })
}

/// Closes what is open below these.
pub(super) fn ended(context: &Context<'_>, below: &[&str]) -> Vec<FollowUpChange> {
    let hers = |key: &&String| below.iter().any(|below| key.starts_with(below));
    context.open.keys().filter(hers).map(FollowUpChange::closed).collect()
}

pub(super) fn alert(facets: Facets) -> Facets {
    Facets { weight: Weight::Alert, ..facets }
}

fn about(facets: Facets, children: impl IntoIterator<Item = ChildId>) -> Facets {
    Facets { about: children.into_iter().collect(), ..facets }
}

fn also(facets: Facets, changes: impl IntoIterator<Item = FollowUpChange>) -> Facets {
    changes.into_iter().fold(facets, Facets::with)
}

fn day_of(day: Option<&Personal<Day>>) -> Option<Date> {
    known(day).map(Day::date)
}
