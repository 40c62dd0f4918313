//! The table of financial entries: what can be asked, what records it, and how far it may travel.
//!
//! Applications and debts may be shared without our own ids and days; who her creditors are goes in no feed. Her accounts, and
//! what was done to her money, stay here.

use super::event::{
    Abuse, ChildAllowance, Closing, CreditWarning, DebtPlan, Debts, Declaration, ForChild, FreePlaceDecision,
    FundGrantApplication, GrantDecision, JointAccount, NemKonto, OwnAccount, SingleGrantApplication, Situation,
};

kit::entries! {
    /// What she has, pays and owes is clear.
    MapSituation => FinancialSituationMapped(Situation), request;
    /// Her money was used against her.
    IdentifyEconomicAbuse => EconomicAbuseIdentified(Abuse), never;
    /// She has an account that is hers alone.
    OpenOwnAccount => OwnAccountOpened(OwnAccount), never;
    /// An account shared with the perpetrator is closed.
    CloseJointAccount => JointAccountClosed(JointAccount), never;
    /// Public payments go to an account of hers.
    ChangeNemKonto => NemKontoChanged(NemKonto), never;
    /// A single grant is applied for.
    ApplyForSingleGrant => SingleGrantApplied(SingleGrantApplication), feed, withhold [grant, cost_paid_on];
    /// A single grant is decided.
    RecordSingleGrantDecision => SingleGrantDecided(GrantDecision), feed, withhold [grant];
    /// The child allowance of a sole provider is applied for.
    ApplyForChildAllowance => ChildAllowanceApplied(ChildAllowance), request, withhold [children];
    /// She has declared that she provides alone.
    DeclareSoleProvider => SoleProviderDeclared(Declaration), never;
    /// The child and youth benefit is paid to her.
    RedirectChildBenefit => ChildBenefitRedirected(ForChild), request, withhold [child];
    /// Child support is sought from the other parent.
    SeekChildSupport => ChildSupportSought(ForChild), never;
    /// Child support in advance is requested of the authority.
    RequestAdvance => AdvanceRequested(ForChild), never;
    /// A free place in daycare is applied for.
    ApplyForDaycareFreePlace => DaycareFreePlaceApplied(ForChild), request, withhold [child];
    /// A free place in daycare is decided.
    RecordDaycareFreePlaceDecision => DaycareFreePlaceGranted(FreePlaceDecision), request, withhold [child];
    /// She has had advice about her debts.
    GiveDebtAdvice => DebtAdviceGiven(Debts), feed, withhold [creditors];
    /// She pays off by agreement.
    AgreeDebtPlan => DebtPlanAgreed(DebtPlan), feed, withhold [plan, creditors, first_instalment];
    /// Debt relief is applied for.
    ApplyForDebtRelief => DebtReliefApplied(Debts), feed, withhold [creditors];
    /// Lenders are warned against credit in her name.
    RegisterCreditWarning => CreditWarningRegistered(CreditWarning), never;
    /// A fund is asked for a grant.
    ApplyForFundGrant => FundGrantApplied(FundGrantApplication), request, withhold [grant];
    /// A fund has answered.
    RecordFundGrantDecision => FundGrantDecided(GrantDecision), request, withhold [grant];
    /// The case ends.
    CloseCase => FinancialCaseClosed(Closing), feed;
}
