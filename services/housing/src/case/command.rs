//! The table of housing's entries: what can be asked, what records it, and how far it may travel.
//!
//! Offers, moves and endings may be in a feed without place, day or our own ids; what tells of a place to come stays here.

use super::event::{
    AllocationDecision, AllocationRequest, Belongings, BenefitApplication, BenefitDecision, Closing, Extension,
    GrantApplication, GrantDecision, Lease, ListPlace, LoanApplication, LoanDecision, Move, Need, Offer, OfferOutcome,
    Pet, TemporaryHousing, TemporaryHousingEnd, Tenancy, Viewing,
};
use super::past::BenefitDecisionV1;

kit::entries! {
    /// What she needs of a home is clear.
    AssessNeed => HousingNeedAssessed(Need), request;
    /// She is on a waiting list.
    JoinList => HousingListJoined(ListPlace), never;
    /// A municipality is asked to allocate a home.
    RequestAllocation => MunicipalAllocationRequested(AllocationRequest), request, withhold [grounds];
    /// The municipality has decided on an allocation.
    RecordAllocationDecision => MunicipalAllocationDecided(AllocationDecision), request, withhold [grounds];
    /// She has a home for a while.
    ArrangeTemporaryHousing => TemporaryHousingArranged(TemporaryHousing), never;
    /// She has left a temporary home.
    EndTemporaryHousing => TemporaryHousingEnded(TemporaryHousingEnd), never;
    /// A home is offered.
    MakeOffer => HousingOfferMade(Offer), feed, withhold [offer, answer_by];
    /// There is more time to answer.
    ExtendOfferAnswer => OfferAnswerExtended(Extension), never;
    /// She takes the home.
    AcceptOffer => HousingOfferAccepted(OfferOutcome), feed, withhold [offer];
    /// She does not take the home.
    DeclineOffer => HousingOfferDeclined(OfferOutcome), feed, withhold [offer];
    /// The offer is gone without an answer.
    LapseOffer => HousingOfferLapsed(OfferOutcome), feed, withhold [offer];
    /// She is going to see the home.
    ArrangeViewing => ViewingArranged(Viewing), never;
    /// She has seen the home.
    HoldViewing => ViewingHeld(Viewing), never;
    /// A loan for the deposit is applied for.
    ApplyForDepositLoan => DepositLoanApplied(LoanApplication), request;
    /// A loan for the deposit is decided.
    RecordDepositLoanDecision => DepositLoanDecided(LoanDecision), request;
    /// The lease is signed.
    SignLease => LeaseSigned(Lease), never;
    /// She keeps the home she has.
    KeepTenancy => TenancyKept(Tenancy), never;
    /// Help with the cost of moving is applied for.
    ApplyForMovingGrant => MovingGrantApplied(GrantApplication), request;
    /// Help with the cost of moving is decided.
    RecordMovingGrantDecision => MovingGrantDecided(GrantDecision), request;
    /// She lives in her new home.
    MoveIn => MovedIn(Move), feed;
    /// Housing benefit is applied for.
    ApplyForHousingBenefit => HousingBenefitApplied(BenefitApplication), request;
    /// Housing benefit is decided.
    RecordHousingBenefitDecision => HousingBenefitGranted(BenefitDecision), request, past [BenefitDecisionV1];
    /// Her belongings are fetched.
    FetchBelongings => BelongingsFetched(Belongings), never;
    /// A pet is cared for.
    PlacePet => PetPlaced(Pet), never;
    /// The case ends.
    CloseCase => HousingCaseClosed(Closing), feed;
}
