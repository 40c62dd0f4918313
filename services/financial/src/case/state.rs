//! What a financial case has come to. Only what decisions and suggestions need: no text, no creditor, no account.

use super::{
    command::Event,
    event::{CaseOutcome, DebtPlanId, Declaration, FreePlaceDecision, GrantDecision, GrantId, Purpose},
};
use kit::{
    ChildId, Personal,
    sealed::known,
    terms::{Application, Ruling, Stage},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A financial case.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Financial {
    pub(super) stage: Stage<CaseOutcome>,
    pub(super) situation: Step,
    pub(super) joint_accounts: Option<Personal<bool>>,
    pub(super) abuse: Step,
    pub(super) own_account: Step,
    pub(super) joint_account_closed: Step,
    pub(super) nem_konto: Step,
    pub(super) credit_warning: Step,
    pub(super) child_allowance: Step,
    /// The latest year that she declared for, where one was given.
    pub(super) declared: Option<Personal<u16>>,
    /// Declarations that name no year: only the day of the entry tells which one each was.
    pub(super) declared_without_year: Step,
    pub(super) single_grants: Grants,
    pub(super) fund_grants: Grants,
    pub(super) free_places: Vec<FreePlace>,
    pub(super) debt_plans: BTreeMap<DebtPlanId, Step>,
}

/// Whether something is done. What may be logged more than once says so: only then can another entry have set a follow-up's date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    #[default]
    Ahead,
    Done,
    Again,
}

impl Step {
    /// Whether it is still to be done.
    pub(super) fn is_ahead(self) -> bool {
        self == Self::Ahead
    }

    /// One more entry says that it is done.
    fn advance(&mut self) {
        *self = if self.is_ahead() { Self::Done } else { Self::Again };
    }
}

/// Grants of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Grants(BTreeMap<GrantId, GrantState>);

/// What is known of one grant. A decision on a grant that was never logged makes one without an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct GrantState {
    pub(super) applied: Step,
    pub(super) purpose: Option<Personal<Purpose>>,
    pub(super) outcome: Option<Ruling>,
}

/// A free place in daycare for one child, or for one that was not named.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct FreePlace {
    pub(super) child: Option<Personal<ChildId>>,
    pub(super) application: Application,
    /// Whether the application that is pending was logged, and whether more than once.
    pub(super) applied: Step,
}

impl GrantState {
    /// Whether a decision is awaited.
    pub(super) fn is_pending(&self) -> bool {
        !self.applied.is_ahead() && self.outcome.is_none()
    }
}

impl Grants {
    pub(super) fn get(&self, grant: GrantId) -> Option<&GrantState> {
        self.0.get(&grant)
    }

    /// Those that await a decision.
    pub(super) fn pending(&self) -> impl Iterator<Item = (GrantId, &GrantState)> {
        self.0.iter().filter(|(_, grant)| grant.is_pending()).map(|(id, grant)| (*id, grant))
    }

    /// A later entry that leaves the purpose out says nothing of it.
    fn apply(&mut self, grant: GrantId, purpose: Option<&Personal<Purpose>>) {
        let grant = self.0.entry(grant).or_default();
        grant.applied.advance();
        if purpose.is_some() {
            grant.purpose = purpose.cloned();
        }
    }

    /// The first outcome stays: rules refuse a second, and what is stored is folded whatever it is.
    fn decide(&mut self, decision: &GrantDecision) {
        self.0.entry(decision.grant).or_default().outcome.get_or_insert(decision.outcome);
    }
}

impl Financial {
    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::FinancialSituationMapped(situation) => {
                self.situation.advance();
                if situation.joint_accounts.is_some() {
                    self.joint_accounts.clone_from(&situation.joint_accounts);
                }
            }
            Event::EconomicAbuseIdentified(_) => self.abuse = Step::Done,
            Event::OwnAccountOpened(_) => self.own_account = Step::Done,
            Event::JointAccountClosed(_) => self.joint_account_closed = Step::Done,
            Event::NemKontoChanged(_) => self.nem_konto = Step::Done,
            Event::SingleGrantApplied(grant) => self.single_grants.apply(grant.grant, grant.purpose.as_ref()),
            Event::SingleGrantDecided(decision) => self.single_grants.decide(decision),
            Event::ChildAllowanceApplied(_) => self.child_allowance.advance(),
            Event::SoleProviderDeclared(declaration) => self.declare(declaration),
            Event::DaycareFreePlaceApplied(place) => self.set_free_place(place.child.as_ref(), Application::Pending),
            Event::DaycareFreePlaceGranted(FreePlaceDecision { child, outcome }) => {
                self.set_free_place(child.as_ref(), Application::Decided(*outcome));
            }
            Event::DebtPlanAgreed(plan) => self.debt_plans.entry(plan.plan).or_default().advance(),
            Event::CreditWarningRegistered(_) => self.credit_warning = Step::Done,
            Event::FundGrantApplied(grant) => self.fund_grants.apply(grant.grant, None),
            Event::FundGrantDecided(decision) => self.fund_grants.decide(decision),
            Event::FinancialCaseClosed(closing) => self.stage = Stage::Closed(closing.outcome),
            Event::ChildBenefitRedirected(_)
            | Event::ChildSupportSought(_)
            | Event::AdvanceRequested(_)
            | Event::DebtAdviceGiven(_)
            | Event::DebtReliefApplied(_) => {}
        }
    }

    /// How far the free place for this child is.
    pub(super) fn free_place_of(&self, child: Option<&Personal<ChildId>>) -> Application {
        self.free_place(child).map_or(Application::None, |place| place.application)
    }

    /// The free place for this child.
    pub(super) fn free_place(&self, child: Option<&Personal<ChildId>>) -> Option<&FreePlace> {
        self.free_places.iter().find(|place| known(place.child.as_ref()) == known(child))
    }

    fn set_free_place(&mut self, child: Option<&Personal<ChildId>>, application: Application) {
        let mut place = match self.free_place(child) {
            Some(place) => place.clone(),
            None => FreePlace { child: child.cloned(), application, applied: Step::Ahead },
        };
        place.application = application;
        if application.is_pending() {
            place.applied.advance();
        } else {
            place.applied = Step::Ahead;
        }
        self.free_places.retain(|other| known(other.child.as_ref()) != known(child));
        self.free_places.push(place);
    }

    /// A declaration that is logged late does not put her back before a later year's.
    fn declare(&mut self, declaration: &Declaration) {
        if known(declaration.year.as_ref()).is_none() {
            self.declared_without_year.advance();
        }
        if known(declaration.year.as_ref()) > known(self.declared.as_ref()) {
            self.declared.clone_from(&declaration.year);
        }
    }
}
