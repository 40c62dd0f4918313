//! The table of legal's entries: what can be asked, what records it, and how far it may travel.
//!
//! Nothing of it is in a feed. What a partner may be asked to act on goes in a request, without our own ids; where and when she is
//! to be, and what concerns the criminal case and the children, stays here. So do area bans and expulsions: more time for them, or
//! less, is an entry of their own, never one of a restraining order, which may leave.

use super::event::{
    AbductionRisk, Advice, AidApplication, AidDecision, AreaBan, Closing, CompensationApplication,
    CompensationDecision, CustodyCase, Expulsion, FamilyDecision, Hearing, HearingUpdate, InterimContact, Lawyer,
    MaritalApplication, MaritalDecision, Need, OrderBreach, OrderEnd, OrderExtension, Passports, PermitDecision,
    PermitReview, PoliceCaseEnd, PoliceReport, RestrainingOrder,
};

kit::entries! {
    /// What she needs legal help with is clear.
    ScreenLegalNeed => LegalNeedScreened(Need), request;
    /// She got legal advice.
    GiveLegalAdvice => LegalAdviceGiven(Advice), never;
    /// The court has given her a lawyer.
    AssignLawyer => LawyerAssigned(Lawyer), never;
    /// Free legal aid is applied for.
    ApplyForFreeLegalAid => FreeLegalAidApplied(AidApplication), request;
    /// Free legal aid is decided.
    RecordFreeLegalAidDecision => FreeLegalAidDecided(AidDecision), request;
    /// The violence is reported.
    FilePoliceReport => PoliceReportFiled(PoliceReport), never;
    /// The criminal case is over.
    ClosePoliceCase => PoliceCaseClosed(PoliceCaseEnd), never;
    /// The perpetrator may not contact her.
    IssueRestrainingOrder => RestrainingOrderIssued(RestrainingOrder), request, withhold [order];
    /// A restraining order runs longer.
    ExtendRestrainingOrder => RestrainingOrderExtended(OrderExtension), request, withhold [order];
    /// A restraining order has ended.
    EndRestrainingOrder => RestrainingOrderEnded(OrderEnd), request, withhold [order];
    /// The perpetrator may not be in an area; recorded again, it runs longer or ends earlier.
    IssueAreaBan => AreaBanIssued(AreaBan), never;
    /// The perpetrator must leave the home; recorded again, it runs longer or ends earlier.
    OrderExpulsion => ExpulsionOrdered(Expulsion), never;
    /// An expulsion runs longer.
    ExtendExpulsion => ExpulsionExtended(OrderExtension), never;
    /// The perpetrator has broken an order.
    ReportOrderBreach => OrderBreachReported(OrderBreach), never;
    /// Separation is applied for.
    ApplyForSeparation => SeparationApplied(MaritalApplication), never;
    /// Divorce is applied for.
    ApplyForDivorce => DivorceApplied(MaritalApplication), never;
    /// Separation or divorce is decided.
    RecordSeparationDecision => SeparationDecided(MaritalDecision), never;
    /// A case about the children is opened.
    OpenCustodyCase => CustodyCaseOpened(CustodyCase), never;
    /// The children see the other parent while the case runs.
    RecordInterimContact => InterimContactDecided(InterimContact), never;
    /// A hearing or a meeting is agreed on.
    ScheduleHearing => HearingScheduled(Hearing), never;
    /// A hearing or a meeting was held.
    AttendHearing => HearingAttended(HearingUpdate), never;
    /// A hearing or a meeting has another time or place.
    MoveHearing => HearingMoved(HearingUpdate), never;
    /// A decision in a family case is there.
    ReceiveFamilyDecision => FamilyDecisionReceived(FamilyDecision), never;
    /// Compensation is applied for.
    ApplyForCompensation => CompensationApplied(CompensationApplication), request;
    /// Compensation is decided.
    RecordCompensationDecision => CompensationDecided(CompensationDecision), request;
    /// Her residence permit is to be looked at again.
    RequestResidencePermitReview => ResidencePermitReviewRequested(PermitReview), never;
    /// Her residence permit is decided.
    RecordResidencePermitDecision => ResidencePermitReviewDecided(PermitDecision), never;
    /// The children's passports are secured.
    SecurePassport => PassportSecured(Passports), never;
    /// A child may be taken out of the country.
    RecordAbductionRisk => AbductionRiskRecorded(AbductionRisk), never;
    /// The case ends.
    CloseCase => LegalCaseClosed(Closing), request;
}
