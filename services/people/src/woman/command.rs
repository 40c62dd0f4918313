//! The table of a woman's entries: what can be asked, and what records it. None of it ever leaves.

use super::event::{
    AccessRequest, Arrival, Assignment, Cancellation, Child, Conflict, Death, Departure, Disclosure, Erasure,
    ErasureRequest, Hold, HoldLifted, Notice, Registration, Release, Relocation, SafeContact, Stay, Unconfirmed,
    Withdrawal,
};

kit::entries! {
    /// A woman is registered.
    RegisterWoman => WomanRegistered(Registration), never;
    /// A child of hers is registered.
    RegisterChild => ChildRegistered(Child), never;
    /// It is agreed how she may be reached.
    AgreeSafeContact => SafeContactAgreed(SafeContact), never;
    /// A way to reach her may not be safe any more.
    UnconfirmSafeContact => SafeContactUnconfirmed(Unconfirmed), never;
    /// She moves in.
    StartStay => StayStarted(Stay), never;
    /// The municipality was told.
    InformMunicipality => MunicipalityInformed(Notice), never;
    /// She moves to another centre.
    RelocateToCentre => CentreRelocated(Relocation), never;
    /// She comes from another centre.
    ReceiveRelocation => RelocationReceived(Arrival), never;
    /// She does not come from there after all.
    WithdrawRelocation => RelocationWithdrawn(Withdrawal), never;
    /// She moves out.
    EndStay => StayEnded(Departure), never;
    /// What is recorded had to be given out.
    RecordCompelledDisclosure => DisclosureCompelled(Disclosure), never;
    /// Somebody is tied to her.
    AssignWorker => WorkerAssigned(Assignment), never;
    /// Somebody is not any more.
    ReleaseWorker => WorkerReleased(Release), never;
    /// Somebody must not come near what is hers.
    RecordConflictOfInterest => ConflictOfInterestRecorded(Conflict), never;
    /// Somebody asks to see what is recorded.
    ReceiveAccessRequest => AccessRequestReceived(AccessRequest), never;
    /// She asks to be forgotten.
    RequestErasure => ErasureRequested(ErasureRequest), never;
    /// She does not wish it after all.
    CancelErasure => ErasureCancelled(Cancellation), never;
    /// Nothing of hers may be erased for now.
    HoldErasure => ErasureHeld(Hold), never;
    /// It may again.
    LiftErasureHold => ErasureHoldLifted(HoldLifted), never;
    /// She, or a child of hers, is forgotten.
    ApproveErasure => PersonErased(Erasure), never;
    /// She died.
    RecordDeath => PersonDied(Death), never;
}
