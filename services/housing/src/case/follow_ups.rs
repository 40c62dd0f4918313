//! What housing's entries leave open, what they end, and how heavy they are.
//!
//! A follow-up's key names what it is about by opaque id, so that each offer, list and temporary home has its own.

use super::{
    command::Event,
    event::{ListId, OfferId, OfferOutcome, TemporaryHousingId},
    state::{Answer, Home, Housing, OfferState, Stay, Viewing},
};
use kit::{
    Class, Context, Day, Facets,
    facets::{Change, FollowUpChange, Weight},
    sealed::Sealed,
    terms::Application,
};

/// What a follow-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FollowUp {
    /// Pay the yearly fee of a waiting list.
    RenewList,
    /// Ask the municipality how the allocation goes.
    ChaseAllocation,
    /// Find out where she goes when the temporary home ends.
    PlanAfterTemporaryHousing,
    /// Answer an offer.
    AnswerOffer,
    /// See an offered home.
    GoToViewing,
    /// Ask how the deposit loan goes.
    ChaseDepositLoan,
    /// Send the lease after a deposit loan that was applied for without it.
    SendLease,
    /// New locks, and a look at the safety of the home she keeps.
    LocksAndSafetyCheck,
    /// Ask how the moving grant goes.
    ChaseMovingGrant,
    /// Apply for housing benefit.
    ApplyForHousingBenefit,
    /// Ask how the housing benefit goes.
    ChaseHousingBenefit,
    /// Talk to the police before any change of address, where address protection is special.
    TalkToPoliceBeforeAddressChange,
}

/// The configured deadlines that housing's follow-ups go by.
pub(super) const DEADLINES: &[&str] = &[
    LIST_RENEWAL,
    ALLOCATION_CHASE,
    TEMPORARY_HOUSING_END,
    DEPOSIT_LOAN_CHASE,
    LOCKS_AND_SAFETY_CHECK,
    MOVING_GRANT_CHASE,
    BENEFIT_APPLICATION,
    BENEFIT_CHASE,
    POLICE_TALK,
];
const LIST_RENEWAL: &str = "housing_list_renewal";
const ALLOCATION_CHASE: &str = "allocation_chase";
const TEMPORARY_HOUSING_END: &str = "temporary_housing_end";
const DEPOSIT_LOAN_CHASE: &str = "deposit_loan_chase";
const LOCKS_AND_SAFETY_CHECK: &str = "locks_and_safety_check";
const MOVING_GRANT_CHASE: &str = "moving_grant_chase";
const BENEFIT_APPLICATION: &str = "housing_benefit_application";
const BENEFIT_CHASE: &str = "housing_benefit_chase";
const POLICE_TALK: &str = "address_change_police_talk";

const ALLOCATION: &str = "allocation/chase";
const DEPOSIT_LOAN: &str = "deposit-loan/chase";
const DEPOSIT_LOAN_LEASE: &str = "deposit-loan/lease";
const TENANCY: &str = "tenancy/safety";
const MOVING_GRANT: &str = "moving-grant/chase";
const BENEFIT_APPLY: &str = "housing-benefit/apply";
const BENEFIT: &str = "housing-benefit/chase";
const ADDRESS_CHANGE: &str = "address-change/police";

/// The key of an offer's follow-up.
fn answer_key(offer: OfferId) -> String {
    format!("offer/{offer}/answer")
}

/// The offer whose answer a follow-up asks for.
pub(crate) fn offer_of(key: &str) -> Option<OfferId> {
    key.strip_prefix("offer/")?.strip_suffix("/answer")?.parse().ok()
}

fn viewing_key(offer: OfferId) -> String {
    format!("offer/{offer}/viewing")
}

fn list_key(list: ListId) -> String {
    format!("list/{list}/renewal")
}

fn temporary_key(home: TemporaryHousingId) -> String {
    format!("temporary-housing/{home}/end")
}

/// What an event means to readers; `state` is the one after it.
pub(super) fn facets(state: &Housing, event: &Event, context: &Context<'_>) -> Facets {
    let opened = |key: &str, what: FollowUp| FollowUpChange::opened(key, what);
    let by = |key: &str, what: FollowUp, deadline: &str| {
        FollowUpChange::opened(key, what).due_by(context.deadlines, deadline, context.day())
    };
    let closed = |key: &str| FollowUpChange::closed(key);
    let routine = Facets::routine();
    match event {
        Event::HousingListJoined(place) => routine.with(by(&list_key(place.list), FollowUp::RenewList, LIST_RENEWAL)),
        Event::MunicipalAllocationRequested(_) => {
            routine.with(by(ALLOCATION, FollowUp::ChaseAllocation, ALLOCATION_CHASE))
        }
        Event::MunicipalAllocationDecided(_) => Facets::milestone().with(closed(ALLOCATION)),
        Event::TemporaryHousingArranged(home) => {
            let until = home.until.as_ref().and_then(Sealed::open).map(|until| until.date());
            let end = opened(&temporary_key(home.temporary_housing), FollowUp::PlanAfterTemporaryHousing);
            Facets::milestone().with(end.due_by(context.deadlines, TEMPORARY_HOUSING_END, until))
        }
        Event::TemporaryHousingEnded(end) => routine.with(closed(&temporary_key(end.temporary_housing))),
        Event::HousingOfferMade(offer) => awaits(state, offer.offer, Change::Opened),
        Event::OfferAnswerExtended(extension) => awaits(state, extension.offer, Change::Moved),
        Event::HousingOfferAccepted(outcome) => Facets::milestone().with(closed(&answer_key(outcome.offer))),
        Event::HousingOfferDeclined(outcome) => gone(state, outcome, routine),
        // Nobody acted, and a home is lost.
        Event::HousingOfferLapsed(outcome) => gone(state, outcome, Facets::milestone()),
        Event::ViewingArranged(viewing) => {
            let go = opened(&viewing_key(viewing.offer), FollowUp::GoToViewing).of_class(Class::Location);
            routine.with(match viewing.when.as_ref().and_then(Sealed::open) {
                Some(when) => go.due(*when),
                None => go,
            })
        }
        Event::ViewingHeld(viewing) => routine.with(closed(&viewing_key(viewing.offer))),
        Event::DepositLoanApplied(_) => {
            let chased = routine.with(by(DEPOSIT_LOAN, FollowUp::ChaseDepositLoan, DEPOSIT_LOAN_CHASE));
            if state.home == Home::Sought {
                chased.with(opened(DEPOSIT_LOAN_LEASE, FollowUp::SendLease))
            } else {
                chased
            }
        }
        Event::DepositLoanDecided(_) => routine.with(closed(DEPOSIT_LOAN)).with(closed(DEPOSIT_LOAN_LEASE)),
        Event::LeaseSigned(_) if state.deposit_loan == Application::Pending => {
            Facets::milestone().with(closed(DEPOSIT_LOAN_LEASE))
        }
        Event::TenancyKept(_) => {
            Facets::milestone().with(by(TENANCY, FollowUp::LocksAndSafetyCheck, LOCKS_AND_SAFETY_CHECK))
        }
        Event::MovingGrantApplied(_) => routine.with(by(MOVING_GRANT, FollowUp::ChaseMovingGrant, MOVING_GRANT_CHASE)),
        Event::MovingGrantDecided(_) => routine.with(closed(MOVING_GRANT)),
        Event::MovedIn(moved) => moved_in(state, moved.day.as_ref().and_then(Sealed::open), context),
        Event::HousingBenefitApplied(_) => {
            routine.with(closed(BENEFIT_APPLY)).with(by(BENEFIT, FollowUp::ChaseHousingBenefit, BENEFIT_CHASE))
        }
        Event::HousingBenefitGranted(_) => routine.with(closed(BENEFIT_APPLY)).with(closed(BENEFIT)),
        Event::LeaseSigned(_) | Event::HousingCaseClosed(_) => Facets::milestone(),
        Event::HousingNeedAssessed(_) | Event::BelongingsFetched(_) | Event::PetPlaced(_) => routine,
    }
}

/// An offer that is still to be answered asks for it by its last day, wherever that was said.
fn awaits(state: &Housing, id: OfferId, change: Change) -> Facets {
    let Some(offer) = state.offers.get(&id).filter(|offer| offer.answer == Answer::Awaited) else {
        return Facets::routine();
    };
    let key = answer_key(id);
    // An extension of an offer that was never logged has nothing to move.
    let answer = match change {
        Change::Moved if offer.terms.is_some() => FollowUpChange::new(key, Change::Moved),
        _ => FollowUpChange::opened(key, FollowUp::AnswerOffer),
    };
    Facets::routine().with(answer.due_on(offer.last_day().as_ref()))
}

/// An offer that is gone needs neither an answer nor a viewing.
fn gone(state: &Housing, outcome: &OfferOutcome, facets: Facets) -> Facets {
    let facets = facets.with(FollowUpChange::closed(answer_key(outcome.offer)));
    let viewing = state.offers.get(&outcome.offer).is_some_and(has_viewing);
    if viewing { facets.with(FollowUpChange::closed(viewing_key(outcome.offer))) } else { facets }
}

fn has_viewing(offer: &OfferState) -> bool {
    offer.viewing == Viewing::Arranged
}

/// She lives in her own home: the search is over. Offers that await an answer still do, and waiting lists stay hers.
///
/// It is an alert, always: whether her address protection is special is known to safety alone, and an address reported too early
/// cannot be taken back. Where the day is unknown, the talk and the benefit count from today.
fn moved_in(state: &Housing, day: Option<&Day>, context: &Context<'_>) -> Facets {
    // A date that tells the day of the move tells as much as the day does.
    let class = if day.is_some() { Class::Location } else { Class::Personal };
    let day = day.map(|day| day.date()).or(context.day()).or(Some(context.today));
    let by = |key, what, deadline| {
        FollowUpChange::opened(key, what).due_by(context.deadlines, deadline, day).of_class(class)
    };
    let viewings = state.offers.iter().filter(|(_, offer)| has_viewing(offer)).map(|(id, _)| viewing_key(*id));
    let stays = state.temporary.iter().filter(|(_, stay)| **stay == Stay::Arranged);
    let allocation = (state.allocation == Application::Pending).then(|| ALLOCATION.to_owned());
    let moot = viewings.chain(stays.map(|(id, _)| temporary_key(*id))).chain(allocation);
    let opens = [
        by(ADDRESS_CHANGE, FollowUp::TalkToPoliceBeforeAddressChange, POLICE_TALK),
        by(BENEFIT_APPLY, FollowUp::ApplyForHousingBenefit, BENEFIT_APPLICATION),
    ];
    let follow_ups = opens.into_iter().chain(moot.map(FollowUpChange::closed)).collect();
    Facets { weight: Weight::Alert, follow_ups, ..Facets::default() }
}
