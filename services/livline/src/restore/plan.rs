//! Which chains a restore takes, and how far it goes in them. Nothing is written yet.
//!
//! The data go back to the moment that was asked for. The keys always come as they were last: a key that was destroyed since must not
//! come back, and one that is not needed yet opens nothing.

use super::{moment, shown};
use crate::{
    backup::place::{self, Chain},
    cluster::{
        Which,
        programs::{POSTGRES_VARIABLE, PostgresPrograms},
    },
    failure::Failure,
};
use std::{path::Path, process::Command};
use time::OffsetDateTime;

/// What is going to be restored.
#[derive(Debug)]
pub(super) struct Plan {
    /// The data.
    pub(super) data: Chain,
    /// Their keys.
    pub(super) keys: Chain,
    /// Where the data stop; none: with the last that the chain has.
    pub(super) until: Option<OffsetDateTime>,
    /// The chain that knows most: what was lost is counted from it.
    pub(super) newest: Chain,
}

impl Plan {
    /// Finds the chains for a moment; none: the latest.
    pub(super) fn make(place: &Path, moment: Option<OffsetDateTime>) -> Result<Self, Failure> {
        let none = || Failure::Other(format!("There is no backup in {}.", place.display()));
        let (data, until, newest) = choose(place::chains(place, Which::Data)?, moment)?.ok_or_else(none)?;
        let keys = place::chains(place, Which::Keys)?.into_iter().max_by_key(|chain| chain.manifest.until);
        let keys = keys.ok_or_else(none)?;
        if keys.manifest.until < until.unwrap_or(data.manifest.until) {
            return Err(Failure::Other(format!(
                "The keys are saved up to {} only, earlier than the data: run `livline backup` to its end, or restore to a moment before.",
                shown(keys.manifest.until)
            )));
        }
        Ok(Self { data, keys, until, newest })
    }

    /// The moment that the data come back to.
    pub(super) fn reached(&self) -> OffsetDateTime {
        self.until.unwrap_or(self.data.manifest.until)
    }

    /// How much of what the backup has does not come back, in words.
    pub(super) fn lost(&self) -> String {
        let newest = self.newest.manifest.until;
        match self.until {
            None if self.data.id() == self.newest.id() => {
                format!("nothing up to {}, which is as far as the backup goes", shown(newest))
            }
            _ => format!("{} (the backup goes on to {})", moment::length(newest - self.reached()), shown(newest)),
        }
    }

    /// That the PostgreSQL here reads what the one there wrote: only one of the same major version does.
    pub(super) fn runs_here(&self) -> Result<(), Failure> {
        let told = Command::new(PostgresPrograms::find()?.program("postgres")).arg("--version").output();
        let told = told.map(|told| String::from_utf8_lossy(&told.stdout).into_owned()).unwrap_or_default();
        let here = told.split(") ").nth(1).map(major).unwrap_or_default();
        match [&self.data, &self.keys].into_iter().map(|chain| major(&chain.manifest.postgres)).find(|it| *it != here) {
            None => Ok(()),
            Some(there) => Err(Failure::Other(format!(
                "The backup is of PostgreSQL {there}, and here is {here}: install the former, or name its place in {POSTGRES_VARIABLE}."
            ))),
        }
    }
}

/// `15` of `15.18 (Debian …)`.
fn major(version: &str) -> &str {
    version.split(['.', ' ']).next().unwrap_or_default()
}

type Chosen = (Chain, Option<OffsetDateTime>, Chain);

fn choose(chains: Vec<Chain>, moment: Option<OffsetDateTime>) -> Result<Option<Chosen>, Failure> {
    let Some(newest) = chains.iter().max_by_key(|chain| chain.manifest.until).cloned() else { return Ok(None) };
    let Some(moment) = moment else { return Ok(Some((newest.clone(), None, newest))) };
    let first = chains.iter().map(|chain| chain.manifest.from).min();
    match chains.into_iter().filter(|chain| chain.manifest.from <= moment).max_by_key(|chain| chain.manifest.from) {
        Some(chain) => {
            let until = Some(moment).filter(|moment| *moment < chain.manifest.until);
            Ok(Some((chain, until, newest)))
        }
        None => Err(Failure::Other(format!(
            "The backup does not go back that far: {} is the earliest moment it has.",
            first.map(shown).unwrap_or_default()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::place::Manifest;
    use time::macros::datetime;

    fn chain(from: OffsetDateTime, until: OffsetDateTime) -> Chain {
        let mut manifest = Manifest::new(Which::Data, "15".into(), "1".into(), from, "000000010000000000000001".into());
        manifest.until = until;
        Chain { folder: from.to_string().into(), manifest }
    }

    #[test]
    fn what_is_lost_is_counted_from_the_chain_that_knows_most() {
        let [one, two, three, four] =
            [1, 2, 3, 4].map(|day| datetime!(2026-11-01 00:00 UTC) + time::Duration::days(day));
        let lost = |moment| {
            let (data, until, newest) = choose(vec![chain(one, two), chain(three, four)], moment).unwrap().unwrap();
            Plan { keys: data.clone(), data, until, newest }.lost()
        };
        let hour = time::Duration::HOUR;
        assert!(lost(None).starts_with("nothing up to 2026-11-05T01:00:00"), "{}", lost(None));
        assert!(lost(Some(four + hour)).starts_with("nothing up to"), "{}", lost(Some(four + hour)));
        assert!(lost(Some(one + hour)).starts_with("2 days 23 h (the"), "{}", lost(Some(one + hour)));
        assert!(
            lost(Some(two + hour)).starts_with("2 days 0 h (the"),
            "between two chains: {}",
            lost(Some(two + hour))
        );
    }

    #[test]
    fn a_backup_of_another_postgres_is_refused() {
        let plan = |version: &str| {
            let mut chain = chain(datetime!(2026-11-01 00:00 UTC), datetime!(2026-11-02 00:00 UTC));
            chain.manifest.postgres = version.to_owned();
            Plan { data: chain.clone(), keys: chain.clone(), until: None, newest: chain }
        };
        let refused = plan("9.6.1").runs_here().unwrap_err().to_string();
        assert!(refused.starts_with("The backup is of PostgreSQL 9, and here is "), "{refused}");
        assert_eq!(major("15.18 (Debian 15.18-0+deb12u1)"), "15");
    }

    #[test]
    fn the_latest_chain_that_has_the_moment_is_taken() {
        let [one, two, three, four] =
            [1, 2, 3, 4].map(|day| datetime!(2026-11-01 00:00 UTC) + time::Duration::days(day));
        let chains = || vec![chain(one, three), chain(two, four)];
        let chosen = |moment| {
            choose(chains(), moment).map(|chosen| chosen.map(|(chain, until, _)| (chain.manifest.from, until)))
        };
        let hour = time::Duration::HOUR;
        assert_eq!(chosen(None).unwrap(), Some((two, None)));
        assert_eq!(chosen(Some(one + hour)).unwrap(), Some((one, Some(one + hour))));
        assert_eq!(chosen(Some(two)).unwrap(), Some((two, Some(two))));
        assert_eq!(chosen(Some(four + hour)).unwrap(), Some((two, None)), "what it has, where more is asked for");
        let early = chosen(Some(one - hour)).unwrap_err().to_string();
        assert_eq!(
            early,
            "The backup does not go back that far: 2026-11-02T01:00:00+01:00 is the earliest moment it has."
        );
        assert!(choose(Vec::new(), None).unwrap().is_none());
    }
}
