//! Aftercare (Efterværn): the help that goes on after the stay.
//!
//! Owns the offer of aftercare and its answer, the contacts that follow by a rhythm, the lifeline, companions, the municipality's
//! coordinating counselling, and the end of it all. Deliberately absent: who may reach her how (people's safe contact), alarms and
//! orders, of which only who still protects her is heard ([`heard`]), and the stay itself (people).

pub mod case;
pub mod heard;
pub mod policy;

/// The service's name.
pub const SERVICE: &str = "aftercare";

/// What readers know of the service.
pub fn contract() -> Result<kit::contract::Contract, kit::contract::ContractError> {
    let (da, en) = (include_str!("../labels/da.ftl"), include_str!("../labels/en.ftl"));
    kit::contract::Contract::load::<case::Aftercare>(SERVICE, da, en)
}
