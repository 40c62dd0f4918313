//! Safety (Sikkerhed): risk, the safety plan, address protection, alarms, digital safety, threats, and the alerts that rules raise.
//!
//! Nothing of it is ever in a feed; a risk assessment and an alarm's loan reach the police in a request alone. Deliberately absent:
//! addresses (the people service's vault has them; events carry a reference), and orders against the perpetrator (legal).

pub mod case;
pub mod policy;

/// The service's name.
pub const SERVICE: &str = "safety";

/// What readers know of the service.
pub fn contract() -> Result<kit::contract::Contract, kit::contract::ContractError> {
    let (da, en) = (include_str!("../labels/da.ftl"), include_str!("../labels/en.ftl"));
    kit::contract::Contract::load::<case::Safety>(SERVICE, da, en)
}
