//! The table of a woman's entries: what can be asked, and what records it. None of it ever leaves.

use super::event::{
    Acceptance, AccessRequest, Arrival, ArrivalOffer, Assignment, Cancellation, Child, Conflict, ConflictEnd,
    ConflictEndProposal, Death, Departure, Disclosure, Erasure, ErasureRequest, Hold, HoldLifted, LearntIdentity,
    NewAlias, Notice, Refusal, Registration, Release, Relocation, RelocationOffer, SafeContact, Stay, Unconfirmed,
    Withdrawal,
};
use super::vault::{LockOut, LockOutLifted, ValueChange};

kit::entries! {
    /// A woman is registered.
    RegisterWoman => WomanRegistered(Registration), never;
    /// Something is learnt of who she is.
    LearnIdentity => IdentityLearned(LearntIdentity), never;
    /// She is called something else.
    ChangeAlias => AliasChanged(NewAlias), never;
    /// A child of hers is registered.
    RegisterChild => ChildRegistered(Child), never;
    /// It is agreed how she may be reached.
    AgreeSafeContact => SafeContactAgreed(SafeContact), never, needs close;
    /// A way to reach her may not be safe any more.
    UnconfirmSafeContact => SafeContactUnconfirmed(Unconfirmed), never, needs close;
    /// She moves in.
    StartStay => StayStarted(Stay), never;
    /// The municipality was told.
    InformMunicipality => MunicipalityInformed(Notice), never;
    /// Another centre is asked whether it receives her.
    OfferRelocation => RelocationOffered(RelocationOffer), never, needs close;
    /// It is not asked any more.
    WithdrawRelocationOffer => RelocationOfferWithdrawn(Withdrawal), never, needs close;
    /// Somebody there accepts.
    AcceptRelocation => RelocationAccepted(Acceptance), never, needs rule;
    /// Somebody there declines.
    DeclineRelocation => RelocationDeclined(Refusal), never, needs rule;
    /// Nobody there has answered.
    ReportUnansweredRelocation => RelocationUnanswered(Withdrawal), never, needs rule;
    /// She may come from another centre.
    OfferArrival => ArrivalOffered(ArrivalOffer), never, needs rule;
    /// She does not.
    EndArrivalOffer => ArrivalOfferEnded(Withdrawal), never, needs rule;
    /// She moves to another centre.
    RelocateToCentre => CentreRelocated(Relocation), never, needs leader;
    /// She comes from another centre.
    ReceiveRelocation => RelocationReceived(Arrival), never, needs rule;
    /// She does not come from there after all.
    WithdrawRelocation => RelocationWithdrawn(Withdrawal), never, needs rule;
    /// She moves out.
    EndStay => StayEnded(Departure), never;
    /// What is recorded had to be given out.
    RecordCompelledDisclosure => DisclosureCompelled(Disclosure), never;
    /// Somebody is tied to her.
    AssignWorker => WorkerAssigned(Assignment), never, needs close;
    /// Somebody is not any more.
    ReleaseWorker => WorkerReleased(Release), never, needs close;
    /// Somebody must not come near what is hers.
    RecordConflictOfInterest => ConflictOfInterestRecorded(Conflict), never, needs answers;
    /// A conflict of interest should end.
    ProposeConflictEnd => ConflictOfInterestEndProposed(ConflictEndProposal), never, needs leader;
    /// It does: a second person says so.
    EndConflictOfInterest => ConflictOfInterestEnded(ConflictEnd), never, needs answers;
    /// Somebody asks to see what is recorded.
    ReceiveAccessRequest => AccessRequestReceived(AccessRequest), never;
    /// She asks to be forgotten.
    RequestErasure => ErasureRequested(ErasureRequest), never, needs close;
    /// She does not wish it after all.
    CancelErasure => ErasureCancelled(Cancellation), never, needs close;
    /// Nothing of hers may be erased for now.
    HoldErasure => ErasureHeld(Hold), never, needs leader;
    /// It may again.
    LiftErasureHold => ErasureHoldLifted(HoldLifted), never, needs leader;
    /// She, or a child of hers, is forgotten.
    ApproveErasure => PersonErased(Erasure), never, needs leader;
    /// She died.
    RecordDeath => PersonDied(Death), never, needs close;
    /// Something in the vault is another value now. Recorded beside the value, by whoever keeps it.
    ChangeVaultValue => VaultValueChanged(ValueChange), never, needs rule;
    /// Wrong code words are not taken any more. Recorded by whose check was one too many.
    LockCodeWord => CodeWordLockedOut(LockOut), never, needs rule;
    /// They are taken again. Recorded by the leader who lifts it.
    UnlockCodeWord => CodeWordUnlocked(LockOutLifted), never, needs rule;
}
