//! What the directory's events come to.

use super::*;
use crate::{
    AggregateId, Happened, WomanId,
    facets::Facets,
    policy::{Heard, Said},
};
use time::macros::date;
use uuid::Uuid;

const TODAY: Date = date!(2026 - 11 - 30);

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn anna(until: Option<Day>) -> DirectoryFact {
    let name = Name::try_from("Anna Holm".to_owned()).ok();
    let worker = "w-1".parse().unwrap();
    DirectoryFact::Registered(Worker { worker, name, role: StaffRole::Worker, from: None, until })
}

/// Entries of one aggregate in their order; `None`: the entry before was taken back.
fn listed(facts: Vec<Option<DirectoryFact>>) -> Option<Listed> {
    let mut standing = Standing::default();
    let mut entry = 0;
    for fact in facts {
        let said = if let Some(fact) = fact {
            entry += 1;
            Said::Recorded(fact)
        } else {
            Said::TakenBack
        };
        let heard = Heard {
            id: entry.to_string(),
            service: "people".into(),
            aggregate: AggregateId::default(),
            entry,
            actor: "l-1".parse().unwrap(),
            woman: WomanId::NOBODY,
            centre: CentreId::default(),
            happened: Happened::On(TODAY.into()),
            facets: Facets::routine(),
            said,
        };
        standing.take(&heard, |fact: &DirectoryFact| Some(fact.clone()));
    }
    Listed::of(&standing)
}

fn directory(entries: Vec<Listed>) -> Directory {
    let mut directory = Directory::default();
    for (number, entry) in (1..).zip(entries) {
        directory.add(CentreId(Uuid::from_u128(1)), AggregateId(Uuid::from_u128(number)), entry);
    }
    directory
}

fn holds(directory: &Directory, who: &str, today: Date) -> bool {
    let who: ActorId = who.parse().unwrap();
    let (worker, anybody) = (Named::Worker(who.clone()), Named::Anybody(who));
    assert_eq!(directory.holds(&worker, today), directory.holds(&anybody, today));
    directory.holds(&worker, today)
}

#[test]
fn somebody_is_known_until_the_last_day() {
    for facts in [
        vec![Some(anna(Some(day("2026-11-30"))))],
        vec![Some(anna(None)), Some(DirectoryFact::Left(day("2026-11-30")))],
        vec![Some(anna(None)), Some(DirectoryFact::Changed { name: None, role: None, until: Some(day("2026-11-30")) })],
    ] {
        let known = directory(vec![listed(facts).unwrap()]);
        assert!(holds(&known, "w-1", TODAY) && !holds(&known, "w-1", date!(2026 - 12 - 01)));
        assert!(!holds(&known, "w-2", TODAY));
    }
}

#[test]
fn what_was_taken_back_says_nothing() {
    assert_eq!(listed(vec![Some(anna(None)), None]), None);
    let stays = listed(vec![Some(anna(None)), Some(DirectoryFact::Left(day("2026-11-01"))), None]);
    assert!(holds(&directory(vec![stays.unwrap()]), "w-1", TODAY));
}

#[test]
fn a_leader_leads_from_the_first_day_to_the_last() {
    let role = Some(StaffRole::Leader);
    let Some(DirectoryFact::Registered(worker)) = Some(anna(Some(day("2026-12-02")))) else { panic!() };
    let later = DirectoryFact::Registered(Worker { from: Some(day("2026-12-01")), ..worker });
    let known = listed(vec![Some(later), Some(DirectoryFact::Changed { name: None, role, until: None })]);
    let known = directory(vec![known.unwrap()]);
    let leads = |today| known.leaders(today).count();
    assert_eq!([TODAY, date!(2026 - 12 - 01), date!(2026 - 12 - 02), date!(2026 - 12 - 03)].map(leads), [0, 1, 1, 0]);
}

#[test]
fn who_came_back_is_known_as_of_the_last_time() {
    let left = listed(vec![Some(anna(Some(day("2026-01-31"))))]).unwrap();
    let back = listed(vec![Some(anna(None))]).unwrap();
    for entries in [vec![left.clone(), back.clone()], vec![back, left]] {
        assert!(holds(&directory(entries), "w-1", TODAY));
    }
}

#[test]
fn a_centre_is_known_until_it_closes() {
    let name = || Name::try_from("Birkely".to_owned()).ok();
    let centre = CentreId(Uuid::from_u128(1));
    let open = listed(vec![Some(DirectoryFact::Named(None)), Some(DirectoryFact::Named(name()))]).unwrap();
    let open = directory(vec![open]);
    assert!(open.holds(&Named::Centre(centre), TODAY) && open.centre_name(centre) == name().as_ref());
    let closed = listed(vec![Some(DirectoryFact::Named(name())), Some(DirectoryFact::Closed)]).unwrap();
    let closed = directory(vec![closed]);
    assert!(!closed.holds(&Named::Centre(centre), TODAY) && closed.centre_name(centre) == name().as_ref());
}
