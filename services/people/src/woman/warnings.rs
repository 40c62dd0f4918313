//! What a worker is told beside an entry that stands: it may be a slip, or something is still to be done.

use super::{
    command::Command,
    state::{StayStands, Woman},
};
use kit::Context;

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
        let candidate = match command {
            Command::RegisterChild(child) => {
                (self.children.contains_key(&child.child), Warning::ChildRegisteredAlready)
            }
            Command::AgreeSafeContact(agreed) => {
                let mut after = self.clone();
                after.take(&super::Event::SafeContactAgreed(agreed.clone()));
                // As it is agreed here: another agreement may be of a later day.
                let this = (agreed.contact, agreed.value, agreed.code_word);
                let usable = after
                    .contacts(context.today)
                    .any(|usable| this == (usable.contact, usable.value, usable.code_word));
                (!usable, Warning::ContactNotConfirmed)
            }
            Command::UnconfirmSafeContact(doubt) => {
                (!self.contacts.contains_key(&doubt.contact), Warning::ContactUnknown)
            }
            Command::StartStay(stay) => {
                let over = self.stays.get(&stay.stay).is_some_and(|stay| stay.standing != StayStands::Live);
                (over, Warning::StayOver)
            }
            Command::EndStay(departure) => (!self.stays.contains_key(&departure.stay), Warning::StayUnknown),
            Command::InformMunicipality(notice) => {
                let stay = notice.stay.and_then(|stay| self.stays.get(&stay));
                let hidden = stay.is_some_and(|stay| stay.anonymous == Some(true));
                (hidden && notice.anonymous != Some(true), Warning::StayIsAnonymous)
            }
            Command::ReleaseWorker(release) => {
                let tied = release.worker.open().and_then(|worker| self.tie_of(worker));
                (tied.is_none(), Warning::WorkerNotAssigned)
            }
            Command::RecordConflictOfInterest(conflict) => {
                (self.tie_of(&conflict.who).is_some(), Warning::StillAssigned)
            }
            Command::CancelErasure(cancellation) => {
                (!self.erasures.contains_key(&cancellation.erasure), Warning::ErasureUnknown)
            }
            _ => (false, Warning::WorkerUnknown),
        };
        let stranger = (context.names_stranger::<Self>(command), Warning::WorkerUnknown);
        [candidate, stranger].into_iter().filter_map(|(applies, warning)| applies.then_some(warning)).collect()
    }
}
