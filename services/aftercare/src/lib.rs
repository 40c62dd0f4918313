//! Aftercare (Efterværn): the help that goes on after the stay.
//!
//! Owns the offer of aftercare and its answer; it is offered by itself when she moves in ([`policy`]). Deliberately absent, until
//! a later issue: contacts, the lifeline, companions, and the end of aftercare.

pub mod case;
pub mod policy;

/// The service's name.
pub const SERVICE: &str = "aftercare";

/// What readers know of the service.
pub fn contract() -> Result<kit::contract::Contract, kit::contract::ContractError> {
    let (da, en) = (include_str!("../labels/da.ftl"), include_str!("../labels/en.ftl"));
    kit::contract::Contract::load::<case::Aftercare>(SERVICE, da, en)
}
