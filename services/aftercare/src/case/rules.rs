//! What is refused, and what is likely next.
//!
//! Refused is a second outcome for one offer, contact, companion or the case, dates that contradict each other within one entry, a
//! fact in the future, and an ending that leaves an alarm or an order without an owner. Offering is never refused: a pending offer
//! is so already, and any other may be followed by a new one. The lifeline is never refused, whatever the state.

use super::{
    command::{Command, Event},
    event::{Acceptance, Booking, BookingId, ContactId, EndReason, Ending, Offer},
    follow_ups::{self, FollowUp},
    state::{Aftercare, Appointment, Companion, Stage, Standing, Way},
    warnings::Warning,
};
use crate::heard::KnowCourse;
use kit::{
    Context, Day, Decider, Decision, Facets, Personal,
    decider::{Commands, suggested},
    directory::Named,
    protection::ProtectionId,
    sealed::{Sealed, known},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// The offer, the contact, the companion or the case has another outcome already.
    #[error("there is another outcome already")]
    SecondOutcome,
    /// Aftercare would end before it begins.
    #[error("the last day is before the first")]
    UntilBeforeFrom,
    /// A day on which something happened is still to come.
    #[error("what is recorded has not happened yet")]
    InTheFuture,
    /// An alarm is out or an order in force, and nobody would answer for it.
    #[error("an alarm or an order has no owner")]
    ProtectionWithoutOwner,
}

impl Decider for Aftercare {
    const TYPE: &'static str = "case";
    const PLURAL: &'static str = "cases";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, mut command: Command, context: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        if self.is_so(&command, context)? {
            return Ok(Decision::already());
        }
        self.complete(&mut command, context);
        let warnings = self.warnings(&command, context);
        Ok(Decision { warnings, ..Decision::event(command.record()) })
    }

    fn evolve(&mut self, event: &Event) {
        self.take(event);
    }

    fn actions(&self, context: &Context<'_>) -> Vec<&'static str> {
        if self.is_dead(context) {
            return suggested([(!self.is_over(), "close-aftercare")]);
        }
        let (over, runs, offered) = (self.is_over(), self.runs(context.today), self.awaits_answer());
        let planned = self.contacts.values().any(|contact| *contact == Appointment::Planned);
        let missed = !self.missed.is_empty();
        let requested = self.companions.values().any(|companion| *companion == Companion::Requested);
        let booked = self.companions.values().any(|companion| matches!(companion, Companion::Booked { .. }));
        let accepted = matches!(self.standing, Standing::Accepted { .. });
        let owned = !without_owner(context, &[]);
        let likely = [
            (over, "record-lifeline-call"),
            (!offered && !runs, "offer-aftercare"),
            (offered, "accept-aftercare"),
            (offered, "decline-aftercare"),
            (!over && (runs || planned || missed), "make-contact"),
            (!over && (planned || missed), "record-missed-contact"),
            (runs && !planned, "plan-contact"),
            (!over && booked, "record-companion-attendance"),
            (!over && requested, "book-companion"),
            (runs, "record-lifeline-call"),
            (runs, "request-companion"),
            (!over && accepted && owned, "close-aftercare"),
        ];
        suggested(likely)
    }

    fn facets(&self, event: &Event, context: &Context<'_>) -> Facets {
        follow_ups::facets(self, event, context)
    }

    /// A companion's day may be held by several: each holds it under its own booking, and [`Decider::shares`] finds the others.
    fn claims(&self) -> BTreeSet<String> {
        let slots = self.companions.iter().filter_map(|(booking, companion)| companion.slot().zip(Some(booking)));
        slots.map(|(slot, booking)| format!("{}{booking}", slot_key(slot))).collect()
    }

    fn shares(command: &Command, context: &Context<'_>) -> Option<String> {
        match command {
            Command::BookCompanion(booking) => slot(booking, context).map(slot_key),
            _ => None,
        }
    }

    /// A companion may be somebody from outside, and a contact worker is told by a name that gives them nothing.
    fn names(command: &Command) -> Vec<Named> {
        let who = match command {
            Command::OfferAftercare(offer) => offer.contact_worker.as_ref(),
            Command::AcceptAftercare(acceptance) => acceptance.contact_worker.as_ref(),
            Command::BookCompanion(booking) => booking.who.as_ref(),
            Command::RecordCompanionAttendance(attendance) => attendance.who.as_ref(),
            _ => None,
        };
        who.and_then(Sealed::open).cloned().map(Named::Anybody).into_iter().collect()
    }

    fn deadlines() -> &'static [&'static str] {
        follow_ups::DEADLINES
    }
}

/// A companion's day; `None` where one of both is unknown.
pub(super) fn slot(booking: &Booking, context: &Context<'_>) -> Option<Uuid> {
    let who = booking.who.as_ref().and_then(Sealed::open)?;
    let day = known(booking.when.as_ref())?.day();
    Some(context.secret.opaque(&["companion", who.as_str(), &day.to_string()]))
}

/// What the claims on a companion's day begin with; whose they are comes after.
fn slot_key(slot: Uuid) -> String {
    format!("companion/{slot}#")
}

/// Whether an alarm or an order protects her that nobody would answer for. Where it is not known, one may.
fn without_owner(context: &Context<'_>, informed: &[ProtectionId]) -> bool {
    let course = context.heard::<KnowCourse>();
    course.is_none_or(|course| course.without_owner(context.centre, context.today, informed))
}

impl Aftercare {
    /// Whether she died, as people tells or the case's own end: nobody is to call her any more.
    pub(super) fn is_dead(&self, context: &Context<'_>) -> bool {
        let told = context.heard::<KnowCourse>().is_some_and(|course| course.died(context.centre));
        told || matches!(&self.stage, Stage::Over { reason, .. } if reason.open() == Some(&EndReason::Died))
    }

    /// Adds what the service itself knows: an id for what begins with this entry, the first day of aftercare, the day
    /// of a contact, a companion's day.
    fn complete(&self, command: &mut Command, context: &Context<'_>) {
        let id = match command {
            Command::AcceptAftercare(acceptance) => {
                acceptance.from = acceptance.from.take().or_else(|| self.first_day(context));
                return;
            }
            Command::MakeContact(made) => {
                made.day = context.day().map(|day| Personal::new(day.into()));
                return;
            }
            // Who was not reached is looked into: where the day is unknown, that is today's.
            Command::RecordMissedContact(missed) => {
                let stands = missed.day.take().filter(|_| context.corrects);
                let unknown = || stands.unwrap_or_else(|| Personal::new(context.today.into()));
                missed.day = Some(context.day().map_or_else(unknown, |day| Personal::new(day.into())));
                return;
            }
            Command::PlanContact(planned) => &mut planned.contact.0,
            Command::RecordLifelineCall(call) => &mut call.call.0,
            Command::RequestCompanion(request) => &mut request.booking.0,
            Command::BookCompanion(booking) => {
                booking.slot = slot(booking, context).map(Personal::new);
                &mut booking.booking.0
            }
            _ => return,
        };
        if id.is_nil() {
            *id = context.new_id(0);
        }
    }

    /// A second acceptance adds to the first and does not begin it anew; a correction that empties the day leaves it without one.
    fn first_day(&self, context: &Context<'_>) -> Option<Personal<Day>> {
        if context.corrects {
            return None;
        }
        let began = matches!(self.standing, Standing::Accepted { .. }).then(|| self.from.clone()).flatten();
        began.or_else(|| context.day().map(|day| Personal::new(day.into())))
    }

    /// Refuses what cannot be, and tells whether it is so already.
    fn is_so(&self, command: &Command, context: &Context<'_>) -> Result<bool, Rejection> {
        match command {
            // The rule offers to whoever moves in; a worker may have a reason to offer more, and a name or a day to add.
            Command::OfferAftercare(offer) => {
                let by_rule = context.by_rule() && (self.runs(context.today) || self.awaits_answer());
                Ok(by_rule || (self.awaits_answer() && *offer == Offer::default()))
            }
            Command::AcceptAftercare(acceptance) => self.takes(acceptance, context),
            Command::DeclineAftercare(_) => match self.standing {
                Standing::Declined => Ok(true),
                Standing::Accepted { .. } => Err(Rejection::SecondOutcome),
                Standing::NotOffered | Standing::Offered => Ok(false),
            },
            Command::MakeContact(made) => self.met(made.contact, Appointment::Made),
            Command::RecordMissedContact(missed) => self.met(missed.contact, Appointment::Missed),
            Command::RecordCompanionAttendance(attendance) => {
                if known(attendance.when.as_ref()).is_some_and(|when| context.to_come(when)) {
                    return Err(Rejection::InTheFuture);
                }
                self.accompanied(attendance.booking, &Companion::Attended)
            }
            Command::CancelCompanion(cancellation) => self.accompanied(cancellation.booking, &Companion::Cancelled),
            Command::HandOverAftercare(ending) => self.ends(Way::HandedOver, ending, context),
            Command::CloseAftercare(ending) => self.ends(Way::Closed, ending, context),
            _ => Ok(false),
        }
    }

    /// Whether she has taken aftercare, and nothing is added to that.
    fn takes(&self, acceptance: &Acceptance, context: &Context<'_>) -> Result<bool, Rejection> {
        // A first day that is left out is one that the service adds, and contradicts as well as any.
        let from = acceptance.from.clone().or_else(|| self.first_day(context));
        let days = known(from.as_ref()).zip(known(acceptance.until.as_ref()));
        if days.is_some_and(|(from, until)| until < from) {
            return Err(Rejection::UntilBeforeFrom);
        }
        match self.standing {
            Standing::Declined => Err(Rejection::SecondOutcome),
            Standing::Accepted { .. } => {
                let same_day = acceptance.from.is_none() || acceptance.from == self.from;
                Ok(same_day && acceptance.contact_worker.is_none() && acceptance.until.is_none())
            }
            Standing::NotOffered | Standing::Offered => Ok(false),
        }
    }

    /// Whether a contact has this outcome; any other one refuses it. One that was not agreed is always new.
    fn met(&self, contact: Option<ContactId>, outcome: Appointment) -> Result<bool, Rejection> {
        match contact.and_then(|contact| self.contacts.get(&contact)) {
            None | Some(Appointment::Planned) => Ok(false),
            Some(other) if *other == outcome => Ok(true),
            Some(_) => Err(Rejection::SecondOutcome),
        }
    }

    /// Whether a companion has this outcome; any other one refuses it.
    fn accompanied(&self, booking: BookingId, outcome: &Companion) -> Result<bool, Rejection> {
        match self.companions.get(&booking) {
            Some(other) if other == outcome => Ok(true),
            Some(other) if other.is_over() => Err(Rejection::SecondOutcome),
            _ => Ok(false),
        }
    }

    /// Whether the case is over in this way; in any other it refuses, as it does while something that protects her has no owner.
    fn ends(&self, way: Way, ending: &Ending, context: &Context<'_>) -> Result<bool, Rejection> {
        if let Stage::Over { way: then, reason } = &self.stage {
            // A reason that is erased contradicts nothing.
            let reasons = known(Some(reason)).zip(known(Some(&ending.reason)));
            let same = *then == way && reasons.is_none_or(|(then, now)| then == now);
            return if same { Ok(true) } else { Err(Rejection::SecondOutcome) };
        }
        let informed = ending.police_informed.as_ref().and_then(Sealed::open).map_or(&[][..], Vec::as_slice);
        if !ending.by_death() && without_owner(context, informed) {
            return Err(Rejection::ProtectionWithoutOwner);
        }
        Ok(false)
    }
}
