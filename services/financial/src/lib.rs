//! Financial (Økonomi): from money that was shared or controlled to finances of her own.
//!
//! Owns the overview of her finances, economic abuse, accounts as facts (never their numbers), grants, the benefits of a sole
//! provider, debt, and the credit warning. Deliberately absent: account, IBAN and card numbers (refused in every text), the
//! deposit loan, housing benefit and the moving grant (housing), and compensation (legal).

pub mod case;

/// The service's name.
pub const SERVICE: &str = "financial";

/// What readers know of the service.
pub fn contract() -> Result<kit::contract::Contract, kit::contract::ContractError> {
    let (da, en) = (include_str!("../labels/da.ftl"), include_str!("../labels/en.ftl"));
    kit::contract::Contract::load::<case::Financial>(SERVICE, da, en)
}
