//! What is refused, and what is likely next.
//!
//! Refused is a second outcome (two live stays, another end of one, a registration beside the one there is), days that contradict each
//! other or are still to come, what only a rule may record, somebody with a conflict of interest, a CPR number in an anonymous letter, and
//! an erasure that is not due or is held back. Everything else stands. Deliberately absent: names in an anonymous letter. They are sealed
//! from rules, so whoever writes it sees to it that it has none.

use super::{
    alias,
    choices::{ConflictKind, Recognition},
    command::{Command, Event},
    event::{
        AccessRequestId, Child, Departure, DisclosureId, ErasureId, LearntIdentity, SafeContactId, Stay, Unconfirmed,
    },
    follow_ups::{self, ERASURE_WAIT, FollowUp},
    relocation::{ANSWER, OfferStands, by_handover, towards},
    state::{Confirmation, ErasureStands, Forgotten, HoldStands, Life, Registered, StayStands, Woman},
    vault,
    warnings::Warning,
};
use kit::{
    ChildId, Context, Day, Decider, Decision, Facets, OfChild, Personal,
    access::{Right, Role},
    decider::{Amendable, Begins, Commands, suggested},
    directory::Named,
    normal,
    relation::{Along, ArrivalId, Relation, StayId},
    sealed::{Sealed, known},
    when::DueBy,
};
use std::collections::BTreeSet;

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// She is registered here: what is wrong is corrected.
    #[error("she is registered already")]
    RegisteredAlready,
    /// Another woman at the centre is called so.
    #[error("the alias is another woman's")]
    AliasTaken,
    /// A correction would leave her without an alias.
    #[error("she has an alias, and keeps it or gets another")]
    AliasMissing,
    /// A stay of hers goes on.
    #[error("a stay goes on already")]
    LiveStay,
    /// It has another outcome already.
    #[error("there is another outcome already")]
    SecondOutcome,
    /// A stay ends before it begins.
    #[error("the day she moved out is before the day she moved in")]
    LeftBeforeArrival,
    /// A day on which something happened is still to come.
    #[error("what is recorded has not happened yet")]
    InTheFuture,
    /// A tie would end before it begins.
    #[error("the last day is before the first")]
    UntilBeforeFrom,
    /// A letter that says who she is, marked as one that does not.
    #[error("an anonymous letter has a CPR number in it")]
    IdentityInAnonymousLetter,
    /// A move is offered to a centre already: it is withdrawn first.
    #[error("a move is offered already")]
    OfferedAlready,
    /// No such move was offered.
    #[error("no such move was offered")]
    NotOffered,
    /// Nobody at the other centre has accepted.
    #[error("nobody there has accepted")]
    NotAccepted,
    /// She would move from a centre to the same one.
    #[error("it is the same centre")]
    SameCentre,
    /// Somebody must not come near what is hers.
    #[error("there is a conflict of interest")]
    ConflictOfInterest,
    /// Nobody else answers for the house: another one is named first.
    #[error("nobody else answers for the house")]
    LastWhoAnswers,
    /// There is none that could end.
    #[error("no such conflict of interest is recorded")]
    NoSuchConflict,
    /// A leader proposes it first.
    #[error("its end was not proposed")]
    EndNotProposed,
    /// Who proposed it does not confirm it.
    #[error("whoever proposed it does not confirm it")]
    OwnProposal,
    /// Nobody asked for it.
    #[error("no such erasure was requested")]
    ErasureNotRequested,
    /// Another person's was asked for.
    #[error("the erasure of somebody else was requested")]
    ErasureOfAnother,
    /// Not a child of hers, as far as is known here.
    #[error("no such child of hers is registered here")]
    ChildUnknown,
    /// Her keys are those of the centre where she is now.
    #[error("she went on to another centre, and asks there")]
    Relocated,
    /// Who held it back does not lift that.
    #[error("whoever held it back does not lift that")]
    HeldItBack,
    /// Who took the request does not approve it.
    #[error("whoever took the request does not approve it")]
    OwnRequest,
    /// Nor does her contact person.
    #[error("her contact person does not approve it")]
    ByHerContactPerson,
    /// Nor does whoever lifted a hold.
    #[error("whoever lifted a hold does not approve it")]
    LiftedTheHold,
    /// The wait is not over.
    #[error("the wait is not over")]
    TooEarly,
    /// The data-protection officer holds it back.
    #[error("the erasure is held back")]
    ErasureIsHeld,
    /// An alarm is out or an order in force, or that is not known.
    #[error("an alarm or an order still protects her, or that is not known yet")]
    ProtectionOut,
    /// Something was given out, and she was not told.
    #[error("she has not been told of a disclosure")]
    DisclosureUntold,
    /// Another code word, and nobody says how she was recognised.
    #[error("it is not said how she was recognised")]
    RecognitionMissing,
    /// Whoever says that she was recognised by her code word has not just checked it.
    #[error("whoever says so has not checked her code word within ten minutes")]
    NotRecognised,
}

impl Decider for Woman {
    const TYPE: &'static str = "woman";
    const PLURAL: &'static str = "women";
    const BEGINS: Begins = Begins::WithAWoman("register-woman");
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, mut command: Command, context: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        if matches!(command, Command::RegisterWoman(_)) && self.registration == Registered::Logged {
            return Err(Rejection::RegisteredAlready);
        }
        if context.corrects && matches!(&command, Command::RegisterWoman(registration) if registration.alias.is_none())
        {
            return Err(Rejection::AliasMissing);
        }
        self.complete(&mut command, context);
        self.is_recognised(&command, context)?;
        if self.is_so(&command, context)? {
            return Ok(Decision::already());
        }
        let warnings = self.warnings(&command, context);
        // Whoever moves may have lost the phone, or not be alone with it.
        let doubts = if matches!(command, Command::EndStay(_)) { self.doubts(context) } else { Vec::new() };
        let moved =
            if let Command::AcceptRelocation(accepted) = &command { Some(self.moved(accepted, context)) } else { None };
        let mut decision = Decision { warnings, ..Decision::event(command.record()) };
        decision.events.extend(doubts.into_iter().chain(moved));
        Ok(decision)
    }

    fn right(&self, command: &Command, context: &Context<'_>) -> Right {
        match command {
            _ if self.is_about_oneself(command, context) => Right::Record,
            // Where she went is shown again where she lives again.
            Command::StartStay(_) if self.relation.is_elsewhere() => Right::Close,
            _ => command.right(),
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.take(event);
    }

    fn actions(&self, context: &Context<'_>) -> Vec<&'static str> {
        let here = self.life == Life::Living && self.erased == Forgotten::Known;
        let lives_here = self.live_stays().next().is_some();
        let approvable = |(id, known): (&ErasureId, &super::state::KnownErasure)| {
            let erasure = super::event::Erasure { erasure: *id, child: known.child };
            context.right >= Right::Leader && self.erases(&erasure, context) == Ok(false)
        };
        let waits = self.erasures.values().any(|known| known.standing == ErasureStands::Waiting);
        let confirmed = self.contacts(context.today).next().is_some();
        let tied = self.has_contact_person(context);
        let untold = context.open.keys().any(|key| follow_ups::tells_municipality(key));
        let likely = [
            (self.erasures.iter().any(approvable), "approve-erasure"),
            (here && self.registration == Registered::Unlogged, "register-woman"),
            (here && !lives_here && (!self.relation.is_elsewhere() || context.right >= Right::Close), "start-stay"),
            (here && untold, "inform-municipality"),
            (here && !confirmed && context.right >= Right::Close, "agree-safe-contact"),
            (here && !tied && context.role != Role::Temp, "assign-worker"),
            (waits && context.right >= Right::Close, "cancel-erasure"),
            (here && lives_here, "end-stay"),
            (here, "register-child"),
        ];
        suggested(likely)
    }

    fn facets(&self, event: &Event, context: &Context<'_>) -> Facets {
        follow_ups::facets(self, event, context)
    }

    /// No two women at a centre have the same alias, be it one of before, or the same child. One that came along is claimed where it came
    /// from.
    fn claims(&self) -> BTreeSet<String> {
        let children = self.children.iter().filter(|(_, child)| child.is_own()).map(|(id, _)| format!("child/{id}"));
        self.aliases().flat_map(alias::claims).chain(children).collect()
    }

    fn claimed(claim: &str) -> Option<Rejection> {
        alias::is_claim(claim).then_some(Rejection::AliasTaken)
    }

    fn sound(&self) -> Result<(), Rejection> {
        if self.live_stays().count() > 1 { Err(Rejection::LiveStay) } else { Ok(()) }
    }

    /// What a rule recorded is not rewritten by a person, nor is who took a request or lifted a hold; a hold is lifted, and by somebody;
    /// keys that are gone do not come back; and who must see nothing of her does not say so themselves, nor any colleague of theirs.
    fn amendable(event: &Event) -> Amendable {
        match event {
            // Corrected, she would be moved to where nobody accepted her.
            Event::CentreRelocated(_) | Event::ErasureRequested(_) | Event::ErasureHoldLifted(_) => {
                Amendable::TakenBackOnly
            }
            // Each answers another, at another centre too.
            Event::RelocationOffered(_)
            | Event::RelocationOfferWithdrawn(_)
            | Event::RelocationAccepted(_)
            | Event::RelocationDeclined(_)
            | Event::RelocationUnanswered(_)
            | Event::ArrivalOffered(_)
            | Event::ArrivalOfferEnded(_)
            // Taken back, a coming would take conflicts with it, and a withdrawal would show again what is not this centre's.
            | Event::RelocationReceived(_)
            | Event::RelocationWithdrawn(_)
            | Event::ConflictOfInterestRecorded(_)
            | Event::ConflictOfInterestEndProposed(_)
            | Event::ConflictOfInterestEnded(_)
            | Event::PersonErased(_)
            | Event::ErasureHeld(_)
            // The vault has what they tell of, and it stays.
            | Event::VaultValueChanged(_)
            | Event::CodeWordLockedOut(_)
            | Event::CodeWordUnlocked(_) => Amendable::Never,
            _ => Amendable::Always,
        }
    }

    fn asks_who_answers(command: &Command) -> bool {
        matches!(command, Command::RecordConflictOfInterest(_))
    }

    fn by_code_word(command: &Command) -> bool {
        vault::recognised(command) == Some(Recognition::CodeWord)
    }

    /// Nobody is tied to her whom the directory does not hold, and she moves to no centre that is not there. A conflict of interest is
    /// recorded whoever it is about.
    fn names(command: &Command) -> Vec<Named> {
        let named = match command {
            Command::AssignWorker(assignment) => assignment.worker.open().cloned().map(Named::Worker),
            Command::OfferRelocation(offer) => offer.to.open().copied().map(Named::Centre),
            Command::RecordConflictOfInterest(conflict) if conflict.kind.open() == Some(&ConflictKind::Worker) => {
                Some(Named::Anybody(conflict.who.clone()))
            }
            _ => None,
        };
        named.into_iter().collect()
    }

    fn irrevocable(command: &Command) -> bool {
        matches!(command, Command::ApproveErasure(_))
    }

    fn deadlines() -> &'static [&'static str] {
        follow_ups::DEADLINES
    }

    fn relation(&self) -> Option<Relation> {
        self.tells()
    }
}

impl Woman {
    /// The ways to reach her that are in doubt from the day she moves.
    fn doubts(&self, context: &Context<'_>) -> Vec<Event> {
        // Nobody is to reach her any more.
        let lives = self.life != Life::Died;
        let confirmed =
            self.contacts.iter().filter(|(_, contact)| lives && contact.standing == Confirmation::Confirmed);
        let doubt = |contact: &SafeContactId| {
            Event::SafeContactUnconfirmed(Unconfirmed {
                contact: *contact,
                reason: None,
                day: Some(doubted_on(None, context)),
            })
        };
        confirmed.map(|(contact, _)| doubt(contact)).collect()
    }

    /// Adds what the service itself knows: ids, the alias, days, who took a request. To a correction it adds what follows from other facts,
    /// and no default.
    fn complete(&self, command: &mut Command, context: &Context<'_>) {
        let new = context.new_id(0);
        let day = || context.day().filter(|_| !context.corrects).map(|day| Personal::new(day.into()));
        match command {
            Command::RegisterWoman(registration) => {
                if registration.alias.is_none() && !context.corrects {
                    let made = alias::made(&context.secret, context.aggregate, context.choice);
                    registration.alias = made.map(Personal::new);
                }
                if !context.corrects {
                    registration.slot = None;
                }
            }
            Command::RegisterChild(child) => {
                if child.child.is_nil() {
                    child.child = ChildId(new);
                }
                own(child);
            }
            Command::AgreeSafeContact(agreed) => {
                if agreed.contact.is_nil() {
                    agreed.contact = SafeContactId(new);
                }
                agreed.confirmed_on = agreed.confirmed_on.take().or_else(day);
            }
            Command::UnconfirmSafeContact(doubt) => doubt.day = Some(doubted_on(doubt.day.take(), context)),
            Command::StartStay(stay) => {
                if stay.stay.is_nil() {
                    stay.stay = StayId(new);
                }
                stay.decided_on = stay.decided_on.take().or_else(day);
                let corrected = stay.day.take().filter(|_| context.corrects);
                stay.day = context.day().map(|day| Personal::new(day.into())).or(corrected);
            }
            Command::EndStay(departure) => {
                if departure.stay.is_nil() {
                    // Said again after it was said, it is the same end.
                    let ended = |stay: &StayId| {
                        matches!(self.stays.get(stay).map(|stay| &stay.standing), Some(StayStands::Ended { .. }))
                    };
                    let ended = self.latest_stay.filter(ended);
                    departure.stay = self.live_stays().next().or(ended).unwrap_or(StayId(new));
                }
                departure.day = Some(doubted_on(departure.day.take(), context));
            }
            Command::InformMunicipality(notice) if !context.corrects => {
                notice.stay = notice.stay.or_else(|| self.live_stays().next()).or(self.latest_stay);
            }
            Command::OfferRelocation(offer) => {
                // Made of her aggregate: whoever chose one could give two women the same.
                offer.arrival = ArrivalId(new);
                offer.along.get_or_insert(Along::OpenTasksAndSafety);
                offer.day = offer.day.take().or_else(|| Some(Personal::new(context.today.into())));
                offer.alias = self.alias().cloned().map(Personal::new);
                let due = context.deadlines.due(ANSWER, context.today);
                offer.answer_by = due.map(|due| Personal::new(due.date.into()));
                offer.towards = offer.to.open().map(|to| Personal::new(towards(*to, context)));
            }
            Command::RelocateToCentre(relocation) => self.leaves_with(relocation, context),
            Command::RecordCompelledDisclosure(disclosure) if disclosure.disclosure.is_nil() => {
                disclosure.disclosure = DisclosureId(new);
            }
            Command::ReceiveAccessRequest(request) if request.request.is_nil() => {
                request.request = AccessRequestId(new);
            }
            Command::RequestErasure(request) => {
                if request.erasure.is_nil() {
                    request.erasure = self.waiting(request.child).unwrap_or(ErasureId(new));
                }
                request.asked_by = Some(context.actor.clone());
                request.asked_on = Some(context.today.into());
                // From the day it is recorded: a wait that is dated back is none.
                let due = context.deadlines.due(ERASURE_WAIT, context.today);
                request.not_before = due.map(|due| due.date.into());
            }
            Command::ProposeConflictEnd(proposal) => proposal.proposed_by = Some(context.actor.clone()),
            Command::EndConflictOfInterest(end) => {
                end.proposed_by = self.proposer(&end.who).cloned();
                end.confirmed_by = Some(context.actor.clone());
            }
            Command::HoldErasure(hold) => hold.held_by = Some(context.actor.clone()),
            Command::LiftErasureHold(lifted) => lifted.lifted_by = Some(context.actor.clone()),
            Command::ApproveErasure(erasure) if erasure.child.is_none() => {
                erasure.child = self.erasures.get(&erasure.erasure).and_then(|known| known.child);
            }
            _ => {}
        }
    }

    /// Refuses what cannot be, and tells whether it is so already.
    fn is_so(&self, command: &Command, context: &Context<'_>) -> Result<bool, Rejection> {
        let to_come = |day: Option<&Personal<Day>>| known(day).is_some_and(|day| context.to_come(DueBy::On(day)));
        let refused = |applies: bool, why: Rejection| if applies { Err(why) } else { Ok(false) };
        match command {
            Command::RegisterChild(child) => {
                let unborn = child.unborn.as_ref().is_some_and(|unborn| unborn.value.open() == Some(&true));
                let birth = child.birth_date.as_ref().and_then(|birth| birth.value.open().copied());
                let to_come = birth.is_some_and(|birth| context.to_come(DueBy::On(birth)));
                refused(!unborn && to_come, Rejection::InTheFuture)
            }
            Command::AgreeSafeContact(agreed) => refused(to_come(agreed.confirmed_on.as_ref()), Rejection::InTheFuture),
            Command::UnconfirmSafeContact(doubt) => {
                let doubted =
                    self.contacts.get(&doubt.contact).is_some_and(|known| known.is_doubted(doubt.day.as_ref()));
                Ok(doubted && doubt.reason.is_none())
            }
            Command::StartStay(stay) => {
                refused(to_come(stay.decided_on.as_ref()), Rejection::InTheFuture)?;
                let left = self.stays.get(&stay.stay).and_then(|stay| known(stay.left.as_ref()));
                let before = |left: &Day| known(stay.day.as_ref()).is_some_and(|day| *left < day);
                refused(left.as_ref().is_some_and(before), Rejection::LeftBeforeArrival)?;
                refused(self.is_second(stay), Rejection::LiveStay)
            }
            Command::EndStay(departure) => {
                let began = self.stays.get(&departure.stay).and_then(|stay| known(stay.began.as_ref()));
                let before = |began: &Day| known(departure.day.as_ref()).is_some_and(|day| day < *began);
                if self.ended(departure)? {
                    return Ok(true);
                }
                refused(began.as_ref().is_some_and(before), Rejection::LeftBeforeArrival)
            }
            Command::InformMunicipality(notice) => {
                let letter = notice.letter.as_ref().and_then(Sealed::open);
                let names = letter.is_some_and(|letter| normal::has_cpr(letter.as_str()));
                refused(notice.anonymous == Some(true) && names, Rejection::IdentityInAnonymousLetter)
            }
            Command::OfferRelocation(offer) => self.offers(offer, context),
            Command::WithdrawRelocationOffer(offer) => self.answered(offer.arrival, OfferStands::Withdrawn),
            Command::AcceptRelocation(acceptance) => self.accepts(acceptance, context),
            Command::DeclineRelocation(offer) => self.answered(offer.arrival, OfferStands::Declined),
            Command::ReportUnansweredRelocation(offer) => Ok(self.reported(offer.arrival)),
            Command::OfferArrival(offer) => {
                refused(offer.from == context.centre, Rejection::SameCentre)?;
                Ok(self.arrivals.contains_key(&offer.arrival))
            }
            Command::EndArrivalOffer(offer) => Ok(self.arrivals.get(&offer.arrival) != Some(&true)),
            Command::RelocateToCentre(relocation) => by_handover(relocation.to.open(), context),
            Command::ReceiveRelocation(arrival) => refused(arrival.from == context.centre, Rejection::SameCentre),
            Command::WithdrawRelocation(withdrawal) => {
                Ok(self.relation.received().iter().all(|received| received.arrival != withdrawal.arrival))
            }
            Command::AssignWorker(assignment) => {
                let conflict = assignment.worker.open().is_some_and(|worker| self.relation.conflicts_with(worker));
                refused(conflict, Rejection::ConflictOfInterest)?;
                let days = known(assignment.until.as_ref()).zip(context.day());
                refused(days.is_some_and(|(until, from)| until.date() < from), Rejection::UntilBeforeFrom)?;
                let (role, until) = (assignment.role, &assignment.until);
                let tied = assignment.worker.open().and_then(|worker| self.tie_of(worker));
                Ok(tied.is_some_and(|tied| tied.role == role && tied.until == *until))
            }
            Command::RecordConflictOfInterest(conflict) => self.keeps_away(conflict, context),
            Command::ProposeConflictEnd(proposal) => self.proposes_end(&proposal.who, context),
            Command::EndConflictOfInterest(end) => self.ends_conflict(&end.who, context),
            Command::RequestErasure(request) => self.asks(request),
            Command::CancelErasure(cancellation) => match self.erasures.get(&cancellation.erasure) {
                Some(known) if known.standing == ErasureStands::Done => Err(Rejection::SecondOutcome),
                known => Ok(known.is_some_and(|known| known.standing == ErasureStands::Cancelled)),
            },
            Command::HoldErasure(hold) => Ok(self.hold == HoldStands::Held && hold.reason.is_none()),
            Command::LiftErasureHold(_) if self.hold == HoldStands::Free => Ok(true),
            Command::LiftErasureHold(_) => {
                let own = self.held_by.contains(&context.actor);
                refused(own, Rejection::HeldItBack)
            }
            Command::ApproveErasure(erasure) => self.erases(erasure, context),
            Command::RecordDeath(_) => Ok(self.life == Life::Died),
            // Nothing is said.
            Command::LearnIdentity(learnt) => Ok(*learnt == LearntIdentity::default()),
            Command::ChangeAlias(new) => Ok(!context.corrects && new.alias.open() == self.alias()),
            Command::RegisterWoman(_)
            | Command::ChangeVaultValue(_)
            | Command::LockCodeWord(_)
            | Command::UnlockCodeWord(_)
            | Command::ReleaseWorker(_)
            | Command::RecordCompelledDisclosure(_)
            | Command::ReceiveAccessRequest(_) => Ok(false),
        }
    }

    /// Whether a stay would be a live one beside another, or the same once more. One that is over stays over.
    fn is_second(&self, stay: &Stay) -> bool {
        let over = self.stays.get(&stay.stay).is_some_and(|known| known.standing != StayStands::Live);
        !over && self.live_stays().next().is_some()
    }

    /// Whether a stay ended so; another end refuses. What is unknown or erased contradicts nothing.
    fn ended(&self, departure: &Departure) -> Result<bool, Rejection> {
        let Some(StayStands::Ended { moved_to }) = self.stays.get(&departure.stay).map(|stay| &stay.standing) else {
            return Ok(false);
        };
        let both = known(moved_to.as_ref()).zip(known(departure.moved_to.as_ref()));
        if both.is_none_or(|(then, now)| then == now) { Ok(true) } else { Err(Rejection::SecondOutcome) }
    }
}

/// What is recorded of a child is the child's, whoever a client says it is of.
fn own(child: &mut Child) {
    fn of<S>(child: ChildId, fact: &mut Option<OfChild<S>>) {
        if let Some(fact) = fact {
            fact.child = child;
        }
    }
    let id = child.child;
    of(id, &mut child.alias);
    of(id, &mut child.name);
    of(id, &mut child.cpr);
    of(id, &mut child.birth_date);
    of(id, &mut child.custody);
    of(id, &mut child.whereabouts);
    of(id, &mut child.unborn);
    of(id, &mut child.at_centre);
}

/// The day she left, or from which a contact is in doubt: where it is unknown, the day on which that was recorded.
fn doubted_on(stands: Option<Personal<Day>>, context: &Context<'_>) -> Personal<Day> {
    let unknown = || stands.filter(|_| context.corrects).unwrap_or_else(|| Personal::new(context.today.into()));
    context.day().map_or_else(unknown, |day| Personal::new(day.into()))
}
