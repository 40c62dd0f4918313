//! Housing (Bolig): from a need to a home of her own, or the one she keeps.
//!
//! Owns waiting lists, allocation, temporary housing, offers and their answers, the lease, the money around a move, and the move.
//! Deliberately absent: addresses (the people service's vault has them; events carry a reference), address protection and locks
//! (safety), and the end of a stay (people).

pub mod case;
pub mod policy;

/// The service's name.
pub const SERVICE: &str = "housing";

/// What readers know of the service.
pub fn contract() -> Result<kit::contract::Contract, kit::contract::ContractError> {
    let (da, en) = (include_str!("../labels/da.ftl"), include_str!("../labels/en.ftl"));
    kit::contract::Contract::load::<case::Housing>(SERVICE, da, en)
}
