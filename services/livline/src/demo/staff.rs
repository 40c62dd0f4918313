//! Who works at the demo's centres, by what they do there. Names are none of anybody's.
//!
//! Deliberately absent: which entry is whose, which a course says or leaves to [`Staff::usual`].

use super::chance::Chance;
use crate::token::demo_centre;
use kit::{
    ActorId,
    access::{Principal, Role},
};

/// Somebody at a woman's own centre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Staff {
    /// Her contact person: one of two.
    #[default]
    Contact,
    /// The other contact person.
    Colleague,
    DayDuty,
    NightDuty,
    Temp,
    /// Knows law and money.
    Adviser,
    Aftercare,
    Children,
    Leader,
    /// Leads beside the leader: what needs two of them is done by both.
    Deputy,
}

impl Staff {
    /// Who is likely to log in a service.
    pub(super) fn usual(service: &str, chance: &mut Chance) -> Self {
        let of: &[Self] = match service {
            // Who she is and how she is reached is her contact person's, whatever else varies.
            people::SERVICE => return Self::Contact,
            safety::SERVICE => &[Self::Contact, Self::Contact, Self::Contact, Self::DayDuty, Self::Colleague],
            aftercare::SERVICE => &[Self::Aftercare, Self::Aftercare, Self::Contact],
            housing::SERVICE => &[Self::Contact, Self::Contact, Self::Adviser, Self::Colleague],
            _ => &[Self::Contact, Self::Adviser, Self::Adviser],
        };
        chance.pick(of)
    }

    /// Whom the services see. `pair`: which of the centre's two contact persons is hers.
    pub(super) fn principal(self, centre: u8, pair: usize) -> Principal {
        Principal { actor: self.actor(centre, pair), role: self.role(), centre: Some(demo_centre(centre)) }
    }

    pub(super) fn actor(self, centre: u8, pair: usize) -> ActorId {
        let name = match self {
            Self::Contact => ["kontakt-1", "kontakt-2"].get(pair % 2).copied().unwrap_or_default(),
            Self::Colleague => ["kontakt-2", "kontakt-1"].get(pair % 2).copied().unwrap_or_default(),
            Self::DayDuty => "dagvagt",
            Self::NightDuty => "nattevagt",
            Self::Temp => "vikar",
            Self::Adviser => "raadgiver",
            Self::Aftercare => "eftervaern",
            Self::Children => "boern",
            Self::Leader => "leder",
            Self::Deputy => "souschef",
        };
        format!("demo-{centre}-{name}").parse().unwrap_or_else(|_| ActorId::service("demo"))
    }

    /// Whether they answer for every woman whom the centre has known.
    pub(super) fn answers(self) -> bool {
        matches!(self, Self::DayDuty | Self::NightDuty | Self::Leader | Self::Deputy)
    }

    /// Everybody of a centre's staff, with a name that is nobody's in particular: whom stories call somebody's colleague is one of the two
    /// contact persons.
    pub(super) fn everybody() -> [(Self, &'static str); 9] {
        [
            (Self::Leader, "Karen Holm"),
            (Self::Deputy, "Birgit Dahl"),
            (Self::DayDuty, "Lone Krogh"),
            (Self::NightDuty, "Pia Munk"),
            (Self::Temp, "Ida Bang"),
            (Self::Adviser, "Susanne Toft"),
            (Self::Aftercare, "Hanne Lind"),
            (Self::Children, "Mette Skov"),
            (Self::Contact, "Anna Friis"),
        ]
    }

    pub(super) fn role(self) -> Role {
        match self {
            Self::Temp => Role::Temp,
            Self::Leader | Self::Deputy => Role::Leader,
            _ => Role::Worker,
        }
    }
}
