//! The table of aftercare's entries: what can be asked, what records it, and how far it may travel.
//!
//! Who her contact or companion is stays here, and so do our own ids and, in feeds, until when she has help. That there was a
//! contact, a call or a risk never leaves at all.

use super::event::{
    Acceptance, Attendance, Booking, Cancellation, CompanionRequest, Contact, Counselling, Ending, LifelineCall,
    MissedContact, Offer, PlannedContact, Readmission, Refusal, RelapseRisk,
};

kit::entries! {
    /// Aftercare is offered.
    OfferAftercare => AftercareOffered(Offer), feed, withhold [contact_worker, until];
    /// She takes aftercare.
    AcceptAftercare => AftercareAccepted(Acceptance), feed, withhold [contact_worker, from, until];
    /// She does not take aftercare.
    DeclineAftercare => AftercareDeclined(Refusal), feed;
    /// The municipality gives coordinating counselling.
    RecordCoordinatingCounselling => CoordinatingCounsellingGranted(Counselling), request;
    /// A contact is agreed with her.
    PlanContact => ContactPlanned(PlannedContact), never;
    /// There was a contact.
    MakeContact => ContactMade(Contact), never;
    /// A contact did not come about.
    RecordMissedContact => ContactMissed(MissedContact), never;
    /// She used the lifeline.
    RecordLifelineCall => LifelineCalled(LifelineCall), never;
    /// She wishes for a companion.
    RequestCompanion => CompanionRequested(CompanionRequest), request, withhold [booking];
    /// Somebody will go with her.
    BookCompanion => CompanionBooked(Booking), request, withhold [booking, who, slot];
    /// Somebody went with her.
    RecordCompanionAttendance => CompanionAttended(Attendance), request, withhold [booking, who];
    /// Nobody goes with her after all.
    CancelCompanion => CompanionCancelled(Cancellation), request, withhold [booking];
    /// She may go back to the one who used violence.
    RaiseRelapseRisk => RelapseRiskRaised(RelapseRisk), never;
    /// She stays at a crisis centre again.
    RecordReadmission => Readmitted(Readmission), never;
    /// Others take over.
    HandOverAftercare => AftercareHandedOver(Ending), request, withhold [police_informed];
    /// Aftercare ends.
    CloseAftercare => AftercareClosed(Ending), request, withhold [police_informed];
}
