//! People: the women a centre knows, their children, how they may be reached, their stays, who is at work, and the directory of staff and
//! centres.
//!
//! Owns what access follows from ([`kit::relation`]), and when somebody is forgotten. One aggregate is one woman at one centre: another
//! centre has its own of her, and knows nothing of this one. Deliberately absent: addresses, phone numbers and code words, which lie in
//! the vault and stand in events as references; what is done for her, which the other services own.

pub mod centre;
pub mod duty;
pub mod enquiry;
pub mod erase;
pub mod heard;
pub mod policy;
pub mod shown;
pub mod staff;
pub mod woman;

use kit::contract::{Contract, ContractError};

/// The service's name.
pub const SERVICE: &str = "people";

kit::ids! {
    /// A reference into the vault of addresses and contacts; the value itself is never in an event.
    VaultRef;
}

/// What readers know of the service.
pub fn contract() -> Result<Contract, ContractError> {
    let (da, en) = (include_str!("../labels/da.ftl"), include_str!("../labels/en.ftl"));
    let women = Contract::load::<woman::Woman>(SERVICE, da, en)?;
    let enquiries = Contract::load::<enquiry::Enquiry>(SERVICE, da, en)?;
    let about_nobody = enquiries.with(Contract::load::<duty::Duty>(SERVICE, da, en)?);
    let directory =
        Contract::load::<staff::Staff>(SERVICE, da, en)?.with(Contract::load::<centre::Centre>(SERVICE, da, en)?);
    Ok(women.with(about_nobody).with(directory))
}
