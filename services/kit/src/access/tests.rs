//! Who may do what, enumerated.

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
        .chain(Right::VARIANTS.iter().map(|right| Act::Write(*right)))
        .chain([Act::Feed])
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
    let flags = |bits: u8| [bits & 1 > 0, bits & 2 > 0, bits & 4 > 0];
    let mut asked = 0;
    for (nearness, signs) in &stages {
        let away = signs.contains(&Sign::Left) && !signs.ends_with(&[Sign::Began(stay)]);
        for (tie, more) in ties.iter().enumerate() {
            for (heard, [duty, engagement, left]) in
                Heard::VARIANTS.iter().flat_map(|heard| (0..8).map(move |bits| (*heard, flags(bits))))
            {
                let (current, held_back) = (heard == Heard::Whole, heard == Heard::HeldBack);
                let relation = Some(Relation::of(signs.iter().chain(more)));
                let today = time::macros::date!(2026 - 11 - 20);
                let known = Known { centre: OWN, relation, heard, on_duty: duty, engaged: engagement, left, today };
                // Who left has neither tie nor duty, whatever is still heard of them.
                let (engaged, tied) = (engagement && !left, |to: usize| tie == to && !left);
                let stranger = Known { relation: None, ..known.clone() };
                for role in Role::VARIANTS {
                    for home in [Some(OWN), Some(CentreId(Uuid::from_u128(2))), None] {
                        let principal = Principal { actor: actor.clone(), role: *role, centre: home };
                        for act in &acts {
                            asked += 1;
                            let leads = *role == Role::Leader;
                            let works = *role == Role::Worker || leads || (*role == Role::Temp && engaged);
                            // A temp's role bounds what a duty gives.
                            let on_duty = duty && !left && *role != Role::Temp;
                            let answers = leads || on_duty;
                            let live = *nearness == Nearness::Live && !held_back;
                            let past = !live;
                            let seen = works && home == Some(OWN) && tie != 3 && (!past || answers);
                            let close = answers || tied(1);
                            let helps = *role == Role::Volunteer && home == Some(OWN) && tied(2) && live;
                            // In the words of the domain: close is the contact person, whoever is on duty, and the leader; those who
                            // answer are the last two; a temp is none of them.
                            let right = match role {
                                Role::Leader => Right::Leader,
                                Role::Worker if on_duty => Right::Answers,
                                Role::Worker if tied(1) => Right::Close,
                                _ => Right::Record,
                            };
                            let read = |class| match class {
                                Class::Open | Class::Personal => Verdict::Allow,
                                Class::Location if away => Verdict::Mask,
                                Class::Narrative | Class::Identity | Class::Location if live && close && current => {
                                    Verdict::Allow
                                }
                                Class::Identity if past && current => Verdict::Allow,
                                Class::Narrative | Class::Location if past && leads && current => Verdict::Allow,
                                _ => Verdict::Mask,
                            };
                            let expected = match *act {
                                Act::Feed if *role == Role::Service => Verdict::Allow,
                                Act::Feed => Verdict::Deny,
                                Act::Help(Class::Open | Class::Personal) if helps => Verdict::Allow,
                                Act::Help(_) if helps => Verdict::Mask,
                                _ if !seen => Verdict::Deny,
                                Act::Write(needed) if needed <= right => Verdict::Allow,
                                Act::Write(_) => Verdict::Deny,
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
        for (home, on_duty) in [Some(OWN), Some(CentreId(Uuid::from_u128(2))), None]
            .into_iter()
            .flat_map(|home| [(home, false), (home, true)])
        {
            let principal = Principal { actor: "w-1".parse().unwrap(), role: *role, centre: home };
            let here = home == Some(OWN);
            let house = match role {
                Role::Leader => Some(Right::Leader),
                Role::Worker if on_duty => Some(Right::Answers),
                Role::Worker => Some(Right::Record),
                _ => None,
            };
            let newcomer = |engaged| About::Newcomer { centre: OWN, on_duty, engaged };
            for needed in Right::VARIANTS {
                let asked = |about| decide(&principal, about, Act::Write(*needed)) == Verdict::Allow;
                let may = here && house.is_some_and(|right| right >= *needed);
                assert_eq!(asked(About::Nobody { centre: OWN, on_duty }), may);
                assert_eq!(asked(newcomer(false)), may, "registering asks as much");
                let temp = *role == Role::Temp && here && *needed == Right::Record;
                assert_eq!(asked(newcomer(true)), may || temp);
                // Before anything is looked up, nobody is refused who may be on duty.
                let anything = home.is_some()
                    && match role {
                        Role::Leader => *needed <= Right::Leader,
                        Role::Worker => *needed <= Right::Answers,
                        Role::Temp => *needed == Right::Record,
                        _ => false,
                    };
                assert_eq!(asked(About::Anything), anything);
            }
            let helps = [Role::Worker, Role::Leader, Role::Temp, Role::Volunteer].contains(role);
            let help = decide(&principal, About::Anything, Act::Help(Class::Open));
            assert_eq!(help == Verdict::Allow, helps && home.is_some());
        }
    }
}
