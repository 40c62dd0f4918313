//! What is known of one woman at one centre. Only what decisions and suggestions need, and how she may be reached; her name and her
//! number are not kept here, and no place.

use super::{
    choices::{Channel, Direction, MovedTo},
    command::Event,
    event::{
        Alias, Assignment, Child, Conflict, ConflictEnd, Departure, ErasureId, ErasureRequest, SafeContact,
        SafeContactId, Unconfirmed,
    },
};
use super::{
    relocation::{OfferStands, OfferedMove},
    vault::Protected,
};
use crate::VaultRef;
use kit::{
    ActorId, ChildId, Day, Identity, OfChild, Personal, Text,
    relation::{ArrivalId, Received, Relation, Sign, StayId, Tie},
    sealed::known,
};
use serde::Serialize;
use std::collections::BTreeMap;
use time::Date;

/// A woman as one centre knows her.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Woman {
    pub(super) registration: Registered,
    alias: Option<Personal<Alias>>,
    /// What she was called before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier_aliases: Vec<Personal<Alias>>,
    pub(super) children: BTreeMap<ChildId, KnownChild>,
    pub(super) contacts: BTreeMap<SafeContactId, Contact>,
    pub(super) stays: BTreeMap<StayId, KnownStay>,
    /// The stay that was logged last.
    pub(super) latest_stay: Option<StayId>,
    /// The latest day on which she moved out, whenever it was logged.
    left_on: Option<Personal<Day>>,
    notices: Vec<Told>,
    /// Moves that were offered to other centres.
    pub(super) moves: BTreeMap<ArrivalId, OfferedMove>,
    /// Comings that other centres offered. Nobody is shown them with the state.
    #[serde(skip)]
    pub(super) arrivals: BTreeMap<ArrivalId, bool>,
    pub(super) ties: Vec<Tied>,
    /// Whose conflicts of interest should end, and who proposed that.
    pub(super) conflict_ends: BTreeMap<ActorId, ActorId>,
    pub(super) life: Life,
    pub(super) hold: HoldStands,
    /// Whoever has lifted a hold; none: nobody knows who.
    pub(super) lifted_by: Vec<Option<ActorId>>,
    /// Who holds it back now.
    pub(super) held_by: Vec<ActorId>,
    pub(super) erasures: BTreeMap<ErasureId, KnownErasure>,
    pub(super) erased: Forgotten,
    /// Whether a code word was agreed, as far as events tell.
    #[serde(skip)]
    pub(super) word: Word,
    /// What access follows from.
    #[serde(skip)]
    pub(super) relation: Relation,
    /// Whether anything was said of it.
    #[serde(skip)]
    pub(super) known_here: bool,
}

/// Whether she was registered here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Registered {
    #[default]
    Unlogged,
    Logged,
}

/// Whether she lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Life {
    #[default]
    Living,
    Died,
}

/// Whether something of hers must be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HoldStands {
    #[default]
    Free,
    Held,
}

/// Whether she has a code word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Word {
    #[default]
    Unknown,
    Agreed,
}

/// Whether she herself was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Forgotten {
    #[default]
    Known,
    Erased,
}

/// A child of hers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct KnownChild {
    alias: Option<OfChild<Personal<Alias>>>,
    unborn: Option<OfChild<Personal<bool>>>,
    at_centre: Option<OfChild<Personal<bool>>>,
    /// It came along from another centre, where it was registered first.
    received: bool,
    pub(super) standing: Forgotten,
}

/// A way to reach her.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Contact {
    channel: Option<Identity<Channel>>,
    /// Whether it still lies there only the vault knows, so nobody is shown it with the state.
    #[serde(skip)]
    value: Option<VaultRef>,
    #[serde(skip)]
    code_word: Option<VaultRef>,
    times: Option<Personal<Text<300>>>,
    voicemail: Option<Personal<bool>>,
    confirmed_on: Option<Personal<Day>>,
    /// The latest day on which she confirmed it, be it as it is agreed now or as it was before.
    latest: Option<Personal<Day>>,
    /// The latest day on which it came to be in doubt.
    doubted_on: Option<Personal<Day>>,
    pub(super) standing: Confirmation,
}

/// Whether a way to reach her is safe as far as she said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Confirmation {
    #[default]
    Unconfirmed,
    Confirmed,
}

/// A way to reach her that may be used, where the vault still has what was agreed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsableContact<'a> {
    /// Which.
    pub contact: SafeContactId,
    /// How.
    pub channel: Option<&'a Identity<Channel>>,
    /// Where its number or address lies in the vault.
    pub value: Option<VaultRef>,
    /// Where the code word lies in the vault.
    pub code_word: Option<VaultRef>,
    /// When she may be reached.
    pub times: Option<&'a Personal<Text<300>>>,
    /// Whether a message may be left.
    pub voicemail: Option<&'a Personal<bool>>,
    /// The day on which she confirmed it.
    pub confirmed_on: Option<Day>,
}

/// Why a way to reach her may not be used. Codes are published and stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Unusable {
    /// Nobody knows on which day she confirmed it.
    Unconfirmed,
    /// It came to be in doubt since.
    Doubted,
    /// She moved out since.
    MovedOut,
    /// The vault has another value now than the one she agreed to, or none.
    ValueChanged,
    /// Her code word is another one now than the one agreed with it.
    CodeWordChanged,
    /// She died.
    Died,
    /// She was forgotten.
    Erased,
}

/// That the municipality was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Told {
    stay: StayId,
    direction: Direction,
}

/// A stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct KnownStay {
    pub(super) anonymous: Option<bool>,
    /// The days of moving in and out; none where nobody knows, or the other end alone was recorded.
    pub(super) began: Option<Personal<Day>>,
    pub(super) left: Option<Personal<Day>>,
    pub(super) standing: StayStands,
}

/// How a stay stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StayStands {
    #[default]
    Live,
    /// She went on to another centre.
    Left,
    /// She moved out.
    Ended { moved_to: Option<Personal<MovedTo>> },
}

/// Somebody who is tied to her.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Tied {
    pub(super) worker: Personal<ActorId>,
    pub(super) role: Tie,
    pub(super) until: Option<Personal<Day>>,
}

/// What became of a request to be forgotten.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct KnownErasure {
    pub(super) child: Option<ChildId>,
    pub(super) asked_by: Option<ActorId>,
    asked_on: Option<Day>,
    pub(super) not_before: Option<Day>,
    /// Who was her contact person when it was asked for, and has become it since.
    #[serde(skip)]
    contact_persons: Vec<Tied>,
    pub(super) standing: ErasureStands,
}

/// How a request to be forgotten stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ErasureStands {
    Waiting,
    Cancelled,
    Done,
}

impl Contact {
    /// Logged late, it is of the time before another agreement, the doubt or the move; and what nobody knows the day of is not confirmed.
    fn agree(&mut self, agreed: &SafeContact, left_on: Option<Day>) {
        let confirmed = known(agreed.confirmed_on.as_ref());
        if confirmed.zip(known(self.latest.as_ref())).is_some_and(|(on, latest)| on < latest) {
            return;
        }
        let (doubted_on, latest) = (self.doubted_on.take(), self.latest.take());
        let after = |day: Option<Day>| confirmed.is_some_and(|on| day.is_none_or(|day| on >= day));
        let still = after(known(doubted_on.as_ref())) && after(left_on);
        *self = Self {
            channel: Some(agreed.channel.clone()),
            value: agreed.value,
            code_word: agreed.code_word,
            times: agreed.times.clone(),
            voicemail: agreed.voicemail.clone(),
            confirmed_on: agreed.confirmed_on.clone(),
            latest: confirmed.map_or(latest, |_| agreed.confirmed_on.clone()),
            doubted_on,
            standing: if still { Confirmation::Confirmed } else { Confirmation::Unconfirmed },
        };
    }

    fn doubt(&mut self, unconfirmed: &Unconfirmed) {
        self.standing = Confirmation::Unconfirmed;
        if known(unconfirmed.day.as_ref()) > known(self.doubted_on.as_ref()) {
            self.doubted_on.clone_from(&unconfirmed.day);
        }
    }

    /// She moved out: what she confirmed before is not confirmed any more.
    fn leave(&mut self, left_on: Option<Day>) {
        if known(self.confirmed_on.as_ref()) < left_on {
            self.standing = Confirmation::Unconfirmed;
        }
    }

    /// Why it may not be used on a day, as far as she said.
    fn unusable(&self, today: Date, left_on: Option<Day>) -> Option<Unusable> {
        let (confirmed, doubted) = (known(self.confirmed_on.as_ref()), known(self.doubted_on.as_ref()));
        match confirmed {
            Some(on) if self.standing == Confirmation::Confirmed && on.date() <= today => None,
            // Her move puts in doubt whatever was confirmed before.
            Some(on) if left_on.is_some_and(|left| on <= left) && doubted <= left_on => Some(Unusable::MovedOut),
            _ if doubted.is_some() => Some(Unusable::Doubted),
            _ => Some(Unusable::Unconfirmed),
        }
    }

    /// Whether it is in doubt from this day on already. What is only unconfirmed may still be confirmed by what is logged late.
    pub(super) fn is_doubted(&self, day: Option<&Personal<Day>>) -> bool {
        self.standing == Confirmation::Unconfirmed && known(day) <= known(self.doubted_on.as_ref())
    }
}

impl Tied {
    fn is(&self, worker: &ActorId) -> bool {
        self.worker.open() == Some(worker)
    }
}

impl Woman {
    /// What she is called by whoever helps her. Nothing once she was forgotten.
    #[must_use]
    pub fn alias(&self) -> Option<&Alias> {
        self.alias.as_ref().filter(|_| self.erased == Forgotten::Known).and_then(Personal::open)
    }

    /// What she is called, and was called before.
    pub(super) fn aliases(&self) -> impl Iterator<Item = &Alias> {
        self.earlier_aliases.iter().chain(&self.alias).filter_map(Personal::open)
    }

    /// She is called so from now on.
    fn call(&mut self, alias: Option<&Personal<Alias>>) {
        if let Some(alias) = alias {
            self.earlier_aliases.extend(self.alias.replace(alias.clone()));
        }
    }

    /// The ways to reach her that may be used on a day: confirmed by then, as last agreed, not in doubt since. None of hers once she is
    /// dead or forgotten.
    pub fn contacts(&self, today: Date) -> impl Iterator<Item = UsableContact<'_>> {
        self.all_contacts(today).filter_map(|(contact, why)| why.is_none().then_some(contact))
    }

    /// All that were ever agreed, and why one may not be used on a day, where it may not.
    pub fn all_contacts(&self, today: Date) -> impl Iterator<Item = (UsableContact<'_>, Option<Unusable>)> {
        self.contacts.iter().map(move |(id, contact)| {
            let as_agreed = UsableContact {
                contact: *id,
                channel: contact.channel.as_ref(),
                value: contact.value,
                code_word: contact.code_word,
                times: contact.times.as_ref(),
                voicemail: contact.voicemail.as_ref(),
                confirmed_on: known(contact.confirmed_on.as_ref()),
            };
            let gone = match (self.erased, self.life) {
                (Forgotten::Erased, _) => Some(Unusable::Erased),
                (_, Life::Died) => Some(Unusable::Died),
                _ => None,
            };
            (as_agreed, gone.or_else(|| contact.unusable(today, known(self.left_on.as_ref()))))
        })
    }

    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        if let Some(sign) = sign(event) {
            self.relation.take(&sign);
            self.known_here = true;
        }
        match event {
            Event::WomanRegistered(registration) => {
                self.registration = Registered::Logged;
                self.call(registration.alias.as_ref());
            }
            Event::AliasChanged(new) => self.call(Some(&new.alias)),
            Event::ChildRegistered(child) => self.children.entry(child.child).or_default().register(child),
            Event::SafeContactAgreed(agreed) => {
                let left_on = known(self.left_on.as_ref());
                self.contacts.entry(agreed.contact).or_default().agree(agreed, left_on);
            }
            Event::SafeContactUnconfirmed(doubt) => self.contacts.entry(doubt.contact).or_default().doubt(doubt),
            Event::StayStarted(stay) => {
                self.latest_stay = Some(stay.stay);
                let known = self.stays.entry(stay.stay).or_default();
                (known.anonymous, known.began) = (stay.anonymous, stay.day.clone());
            }
            Event::CentreRelocated(_) => self.leave(),
            Event::RelocationOffered(offer) => self.offer(offer),
            Event::RelocationOfferWithdrawn(offer) => self.outcome(offer.arrival, OfferStands::Withdrawn),
            Event::RelocationAccepted(offer) => self.outcome(offer.arrival, OfferStands::Accepted),
            Event::RelocationDeclined(offer) => self.outcome(offer.arrival, OfferStands::Declined),
            Event::RelocationUnanswered(offer) => self.report(offer.arrival),
            Event::ArrivalOffered(offer) => drop(self.arrivals.entry(offer.arrival).or_insert(true)),
            Event::ArrivalOfferEnded(offer) => drop(self.arrivals.insert(offer.arrival, false)),
            Event::StayEnded(departure) => {
                self.latest_stay = Some(departure.stay);
                self.move_out(departure);
                let stay = self.stays.entry(departure.stay).or_default();
                // The first ending stays: rules refuse a second, and what is stored is folded whatever it is.
                if !matches!(stay.standing, StayStands::Ended { .. }) {
                    stay.standing = StayStands::Ended { moved_to: departure.moved_to.clone() };
                    stay.left.clone_from(&departure.day);
                }
            }
            Event::WorkerAssigned(assignment) => self.tie(assignment),
            Event::WorkerReleased(release) => {
                let worker = release.worker.open();
                self.ties.retain(|tied| worker.is_none_or(|worker| !tied.is(worker)));
            }
            Event::ErasureRequested(request) => self.ask(request),
            Event::ErasureCancelled(cancellation) => self.settle(cancellation.erasure, None, ErasureStands::Cancelled),
            Event::ErasureHeld(hold) => {
                self.hold = HoldStands::Held;
                self.held_by.extend(hold.held_by.clone());
            }
            Event::ErasureHoldLifted(lifted) => {
                self.hold = HoldStands::Free;
                self.held_by.clear();
                self.lifted_by.push(lifted.lifted_by.clone());
            }
            Event::PersonErased(erasure) => {
                self.settle(erasure.erasure, erasure.child, ErasureStands::Done);
                match erasure.child {
                    Some(child) => self.children.entry(child).or_default().standing = Forgotten::Erased,
                    None => self.erased = Forgotten::Erased,
                }
            }
            Event::PersonDied(_) => self.life = Life::Died,
            Event::RelocationReceived(arrival) => {
                self.arrivals.insert(arrival.arrival, false);
                for child in arrival.children.iter().flatten() {
                    self.children.entry(*child).or_insert_with(|| KnownChild { received: true, ..Default::default() });
                }
            }
            Event::MunicipalityInformed(notice) => {
                self.notices.extend(notice.stay.map(|stay| Told { stay, direction: notice.direction }));
            }
            Event::ConflictOfInterestEndProposed(proposal) => {
                self.conflict_ends.extend(proposal.proposed_by.clone().map(|by| (proposal.who.clone(), by)));
            }
            // Recorded again, its end is to be proposed again.
            Event::ConflictOfInterestRecorded(Conflict { who, .. })
            | Event::ConflictOfInterestEnded(ConflictEnd { who, .. }) => drop(self.conflict_ends.remove(who)),
            Event::VaultValueChanged(change) if change.slot == Protected::CodeWord && change.child.is_none() => {
                self.word = Word::Agreed;
            }
            Event::VaultValueChanged(_)
            | Event::CodeWordLockedOut(_)
            | Event::CodeWordUnlocked(_)
            | Event::RelocationWithdrawn(_)
            | Event::DisclosureCompelled(_)
            | Event::AccessRequestReceived(_)
            | Event::IdentityLearned(_) => {}
        }
    }

    fn leave(&mut self) {
        for stay in self.stays.values_mut().filter(|stay| stay.standing == StayStands::Live) {
            stay.standing = StayStands::Left;
        }
    }

    /// The day counts, and not when it was logged.
    fn move_out(&mut self, departure: &Departure) {
        if known(departure.day.as_ref()) > known(self.left_on.as_ref()) {
            self.left_on.clone_from(&departure.day);
        }
        let left_on = known(self.left_on.as_ref());
        self.contacts.values_mut().for_each(|contact| contact.leave(left_on));
    }

    /// Whether the municipality was told of a stay, be it before.
    pub(super) fn told(&self, stay: StayId, direction: Direction) -> bool {
        self.notices.contains(&Told { stay, direction })
    }

    /// Somebody is one thing to her at a time.
    fn tie(&mut self, assignment: &Assignment) {
        let Assignment { worker, role, until } = assignment.clone();
        self.ties.retain(|tied| worker.open().is_none_or(|worker| !tied.is(worker)));
        let tied = Tied { worker, role, until };
        if role == Tie::ContactPerson {
            self.erasures.values_mut().for_each(|known| known.contact_persons.push(tied.clone()));
        }
        self.ties.push(tied);
    }

    /// A request that was cancelled before it was logged stays so.
    fn ask(&mut self, request: &ErasureRequest) {
        let standing = self.erasures.get(&request.erasure).map_or(ErasureStands::Waiting, |known| known.standing);
        let contact_persons = self.ties.iter().filter(|tied| tied.role == Tie::ContactPerson).cloned().collect();
        let ErasureRequest { child, asked_by, asked_on, not_before, .. } = request.clone();
        let known = KnownErasure { child, asked_by, asked_on, not_before, contact_persons, standing };
        self.erasures.insert(request.erasure, known);
    }

    /// The first outcome of a request stays.
    fn settle(&mut self, erasure: ErasureId, child: Option<ChildId>, standing: ErasureStands) {
        let known = self.erasures.entry(erasure).or_insert_with(|| KnownErasure::unlogged(child, standing));
        if known.standing == ErasureStands::Waiting {
            known.standing = standing;
        }
    }

    /// The stays that go on.
    pub(super) fn live_stays(&self) -> impl Iterator<Item = StayId> {
        self.stays.iter().filter(|(_, stay)| stay.standing == StayStands::Live).map(|(id, _)| *id)
    }

    /// The tie of somebody, where there is one.
    pub(super) fn tie_of(&self, worker: &ActorId) -> Option<&Tied> {
        self.ties.iter().find(|tied| tied.is(worker))
    }

    /// Her contact persons on a day, but for whoever must see nothing of her.
    pub(super) fn contact_persons(&self, today: Date) -> impl Iterator<Item = &ActorId> {
        let workers = self.ties.iter().filter_map(|tied| tied.worker.open());
        workers.filter(move |worker| {
            self.relation.is_contact_person(worker, today) && !self.relation.conflicts_with(worker)
        })
    }

    /// A request about her (`None`) or a child that waits for its answer.
    pub(super) fn waiting(&self, child: Option<ChildId>) -> Option<ErasureId> {
        let waits = |known: &KnownErasure| known.standing == ErasureStands::Waiting && known.child == child;
        self.erasures.iter().find(|(_, known)| waits(known)).map(|(id, _)| *id)
    }
}

impl KnownErasure {
    fn unlogged(child: Option<ChildId>, standing: ErasureStands) -> Self {
        Self { child, asked_by: None, asked_on: None, not_before: None, contact_persons: Vec::new(), standing }
    }

    /// Whether somebody was her contact person at any time since it was asked for.
    pub(super) fn since_had_as_contact_person(&self, actor: &ActorId) -> bool {
        let since = |tied: &Tied| match (known(tied.until.as_ref()), self.asked_on) {
            (Some(until), Some(asked_on)) => until >= asked_on,
            _ => true,
        };
        self.contact_persons.iter().any(|tied| tied.is(actor) && since(tied))
    }
}

impl KnownChild {
    /// Whether it was registered here first.
    pub(super) fn is_own(&self) -> bool {
        !self.received
    }

    fn register(&mut self, child: &Child) {
        self.alias.clone_from(&child.alias);
        self.unborn.clone_from(&child.unborn);
        self.at_centre.clone_from(&child.at_centre);
    }
}

/// What access follows from, as [`kit::relation::Foreign::sign`] tells it to everybody else. When it was recorded, they alone are told.
pub(super) fn sign(event: &Event) -> Option<Sign> {
    Some(match event {
        Event::WomanRegistered(_) => Sign::Known(None),
        Event::RelocationReceived(arrival) => Sign::Received(Received {
            arrival: arrival.arrival,
            from: arrival.from,
            along: arrival.along,
            until: arrival.until,
            conflicts: arrival.conflicts.clone().unwrap_or_default(),
            recorded: None,
        }),
        Event::RelocationWithdrawn(withdrawal) => Sign::Withdrawn(withdrawal.arrival),
        Event::StayStarted(stay) => Sign::Began(stay.stay),
        Event::StayEnded(departure) => Sign::Ended(departure.stay),
        Event::CentreRelocated(_) => Sign::Left,
        Event::WorkerAssigned(assignment) => Sign::Tied {
            worker: assignment.worker.open()?.clone(),
            role: assignment.role,
            until: known(assignment.until.as_ref()),
        },
        Event::WorkerReleased(release) => Sign::Untied(release.worker.open()?.clone()),
        Event::ConflictOfInterestRecorded(conflict) => Sign::Conflict(conflict.who.clone()),
        Event::ConflictOfInterestEnded(end) => Sign::ConflictOver(end.who.clone()),
        // A child's keys may go while she lives here.
        Event::PersonErased(erasure) if erasure.child.is_none() => Sign::Erased,
        _ => return None,
    })
}
