//! What a worker is told beside an entry that stands: it may be a slip, or something is still to be done.

use super::{
    command::Command,
    state::{Life, StayStands, Woman},
};
use kit::{
    ChildId, Context, Day,
    relation::StayId,
    sealed::{Sealed, known},
};

/// What a worker is told beside an entry that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// The child is registered; what is said now counts.
    ChildRegisteredAlready,
    /// Nobody knows on which day she confirmed it, or since then it is in doubt, she moved out, or something else was agreed: it may not
    /// be used.
    ContactNotConfirmed,
    /// No such contact was agreed on, as far as this centre knows.
    ContactUnknown,
    /// The stay is over, and stays so.
    StayOver,
    /// No such stay was logged.
    StayUnknown,
    /// The stay was decided after she had moved in.
    DecidedAfterArrival,
    /// She stayed here at that time already, as another stay says.
    StaysOverlap,
    /// A child of the stay is not registered as hers.
    ChildUnknown,
    /// She died: nobody is to reach her any more.
    SheDied,
    /// She stays here without telling who she is, and the municipality was told with it.
    StayIsAnonymous,
    /// Somebody is not tied to her, as far as this centre knows.
    WorkerNotAssigned,
    /// Somebody who must not come near what is hers is tied to her.
    StillAssigned,
    /// No such request was logged.
    ErasureUnknown,
    /// The directory knows no worker of this id at the centre.
    WorkerUnknown,
    /// Another woman of the centre has the same number, or the same name and birth date. Names are sealed from rules, so the service finds
    /// that out (`shown::search`).
    MayBeKnown,
}

impl Woman {
    /// What the worker is told beside this entry.
    pub(super) fn warnings(&self, command: &Command, context: &Context<'_>) -> Vec<Warning> {
        let candidates = match command {
            Command::RegisterChild(child) => {
                vec![(self.children.contains_key(&child.child), Warning::ChildRegisteredAlready)]
            }
            Command::AgreeSafeContact(agreed) => {
                let mut after = self.clone();
                after.take(&super::Event::SafeContactAgreed(agreed.clone()));
                // As it is agreed here: another agreement may be of a later day.
                let this = (agreed.contact, agreed.value, agreed.code_word);
                let usable = after
                    .contacts(context.today)
                    .any(|usable| this == (usable.contact, usable.value, usable.code_word));
                vec![(!usable, Warning::ContactNotConfirmed)]
            }
            Command::UnconfirmSafeContact(doubt) => {
                vec![(!self.contacts.contains_key(&doubt.contact), Warning::ContactUnknown)]
            }
            Command::StartStay(stay) => {
                let over = self.stays.get(&stay.stay).is_some_and(|stay| stay.standing != StayStands::Live);
                let (day, decided) = (known(stay.day.as_ref()), known(stay.decided_on.as_ref()));
                let children = stay.children.as_ref().and_then(Sealed::open);
                let stranger = children.into_iter().flatten().any(|child| !self.has_child(*child));
                vec![
                    (over, Warning::StayOver),
                    (day.zip(decided).is_some_and(|(day, decided)| decided > day), Warning::DecidedAfterArrival),
                    (self.overlaps(stay.stay, day, day), Warning::StaysOverlap),
                    (stranger, Warning::ChildUnknown),
                ]
            }
            Command::EndStay(departure) => {
                let stay = self.stays.get(&departure.stay);
                let began = stay.and_then(|stay| known(stay.began.as_ref()));
                vec![
                    (stay.is_none(), Warning::StayUnknown),
                    (self.overlaps(departure.stay, began, known(departure.day.as_ref())), Warning::StaysOverlap),
                ]
            }
            Command::InformMunicipality(notice) => {
                let stay = notice.stay.and_then(|stay| self.stays.get(&stay));
                let hidden = stay.is_some_and(|stay| stay.anonymous == Some(true));
                vec![(hidden && notice.anonymous != Some(true), Warning::StayIsAnonymous)]
            }
            Command::ReleaseWorker(release) => {
                let tied = release.worker.open().and_then(|worker| self.tie_of(worker));
                vec![(tied.is_none(), Warning::WorkerNotAssigned)]
            }
            Command::RecordConflictOfInterest(conflict) => {
                vec![(self.tie_of(&conflict.who).is_some(), Warning::StillAssigned)]
            }
            Command::CancelErasure(cancellation) => {
                vec![(!self.erasures.contains_key(&cancellation.erasure), Warning::ErasureUnknown)]
            }
            _ => Vec::new(),
        };
        let always = [
            (context.names_stranger::<Self>(command), Warning::WorkerUnknown),
            (self.life == Life::Died && !context.by_rule(), Warning::SheDied),
        ];
        candidates.into_iter().chain(always).filter_map(|(applies, warning)| applies.then_some(warning)).collect()
    }

    /// Whether a child is registered as hers, or came along with her.
    fn has_child(&self, child: ChildId) -> bool {
        self.children.contains_key(&child)
    }

    /// Whether another stay of hers here goes on between two days. She may move out and in again on one day; a day that nobody knows is none.
    fn overlaps(&self, stay: StayId, began: Option<Day>, left: Option<Day>) -> bool {
        let Some((began, left)) = began.zip(left) else { return false };
        self.stays.iter().filter(|(id, _)| **id != stay).any(|(_, other)| {
            let days = known(other.began.as_ref()).zip(known(other.left.as_ref()));
            days.is_some_and(|(from, until)| began < until && (from < left || from <= began))
        })
    }
}
