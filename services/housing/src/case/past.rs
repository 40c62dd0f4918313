//! Facts as earlier versions of events have them. What is stored so stays so, and becomes today's facts whenever it is read.
//!
//! Deliberately absent: commands, which are recorded in today's version alone.

use super::event::BenefitDecision;
use kit::terms::Ruling;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The decision on housing benefit, version 1: an outcome that was left out meant granted, and a refusal that nobody filled in
/// looked like a grant. Version 2 asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BenefitDecision")]
pub struct BenefitDecisionV1 {
    /// What was decided; left out: granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Ruling>,
}

impl From<BenefitDecisionV1> for BenefitDecision {
    fn from(past: BenefitDecisionV1) -> Self {
        Self { outcome: past.outcome.unwrap_or(Ruling::Granted) }
    }
}
