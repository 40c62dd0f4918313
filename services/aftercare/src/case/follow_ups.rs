//! What aftercare's entries leave open, what they end, and how heavy they are; and the rhythm of contacts.
//!
//! A follow-up's key names what it is about by opaque id, so that each contact, call and companion has its own. What there is one of
//! and what comes again and again (the next contact, a new try) is closed only where it is open: what a later entry ended is opened
//! again when that is taken back, though earlier ones might have ended the like.
//!
//! What is logged late ends nothing that came after it and brings no date forward. Once she is dead, no entry asks anybody to call her.

use super::{
    command::Event,
    event::{BookingId, CallId, ContactId, Ending, LifelineCall, Urgency},
    state::{Aftercare, Appointment, Companion, Standing},
};
use kit::{
    Class, Context, Facets,
    facets::{FollowUpChange, Weight},
    sealed::{Sealed, known},
    when::DueBy,
};
use time::Date;

/// What a follow-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FollowUp {
    /// Ask her whether she wants aftercare.
    AnswerAftercareOffer,
    /// Find out what comes after the coordinating counselling.
    PlanAfterCounselling,
    /// Be in contact with her again.
    ContactHer,
    /// Hold a contact that was agreed.
    HoldContact,
    /// Try again after a contact that did not come about.
    TryContactAgain,
    /// Two in a row did not: the contact person finds out what may be done. Nobody just calls.
    CheckOnHer,
    /// Answer her call to the lifeline.
    AnswerLifeline,
    /// Find a companion.
    FindCompanion,
    /// Go through the meeting with her and her companion.
    PrepareMeeting,
    /// Go through her safety: she may go back.
    SafetyCheck,
}

/// The configured deadlines that aftercare's follow-ups and warnings go by.
pub(super) const DEADLINES: &[&str] = &[
    ANSWER_DEADLINE,
    CONTACTS[0],
    CONTACTS[1],
    CONTACTS[2],
    CONTACTS[3],
    CONTACT_RETRY,
    CONTACT_CHECK,
    LIFELINE_URGENT,
    LIFELINE_SOON,
    LIFELINE_CAN_WAIT,
    COMPANION,
    RELAPSE_CHECK,
    COUNSELLING,
    COUNSELLING_END,
];
const ANSWER_DEADLINE: &str = "aftercare_offer_answer";
/// The rhythm of contacts.
const CONTACTS: [&str; 4] =
    ["aftercare_first_contact", "aftercare_second_contact", "aftercare_third_contact", "aftercare_fourth_contact"];
const CONTACT_RETRY: &str = "aftercare_contact_retry";
const CONTACT_CHECK: &str = "aftercare_contact_check";
const LIFELINE_URGENT: &str = "lifeline_urgent";
const LIFELINE_SOON: &str = "lifeline_soon";
const LIFELINE_CAN_WAIT: &str = "lifeline_can_wait";
const COMPANION: &str = "companion_meeting";
const RELAPSE_CHECK: &str = "relapse_safety_check";
/// How long coordinating counselling ordinarily goes on.
pub(super) const COUNSELLING: &str = "coordinating_counselling";
const COUNSELLING_END: &str = "coordinating_counselling_end";

/// How many contacts in a row may be missed before somebody finds out why.
const MISSED_IN_A_ROW: usize = 2;

const ANSWER: &str = "aftercare/answer";
const COUNSELLING_OVER: &str = "counselling/end";
const NEXT: &str = "contact/next";
const RETRY: &str = "contact/retry";
const CHECK: &str = "contact/check";
const RELAPSE: &str = "relapse/safety-check";

fn contact_key(contact: ContactId) -> String {
    format!("contact/{contact}")
}

fn lifeline_key(call: CallId) -> String {
    format!("lifeline/{call}")
}

fn find_key(booking: BookingId) -> String {
    format!("companion/{booking}/find")
}

fn meeting_key(booking: BookingId) -> String {
    format!("companion/{booking}/meeting")
}

/// The facets of an event; `state` is the one after it. Once she is dead no follow-up asks anybody to reach her; a call to the lifeline is
/// answered all the same.
pub(super) fn facets(state: &Aftercare, event: &Event, context: &Context<'_>) -> Facets {
    let mut facets = of(state, event, context);
    if state.is_dead(context) {
        let answers = <&'static str>::from(FollowUp::AnswerLifeline);
        facets.follow_ups.retain(|change| change.what.as_deref().is_none_or(|what| what == answers));
    }
    facets
}

fn of(state: &Aftercare, event: &Event, context: &Context<'_>) -> Facets {
    let day = context.day();
    // What must not wait is not for the pile without a date: an unknown day is today.
    let at_once = day.or(Some(context.today));
    let by = |key: &str, what: FollowUp, deadline: &str, base: Option<Date>| {
        FollowUpChange::opened(key, what).due_by(context.deadlines, deadline, base)
    };
    let routine = Facets::routine();
    match event {
        Event::AftercareOffered(_) => routine.with(by(ANSWER, FollowUp::AnswerAftercareOffer, ANSWER_DEADLINE, day)),
        Event::AftercareAccepted(_) => {
            let accepted = Facets::milestone().with(FollowUpChange::closed(ANSWER));
            also(accepted, first_contact(state, context))
        }
        Event::AftercareDeclined(_) => {
            let declined = Facets::milestone().with(FollowUpChange::closed(ANSWER));
            also(declined, ended(context, &[NEXT, RETRY]))
        }
        Event::CoordinatingCounsellingGranted(counselling) => {
            let until = known(counselling.until.as_ref()).map(kit::Day::date);
            Facets::milestone().with(by(COUNSELLING_OVER, FollowUp::PlanAfterCounselling, COUNSELLING_END, until))
        }
        Event::ContactPlanned(planned)
            if state.contacts.get(&planned.contact) == Some(&Appointment::Planned) && !state.is_dead(context) =>
        {
            let hold = FollowUpChange::opened(contact_key(planned.contact), FollowUp::HoldContact);
            let hold = hold.of_class(Class::Location);
            routine.with(match known(planned.when.as_ref()) {
                Some(when) => hold.due(when),
                None => hold,
            })
        }
        Event::ContactMade(made) => {
            let met = also(routine, made.contact.map(|contact| FollowUpChange::closed(contact_key(contact))));
            // Logged late it says nothing of what is ahead: a later contact did.
            let latest = day.zip(state.last_contact()).is_none_or(|(day, last)| day >= last);
            let next = latest.then(|| next_contact(state, context)).flatten();
            let done: &[&str] = if latest && next.is_none() { &[NEXT] } else { &[] };
            // Nor does it say that she is well where a contact has been missed since, or nobody knows which came first.
            let reached: &[&str] = if day.is_some() && state.missed.is_empty() { &[RETRY, CHECK] } else { &[] };
            also(also(also(met, next), ended(context, done)), ended(context, reached))
        }
        Event::ContactMissed(missed) => {
            let facets = also(routine, missed.contact.map(|contact| FollowUpChange::closed(contact_key(contact))));
            if state.is_dead(context) {
                return facets;
            }
            if state.missed.len() < MISSED_IN_A_ROW {
                let again = by(RETRY, FollowUp::TryContactAgain, CONTACT_RETRY, day);
                // Logged late: she has been reached since.
                return also(facets, (!state.is_over() && !state.missed.is_empty()).then_some(again));
            }
            // No new try on top of it: whoever is with her may be the one who hears the phone.
            let latest = state.last_missed().or(at_once);
            let check = by(CHECK, FollowUp::CheckOnHer, CONTACT_CHECK, latest);
            // Only the latest one moves what was agreed meanwhile.
            let check = if day < latest { no_earlier(check, context) } else { check };
            Facets { weight: Weight::Alert, ..also(facets.with(check), ended(context, &[RETRY])) }
        }
        Event::LifelineCalled(call) => lifeline(call, context, at_once),
        Event::CompanionRequested(request) if state.companions.get(&request.booking) == Some(&Companion::Requested) => {
            routine.with(meeting(find_key(request.booking), FollowUp::FindCompanion, request.when.as_ref(), context))
        }
        Event::CompanionBooked(booking)
            if state.companions.get(&booking.booking).is_some_and(|companion| !companion.is_over()) =>
        {
            let key = meeting_key(booking.booking);
            let booked = routine.with(meeting(key, FollowUp::PrepareMeeting, booking.when.as_ref(), context));
            booked.with(FollowUpChange::closed(find_key(booking.booking)))
        }
        Event::CompanionAttended(attendance) => no_companion(attendance.booking),
        Event::CompanionCancelled(cancellation) => no_companion(cancellation.booking),
        Event::RelapseRiskRaised(_) => {
            let check = by(RELAPSE, FollowUp::SafetyCheck, RELAPSE_CHECK, at_once);
            Facets { weight: Weight::Alert, ..routine.with(check) }
        }
        Event::AftercareHandedOver(ending) | Event::AftercareClosed(ending) => {
            also(Facets::milestone(), moot(ending, context).map(FollowUpChange::closed))
        }
        Event::Readmitted(_) => Facets::milestone(),
        Event::ContactPlanned(_) | Event::CompanionRequested(_) | Event::CompanionBooked(_) => routine,
    }
}

/// The open follow-ups that an ending deals with: there will be no more contact by rhythm and no answer to an offer. Whether she
/// is well, a call, a companion and an agreed contact are still somebody's, unless she is dead.
pub(super) fn moot<'a>(ending: &Ending, context: &'a Context<'_>) -> impl Iterator<Item = &'a String> {
    let all = ending.by_death();
    context.open.keys().filter(move |key| all || [ANSWER, NEXT, RETRY].contains(&key.as_str()))
}

/// Her call is somebody's to answer, and an urgent one at once.
fn lifeline(call: &LifelineCall, context: &Context<'_>, base: Option<Date>) -> Facets {
    let (weight, deadline) = match call.urgency {
        Urgency::Urgent => (Weight::Alert, LIFELINE_URGENT),
        Urgency::Soon => (Weight::Milestone, LIFELINE_SOON),
        Urgency::CanWait => (Weight::Milestone, LIFELINE_CAN_WAIT),
    };
    let answer = FollowUpChange::opened(lifeline_key(call.call), FollowUp::AnswerLifeline);
    let answer = answer.due_by(context.deadlines, deadline, base);
    Facets { weight, ..Facets::routine().with(answer) }
}

/// What is done in good time before a meeting; its date tells as much as the meeting's does.
fn meeting(key: String, what: FollowUp, when: Option<&kit::Location<DueBy>>, context: &Context<'_>) -> FollowUpChange {
    let day = when.and_then(Sealed::open).map(|when| when.day().date());
    FollowUpChange::opened(key, what).due_by(context.deadlines, COMPANION, day).of_class(Class::Location)
}

/// Once somebody went along, or nobody will, there is nobody to find and nothing to prepare.
fn no_companion(booking: BookingId) -> Facets {
    [meeting_key(booking), find_key(booking)]
        .into_iter()
        .map(FollowUpChange::closed)
        .fold(Facets::routine(), Facets::with)
}

/// Aftercare that begins is followed by a first contact, unless it is logged late and she was in contact meanwhile: then by the one
/// that follows from that.
fn first_contact(state: &Aftercare, context: &Context<'_>) -> Option<FollowUpChange> {
    let from = known(state.from.as_ref()).map(kit::Day::date);
    let [first, ..] = CONTACTS;
    if !follows_a_rhythm(state, context) || state.contacts_made > 0 {
        return None;
    }
    match from.zip(state.last_contact()) {
        Some((from, last)) if last > from => {
            next_step(from, last, context).map(|step| no_earlier(contact_by(step, Some(from), context), context))
        }
        _ => Some(contact_by(first, from, context)),
    }
}

/// The contact that follows one. It is counted from the day her aftercare began. Where that is unknown, because she arrives
/// mid-story, it is counted from this contact, and each one takes a step.
fn next_contact(state: &Aftercare, context: &Context<'_>) -> Option<FollowUpChange> {
    if !follows_a_rhythm(state, context) {
        return None;
    }
    let next = if let Some(from) = known(state.from.as_ref()).map(kit::Day::date) {
        let day = context.day().unwrap_or(context.today);
        contact_by(next_step(from, day, context)?, Some(from), context)
    } else {
        contact_by(CONTACTS.get(usize::from(state.contacts_made))?, context.day(), context)
    };
    Some(no_earlier(next, context))
}

/// The step of the rhythm that comes after a contact. A contact counts for the step it is nearest to: a call two days early need
/// not be repeated, and one that comes in between does not use up the one that was planned.
fn next_step(from: Date, day: Date, context: &Context<'_>) -> Option<&'static str> {
    let mut before = from;
    for step in CONTACTS {
        let due = context.deadlines.due(step, from)?.date;
        if day - before < due - day {
            return Some(step);
        }
        before = due;
    }
    None
}

fn contact_by(step: &str, base: Option<Date>, context: &Context<'_>) -> FollowUpChange {
    FollowUpChange::opened(NEXT, FollowUp::ContactHer).due_by(context.deadlines, step, base)
}

/// What is open stays open for as long: people may have agreed on a later day, and an entry may be logged late.
fn no_earlier(change: FollowUpChange, context: &Context<'_>) -> FollowUpChange {
    let open = context.open.get(&change.key).copied().flatten();
    let later = open.filter(|open| change.due.is_none_or(|due| due.day() < open.day()));
    match later {
        Some(due) => FollowUpChange { basis: None, ..change.due(due) },
        None => change,
    }
}

/// Who said no, is dead, or whose case is over, is not contacted by the calendar.
fn follows_a_rhythm(state: &Aftercare, context: &Context<'_>) -> bool {
    !state.is_over() && state.standing != Standing::Declined && !state.is_dead(context)
}

/// Closes those of these follow-ups that are open.
fn ended(context: &Context<'_>, keys: &[&str]) -> Vec<FollowUpChange> {
    let open = |key: &&&str| context.is_open(key);
    keys.iter().filter(open).map(|key| FollowUpChange::closed(*key)).collect()
}

fn also(facets: Facets, changes: impl IntoIterator<Item = FollowUpChange>) -> Facets {
    changes.into_iter().fold(facets, Facets::with)
}
