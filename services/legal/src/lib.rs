//! Legal (Jura): orders that protect her, the police and the courts, the family cases, and compensation.
//!
//! Owns legal advice and free legal aid, reports to the police, restraining orders, area bans and expulsions, separation and
//! divorce, custody and contact, hearings, compensation, residence permits, and passports. Deliberately absent: what a broken order,
//! or one that runs out, means for her safety (safety), address protection (safety), letters to authorities (people), and the
//! companion's own diary (aftercare).

pub mod case;

/// The service's name.
pub const SERVICE: &str = "legal";

/// What readers know of the service.
pub fn contract() -> Result<kit::contract::Contract, kit::contract::ContractError> {
    let (da, en) = (include_str!("../labels/da.ftl"), include_str!("../labels/en.ftl"));
    kit::contract::Contract::load::<case::Legal>(SERVICE, da, en)
}
