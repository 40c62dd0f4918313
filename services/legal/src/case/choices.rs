//! The coded choices of legal's facts. Labels stand in `labels/`; a code, once published, keeps its meaning.

kit::choices! {
    /// What she may need legal help with.
    Area {
        /// A report to the police, and the criminal case.
        PoliceReport,
        /// Restraining order, area ban or expulsion.
        ProtectiveOrders,
        /// Separation or divorce.
        SeparationOrDivorce,
        /// Custody, where the children live, contact.
        Custody,
        /// The division of what they own.
        DivisionOfProperty,
        /// Compensation from the state.
        Compensation,
        /// Her residence permit.
        ResidencePermit,
        /// Anything else.
        Other,
    }

    /// The steps of legal aid (retshjælp).
    AdviceStep {
        /// Oral advice.
        One,
        /// Advice in writing.
        Two,
        /// Negotiating a settlement.
        Three,
    }

    /// Who gave the advice, as a kind: names and places are no choices.
    AdviceProvider {
        /// The lawyers' open hours (advokatvagt).
        LawyerOnDuty,
        /// A legal aid office (retshjælp).
        LegalAidOffice,
        /// A lawyer of hers.
        Lawyer,
        /// The centre's own.
        Centre,
        /// Somebody else.
        Other,
    }

    /// How a criminal case ended.
    PoliceResult {
        /// Judgment or fine.
        Convicted,
        /// Acquitted.
        Acquitted,
        /// The prosecution was given up, or the charge withdrawn.
        ChargeDropped,
        /// The investigation was stopped.
        InvestigationStopped,
        /// In another way.
        Other,
    }

    /// Whom an order protects.
    Protected {
        /// Herself.
        Woman,
        /// The children.
        Children,
        /// Others close to her.
        Others,
    }

    /// On what ground a marriage is to end.
    MaritalBasis {
        /// Both want it.
        Agreed,
        /// One wants it (separation).
        OneAsks,
        /// They have been separated.
        AfterSeparation,
        /// They have lived apart.
        LivedApart,
        /// Infidelity.
        Infidelity,
        /// Violence against her or the children.
        Violence,
        /// A child was taken abroad.
        ChildAbducted,
        /// Another ground.
        Other,
    }

    /// What came of a case about the marriage.
    MaritalOutcome {
        /// They are separated.
        SeparationGranted,
        /// They are divorced.
        DivorceGranted,
        /// Neither.
        Refused,
        /// The family court decides.
        SentToCourt,
        /// Something else.
        Other,
    }

    /// What a family case is about.
    FamilyMatter {
        /// Custody (forældremyndighed).
        Custody,
        /// With whom the children live (bopæl).
        Residence,
        /// Contact with the other parent (samvær).
        Contact,
        /// Anything else.
        Other,
    }

    /// Which way a decision in a family case went, seen from her side.
    FamilyOutcome {
        /// Her way.
        Upheld,
        /// In part.
        PartlyUpheld,
        /// Against her.
        NotUpheld,
        /// The parents agreed.
        Agreed,
    }

    /// What kind of hearing or meeting it is.
    HearingKind {
        /// In a court.
        CourtHearing,
        /// At the agency of family law (Familieretshuset).
        FamilyAgencyMeeting,
        /// The police want to hear her.
        PoliceInterview,
        /// With her lawyer.
        LawyerMeeting,
        /// Another.
        Other,
    }

    /// On what ground she may stay in the country.
    PermitBasis {
        /// The violence she was exposed to.
        Violence,
        /// Her ties to her children.
        Children,
        /// Work or study.
        WorkOrStudy,
        /// She needs protection.
        Protection,
        /// Another ground.
        Other,
    }

    /// What came of a legal case.
    CaseOutcome {
        /// What was to be decided is decided.
        Concluded,
        /// Others help her on.
        OthersHelp,
        /// She needs or wants no legal help any more.
        NoLongerNeeded,
        /// She cannot be reached.
        ContactLost,
    }
}
