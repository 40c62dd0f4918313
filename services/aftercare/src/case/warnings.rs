//! What a worker is told beside an entry that stands: it may be a slip, or something is still to be done.

use super::{
    command::Command,
    event::{BookingId, ContactId, Counselling, Ending},
    follow_ups,
    rules::slot,
    state::{Aftercare, Appointment, Companion, Standing},
};
use crate::heard::KnowCourse;
use kit::{Context, Day, sealed::known};
use time::Date;

/// What a worker is told beside an entry that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// The case is over, and stays so.
    CaseClosed,
    /// No offer was logged: she arrives mid-story.
    NotOffered,
    /// An offer waits for its answer already.
    OfferedAlready,
    /// She has aftercare already.
    AcceptedAlready,
    /// The counselling goes on for longer than it ordinarily may.
    LongerThanHalfAYear,
    /// No such contact was agreed, as far as the case knows.
    ContactUnknown,
    /// The contact was agreed before; what is said now counts.
    ContactPlannedAlready,
    /// The contact has taken place, or was missed.
    ContactOver,
    /// No way to reach her is confirmed, as far as is known.
    ContactNotConfirmed,
    /// No such companion was asked for or booked, as far as the case knows.
    BookingUnknown,
    /// The companion was asked for, or booked, before; what is said now counts.
    BookingRecordedAlready,
    /// The companion went along, or was called off.
    BookingOver,
    /// The companion goes somewhere else that day.
    CompanionBookedElsewhere,
    /// She died: nobody is to reach her any more.
    SheDied,
    /// The directory knows no worker of this id at the centre.
    WorkerUnknown,
    /// Follow-ups are still open.
    OpenFollowUps,
}

type Candidate = (bool, Warning);

impl Aftercare {
    /// What the worker is told beside this entry.
    pub(super) fn warnings(&self, command: &Command, context: &Context<'_>) -> Vec<Warning> {
        let accepted = matches!(self.standing, Standing::Accepted { .. });
        let unoffered = (self.standing == Standing::NotOffered, Warning::NotOffered);
        let candidates = match command {
            Command::OfferAftercare(_) => vec![
                (self.awaits_answer(), Warning::OfferedAlready),
                (self.runs(context.today), Warning::AcceptedAlready),
            ],
            Command::AcceptAftercare(_) => vec![unoffered, (accepted, Warning::AcceptedAlready)],
            Command::DeclineAftercare(_) => vec![unoffered],
            Command::RecordCoordinatingCounselling(counselling) => vec![self.too_long(counselling, context)],
            Command::PlanContact(planned) => {
                let appointment = self.contacts.get(&planned.contact);
                let again = appointment == Some(&Appointment::Planned);
                let over = appointment.is_some() && !again;
                vec![(again, Warning::ContactPlannedAlready), (over, Warning::ContactOver), unconfirmed(context)]
            }
            Command::MakeContact(made) => vec![self.unplanned(made.contact), unconfirmed(context)],
            Command::RecordMissedContact(missed) => vec![self.unplanned(missed.contact), unconfirmed(context)],
            Command::RequestCompanion(request) => {
                let again = self.companions.get(&request.booking).is_some_and(|companion| !companion.is_over());
                vec![(again, Warning::BookingRecordedAlready), self.settled(request.booking)]
            }
            Command::BookCompanion(booking) => {
                let known = self.companions.get(&booking.booking);
                let again = matches!(known, Some(Companion::Booked { .. }));
                let mut others = self.companions.iter().filter(|(id, _)| **id != booking.booking);
                let mut here = |slot| others.any(|(_, other)| other.slot() == Some(slot));
                let elsewhere = slot(booking, context).is_some_and(|slot| context.taken || here(slot));
                vec![
                    (again, Warning::BookingRecordedAlready),
                    self.settled(booking.booking),
                    (elsewhere, Warning::CompanionBookedElsewhere),
                ]
            }
            Command::RecordCompanionAttendance(attendance) => vec![self.unbooked(attendance.booking)],
            Command::CancelCompanion(cancellation) => vec![self.unbooked(cancellation.booking)],
            Command::HandOverAftercare(ending) | Command::CloseAftercare(ending) => vec![unfinished(ending, context)],
            Command::RecordLifelineCall(_) | Command::RaiseRelapseRisk(_) | Command::RecordReadmission(_) => Vec::new(),
        };
        let opens = matches!(command, Command::OfferAftercare(_) | Command::RecordLifelineCall(_));
        let closed = (self.is_over() && !opens, Warning::CaseClosed);
        let stranger = (context.names_stranger::<Self>(command), Warning::WorkerUnknown);
        let closes = matches!(command, Command::CloseAftercare(_) | Command::HandOverAftercare(_));
        let died = (self.is_dead(context) && !closes && !context.by_rule(), Warning::SheDied);
        let all = std::iter::once(closed).chain(candidates).chain([stranger, died]);
        all.filter_map(|(applies, warning)| applies.then_some(warning)).collect()
    }

    /// Coordinating counselling goes on for half a year after the move, exceptionally for one.
    fn too_long(&self, counselling: &Counselling, context: &Context<'_>) -> Candidate {
        let ordinarily = self.start_of_aftercare(context);
        let ordinarily = ordinarily.and_then(|start| context.deadlines.due(follow_ups::COUNSELLING, start));
        let until = known(counselling.until.as_ref()).map(Day::date);
        let longer = until.zip(ordinarily).is_some_and(|(until, ordinarily)| until > ordinarily.date);
        (longer, Warning::LongerThanHalfAYear)
    }

    /// From when her time after the stay is counted: the day she moved, else the day her aftercare began, else the day of the entry.
    fn start_of_aftercare(&self, context: &Context<'_>) -> Option<Date> {
        let moved = context.heard::<KnowCourse>().and_then(|course| course.moved(context.centre));
        moved.or_else(|| known(self.from.as_ref()).map(Day::date)).or_else(|| context.day())
    }

    fn unplanned(&self, contact: Option<ContactId>) -> Candidate {
        (contact.is_some_and(|contact| !self.contacts.contains_key(&contact)), Warning::ContactUnknown)
    }

    fn unbooked(&self, booking: BookingId) -> Candidate {
        (!self.companions.contains_key(&booking), Warning::BookingUnknown)
    }

    fn settled(&self, booking: BookingId) -> Candidate {
        (self.companions.get(&booking).is_some_and(Companion::is_over), Warning::BookingOver)
    }
}

fn unfinished(ending: &Ending, context: &Context<'_>) -> Candidate {
    let dealt_with = follow_ups::moot(ending, context).count();
    (context.open.len() > dealt_with, Warning::OpenFollowUps)
}

/// Whether it is not known that she can be reached safely: whoever has the phone may be the one she fled from.
fn unconfirmed(context: &Context<'_>) -> Candidate {
    let course = context.heard::<KnowCourse>();
    let reachable = course.is_some_and(|course| course.is_reachable(context.centre, context.today));
    (!reachable, Warning::ContactNotConfirmed)
}
