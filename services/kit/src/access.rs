//! Who may do what: one pure function, and what it does not allow it denies.
//!
//! Here: role, centre and class. Relations, duty, purpose and break-glass come with the people service and enter the same function.
//! Deliberately absent: how a denial is answered. An aggregate that is not the asker's is answered like one that does not exist.

use crate::{ActorId, CentreId, Class};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Their id.
    pub actor: ActorId,
    /// What they are.
    pub role: Role,
    /// Where they work; services work nowhere.
    pub centre: Option<CentreId>,
}

/// What somebody is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::VariantArray,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Employed at a centre.
    Worker,
    /// The woman's contact person.
    ContactPerson,
    /// Leads a centre.
    Leader,
    /// On duty now.
    OnDuty,
    /// A temp.
    Temp,
    /// A volunteer: own tasks and an alias, which come later; until then nothing.
    Volunteer,
    /// The national secretariat: never a person.
    Secretariat,
    /// Another service of ours: sealed events, never opened values.
    Service,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Recording an entry.
    Record,
    /// Reading facts of a class.
    Read(Class),
    /// Reading a service's sealed events.
    Feed,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As asked.
    Allow,
    /// That there is something, but not what.
    Mask,
    /// As if there were nothing.
    Deny,
}

/// Whether `principal` may do `act` on something that `centre` holds. `None`: something that no centre holds.
#[must_use]
pub fn decide(principal: &Principal, centre: Option<CentreId>, act: Act) -> Verdict {
    if act == Act::Feed {
        return if principal.role == Role::Service { Verdict::Allow } else { Verdict::Deny };
    }
    let own = principal.centre.is_some() && principal.centre == centre;
    if !own {
        return Verdict::Deny;
    }
    match (principal.role, act) {
        (Role::Volunteer | Role::Secretariat | Role::Service, _) | (_, Act::Feed) => Verdict::Deny,
        (
            Role::Worker | Role::ContactPerson | Role::Leader | Role::OnDuty | Role::Temp,
            Act::Record | Act::Read(Class::Open | Class::Personal),
        )
        | (
            Role::ContactPerson | Role::Leader | Role::OnDuty,
            Act::Read(Class::Narrative | Class::Identity | Class::Location),
        ) => Verdict::Allow,
        (Role::Worker | Role::Temp, Act::Read(Class::Narrative | Class::Identity | Class::Location)) => Verdict::Mask,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    fn principal(role: Role, centre: Option<u128>) -> Principal {
        let centre = centre.map(|id| CentreId(uuid::Uuid::from_u128(id)));
        Principal { actor: "w-1".parse().unwrap(), role, centre }
    }

    /// Every role × own or other centre × act: allowed is exactly what is listed here.
    #[test]
    fn everything_not_listed_is_denied() {
        let acts = Class::VARIANTS.iter().map(|class| Act::Read(*class)).chain([Act::Record, Act::Feed]);
        let centre = CentreId(uuid::Uuid::from_u128(1));
        for act in acts {
            for role in Role::VARIANTS {
                for home in [Some(1), Some(2), None] {
                    let employed =
                        matches!(role, Role::Worker | Role::ContactPerson | Role::Leader | Role::OnDuty | Role::Temp);
                    let close = matches!(role, Role::ContactPerson | Role::Leader | Role::OnDuty);
                    let expected = match act {
                        Act::Feed if *role == Role::Service => Verdict::Allow,
                        Act::Feed => Verdict::Deny,
                        _ if home != Some(1) || !employed => Verdict::Deny,
                        Act::Record | Act::Read(Class::Open | Class::Personal) => Verdict::Allow,
                        Act::Read(_) if close => Verdict::Allow,
                        Act::Read(_) => Verdict::Mask,
                    };
                    assert_eq!(
                        decide(&principal(*role, home), Some(centre), act),
                        expected,
                        "{role:?} {home:?} {act:?}"
                    );
                    if act != Act::Feed {
                        assert_eq!(decide(&principal(*role, home), None, act), Verdict::Deny, "what no centre holds");
                    }
                }
            }
        }
    }
}
