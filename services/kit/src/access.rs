//! Who may do what: one pure function, and what it does not allow it denies.
//!
//! Role × centre × relation × duty × class. Purpose and break-glass come later and enter the same function. Deliberately absent: how a
//! denial is answered (what is not the asker's is answered like what does not exist), and where relations come from ([`crate::relation`]).

use crate::{
    ActorId, CentreId, Class,
    relation::{Nearness, Relation, Tie},
};
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

impl Principal {
    /// Who acts, and as what.
    #[must_use]
    pub fn acts(&self) -> (ActorId, Role) {
        (self.actor.clone(), self.role)
    }
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
    /// Employed at a centre. Whose contact person somebody is, and who is on duty, is heard and not carried along.
    Worker,
    /// Leads a centre.
    Leader,
    /// A temp: may nothing without an engagement that still lasts.
    Temp,
    /// A volunteer: the alias of whom they help, and the tasks that they hold themselves.
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
    /// Reading what somebody needs who helps with single tasks: her alias, and of the tasks that they hold themselves what is of a class.
    Help(Class),
    /// Reading a service's sealed events.
    Feed,
}

/// What it is about.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// Nothing yet: whether somebody of this role may do so at all.
    Anything,
    /// Something of a centre that is about nobody.
    Nobody(CentreId),
    /// A woman whom a centre does not know yet.
    Newcomer {
        /// The centre.
        centre: CentreId,
        /// Whether the asker is engaged as a temp.
        engaged: bool,
    },
    /// A woman, as a centre knows her.
    Woman(&'a Known),
}

/// A woman as a centre knows her, and how the asker stands to both.
#[derive(Debug, Clone)]
pub struct Known {
    /// The centre.
    pub centre: CentreId,
    /// What ties her to it; `None`: nothing, as far as is known.
    pub relation: Option<Relation>,
    /// How well that is known.
    pub heard: Heard,
    /// Whether the asker is on duty.
    pub on_duty: bool,
    /// Whether the asker is engaged as a temp.
    pub engaged: bool,
    /// Today in Copenhagen.
    pub today: time::Date,
}

/// How well a service knows what ties a woman to a centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Heard {
    /// All that was recorded.
    Whole,
    /// People has recorded more, or may have: she may be protected from somebody of whom nothing is known here.
    Behind,
    /// Something about her could not be read.
    HeldBack,
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

/// Whether `principal` may do `act`.
#[must_use]
pub fn decide(principal: &Principal, about: About<'_>, act: Act) -> Verdict {
    if act == Act::Feed {
        return if principal.role == Role::Service { Verdict::Allow } else { Verdict::Deny };
    }
    let own = |centre| principal.centre == Some(centre);
    match (principal.role, about) {
        (Role::Worker | Role::Leader | Role::Temp, About::Anything) if principal.centre.is_some() => Verdict::Allow,
        (Role::Worker | Role::Leader, About::Nobody(centre) | About::Newcomer { centre, .. }) if own(centre) => {
            Verdict::Allow
        }
        (Role::Temp, About::Newcomer { centre, engaged: true }) if own(centre) => Verdict::Allow,
        (Role::Worker | Role::Leader | Role::Temp, About::Woman(known)) if own(known.centre) => {
            near(principal, known, act)
        }
        (Role::Volunteer, About::Anything) if principal.centre.is_some() && matches!(act, Act::Help(_)) => {
            Verdict::Allow
        }
        (Role::Volunteer, About::Woman(known)) if own(known.centre) => help(principal, known, act),
        // The secretariat, services; another centre's.
        _ => Verdict::Deny,
    }
}

/// What a volunteer may do, as long as they help her.
fn help(principal: &Principal, known: &Known, act: Act) -> Verdict {
    let Some(relation) = &known.relation else { return Verdict::Deny };
    let live = relation.nearness(known.today) == Nearness::Live && known.heard != Heard::HeldBack;
    let helps = relation.is_tied(&principal.actor, Tie::Volunteer, known.today);
    match act {
        Act::Help(class) if live && helps && !relation.conflicts_with(&principal.actor) => match class {
            Class::Open | Class::Personal => Verdict::Allow,
            Class::Narrative | Class::Identity | Class::Location => Verdict::Mask,
        },
        _ => Verdict::Deny,
    }
}

/// What somebody who works at the centre may do.
fn near(principal: &Principal, known: &Known, act: Act) -> Verdict {
    let Some(relation) = &known.relation else { return Verdict::Deny };
    let leads = principal.role == Role::Leader;
    if relation.conflicts_with(&principal.actor) || (principal.role == Role::Temp && !known.engaged) {
        return Verdict::Deny;
    }
    let answers = leads || known.on_duty;
    let close = answers || relation.is_contact_person(&principal.actor, known.today);
    let current = known.heard == Heard::Whole;
    let shown = |allowed: bool| if allowed { Verdict::Allow } else { Verdict::Mask };
    // What is not known for certain is taken for the less. Whoever was forgotten is as one who left: what was kept of her children opens.
    let live = relation.nearness(known.today) == Nearness::Live && known.heard != Heard::HeldBack;
    // She calls the lifeline, or comes back: whoever answers for the house finds her.
    if !live && !answers {
        return Verdict::Deny;
    }
    let (Act::Read(class) | Act::Help(class)) = act else {
        return if act == Act::Record { Verdict::Allow } else { Verdict::Deny };
    };
    match class {
        Class::Open | Class::Personal => Verdict::Allow,
        // Where she went is among the places recorded here.
        Class::Location if relation.moved_away() => Verdict::Mask,
        Class::Narrative => shown(if live { close } else { leads }),
        Class::Identity => shown(close && current),
        Class::Location => shown(current && if live { close } else { leads }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::{Sign, StayId, Tie};
    use strum::VariantArray;
    use uuid::Uuid;

    const OWN: CentreId = CentreId(Uuid::from_u128(1));

    /// Every role × centre × nearness × tie × duty × engagement × state of hearing × act: allowed is exactly what is listed here.
    #[test]
    fn everything_not_listed_is_denied() {
        let acts: Vec<Act> = Class::VARIANTS
            .iter()
            .flat_map(|class| [Act::Read(*class), Act::Help(*class)])
            .chain([Act::Record, Act::Feed])
            .collect();
        let actor: ActorId = "w-1".parse().unwrap();
        let stay = StayId(Uuid::from_u128(3));
        let tied = |role| Sign::Tied { worker: actor.clone(), role, until: None };
        let ties =
            [vec![], vec![tied(Tie::ContactPerson)], vec![tied(Tie::Volunteer)], vec![Sign::Conflict(actor.clone())]];
        let stages = [
            (Nearness::Live, vec![Sign::Known(None)]),
            (Nearness::Live, vec![Sign::Known(None), Sign::Began(stay)]),
            (Nearness::Live, vec![Sign::Ended(stay), Sign::Aftercare]),
            (Nearness::Past, vec![Sign::Began(stay), Sign::Ended(stay)]),
            (Nearness::Past, vec![Sign::Began(stay), Sign::Left]),
            (Nearness::Live, vec![Sign::Began(stay), Sign::Left, Sign::Aftercare]),
            (Nearness::Live, vec![Sign::Left, Sign::Began(stay)]),
            (Nearness::Erased, vec![Sign::Left, Sign::Erased]),
            (Nearness::Erased, vec![Sign::Began(stay), Sign::Erased]),
        ];
        let flags = |bits: u8| [bits & 1 > 0, bits & 2 > 0];
        let mut asked = 0;
        for (nearness, signs) in &stages {
            let away = signs.contains(&Sign::Left) && !signs.ends_with(&[Sign::Began(stay)]);
            for (tie, more) in ties.iter().enumerate() {
                for (heard, [on_duty, engaged]) in
                    Heard::VARIANTS.iter().flat_map(|heard| (0..4).map(move |bits| (*heard, flags(bits))))
                {
                    let (current, held_back) = (heard == Heard::Whole, heard == Heard::HeldBack);
                    let relation = Some(Relation::of(signs.iter().chain(more)));
                    let today = time::macros::date!(2026 - 11 - 20);
                    let known = Known { centre: OWN, relation, heard, on_duty, engaged, today };
                    let stranger = Known { relation: None, ..known.clone() };
                    for role in Role::VARIANTS {
                        for home in [Some(OWN), Some(CentreId(Uuid::from_u128(2))), None] {
                            let principal = Principal { actor: actor.clone(), role: *role, centre: home };
                            for act in &acts {
                                asked += 1;
                                let leads = *role == Role::Leader;
                                let works = *role == Role::Worker || leads || (*role == Role::Temp && engaged);
                                let answers = leads || on_duty;
                                let live = *nearness == Nearness::Live && !held_back;
                                let past = !live;
                                let seen = works && home == Some(OWN) && tie != 3 && (!past || answers);
                                let close = answers || tie == 1;
                                let helps = *role == Role::Volunteer && home == Some(OWN) && tie == 2 && live;
                                let read = |class| match class {
                                    Class::Open | Class::Personal => Verdict::Allow,
                                    Class::Location if away => Verdict::Mask,
                                    Class::Narrative if live && close => Verdict::Allow,
                                    Class::Identity | Class::Location if live && close && current => Verdict::Allow,
                                    Class::Identity if past && current => Verdict::Allow,
                                    Class::Narrative if past && leads => Verdict::Allow,
                                    Class::Location if past && leads && current => Verdict::Allow,
                                    _ => Verdict::Mask,
                                };
                                let expected = match *act {
                                    Act::Feed if *role == Role::Service => Verdict::Allow,
                                    Act::Feed => Verdict::Deny,
                                    Act::Help(Class::Open | Class::Personal) if helps => Verdict::Allow,
                                    Act::Help(_) if helps => Verdict::Mask,
                                    _ if !seen => Verdict::Deny,
                                    Act::Record => Verdict::Allow,
                                    Act::Read(class) | Act::Help(class) => read(class),
                                };
                                assert_eq!(
                                    decide(&principal, About::Woman(&known), *act),
                                    expected,
                                    "{principal:?} {known:?} {act:?}"
                                );
                                if *act != Act::Feed {
                                    assert_eq!(decide(&principal, About::Woman(&stranger), *act), Verdict::Deny);
                                }
                            }
                        }
                    }
                }
            }
        }
        assert!(asked > 20_000, "{asked}");
    }

    #[test]
    fn what_is_about_nobody_belongs_to_those_employed_at_the_centre() {
        for role in Role::VARIANTS {
            for home in [Some(OWN), Some(CentreId(Uuid::from_u128(2))), None] {
                let principal = Principal { actor: "w-1".parse().unwrap(), role: *role, centre: home };
                let employed = [Role::Worker, Role::Leader].contains(role);
                let verdict = decide(&principal, About::Nobody(OWN), Act::Record);
                assert_eq!(verdict == Verdict::Allow, employed && home == Some(OWN));
                let newcomer = |engaged| About::Newcomer { centre: OWN, engaged };
                assert_eq!(decide(&principal, newcomer(false), Act::Record), verdict, "registering asks as much");
                let may = employed || *role == Role::Temp;
                let registers = decide(&principal, newcomer(true), Act::Record) == Verdict::Allow;
                assert_eq!(registers, may && home == Some(OWN));
                assert_eq!(decide(&principal, About::Anything, Act::Record) == Verdict::Allow, may && home.is_some());
                let helps = may || *role == Role::Volunteer;
                let help = decide(&principal, About::Anything, Act::Help(Class::Open));
                assert_eq!(help == Verdict::Allow, helps && home.is_some());
            }
        }
    }
}
