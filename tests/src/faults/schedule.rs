//! Which fault, when, for how long, on whom: a pure function of a seed.
//!
//! Two faults may be in force at once, never two on the same server. Deliberately absent: doing any of it ([`super::nemesis`]).

use std::{ops::Range, time::Duration};
use strum::VariantArray;

/// Chance from a seed: splitmix64.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The chance of a seed; of each `part` of a run its own.
    #[must_use]
    pub fn of(seed: u64, part: u64) -> Self {
        let mut first = Self(seed ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93));
        first.draw();
        first
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of so many.
    pub fn below(&mut self, many: usize) -> usize {
        usize::try_from(self.draw() % many.max(1) as u64).unwrap_or(0)
    }

    /// So many times of a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.draw() % 100 < percent
    }

    /// One of these.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A time between two, in milliseconds.
    fn between(&mut self, span: &Range<u64>) -> Duration {
        Duration::from_millis(span.start + self.draw() % (span.end - span.start).max(1))
    }
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// A service's process gets SIGKILL.
    ServiceKilled,
    /// A service's process gets SIGSTOP, and SIGCONT later.
    ServiceStopped,
    /// Both replicas of a service get SIGKILL.
    BothKilled,
    /// Postgres and its backends get SIGKILL.
    PostgresKilled,
    /// Postgres and its backends get SIGSTOP.
    PostgresStopped,
    /// Postgres is shut down fast and started.
    PostgresRestarted,
    /// NATS gets SIGKILL.
    NatsKilled,
    /// NATS gets SIGSTOP.
    NatsStopped,
    /// NATS is killed and finds its store empty.
    StoreDeleted,
    /// NATS is killed and finds an older copy of its store.
    StoreRolledBack,
    /// NATS finds its disk full.
    DiskFull,
    /// A service is started anew with a clock that is off by hours.
    ClockOff,
    /// Clients' connections are reset in the middle.
    Cut,
    /// What clients send and get is late.
    Delayed,
    /// What clients send is swallowed.
    RequestDropped,
    /// What clients should get is swallowed.
    AnswerDropped,
    /// A service and NATS do not reach each other.
    AwayFromNats,
    /// A service and Postgres do not reach each other.
    AwayFromPostgres,
    /// A service and the others' feeds do not reach each other.
    AwayFromFeeds,
    /// A service's database is set back to an older copy: what was acknowledged since is gone, so this is for aimed runs alone.
    DatabaseSetBack,
}

/// On whom a fault is: two on the same one are never in force at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Postgres.
    Postgres,
    /// NATS.
    Nats,
    /// One of the services' processes.
    Member(usize),
    /// Some of the clients.
    Clients,
}

/// How long faults last, in milliseconds.
const MOMENT: Range<u64> = 0..3_000;
const WHILE: Range<u64> = 3_000..10_000;
/// What nobody may take for a mere delay lasts at least so long.
const LONG: u64 = 5_000;
/// Between two faults of one lane.
const PAUSE: Range<u64> = 300..2_000;
/// Faults in force at once.
const LANES: usize = 2;

impl Kind {
    /// Those that take nothing back that was acknowledged.
    pub fn usual() -> impl Iterator<Item = Self> {
        Self::VARIANTS.iter().copied().filter(|kind| *kind != Self::DatabaseSetBack)
    }

    fn lasts(self, chance: &mut Chance, longest: u64) -> Duration {
        let long = LONG..(longest * 1_000).max(LONG + 1);
        chance.between(&match self {
            Self::PostgresRestarted => 0..1,
            Self::Cut | Self::Delayed | Self::RequestDropped | Self::AnswerDropped => WHILE,
            Self::ServiceKilled
            | Self::BothKilled
            | Self::PostgresKilled
            | Self::NatsKilled
            | Self::StoreDeleted
            | Self::StoreRolledBack => MOMENT,
            _ => long,
        })
    }

    fn subject(self, draw: u64, members: usize) -> Subject {
        match self {
            Self::PostgresKilled | Self::PostgresStopped | Self::PostgresRestarted | Self::DatabaseSetBack => {
                Subject::Postgres
            }
            Self::NatsKilled | Self::NatsStopped | Self::StoreDeleted | Self::StoreRolledBack | Self::DiskFull => {
                Subject::Nats
            }
            Self::Cut | Self::Delayed | Self::RequestDropped | Self::AnswerDropped => Subject::Clients,
            _ => Subject::Member(usize::try_from(draw % members.max(1) as u64).unwrap_or(0)),
        }
    }
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: Kind,
    /// On whom.
    pub subject: Subject,
    /// When, from the beginning of the run.
    pub at: Duration,
    /// For how long.
    pub lasts: Duration,
    /// What else is drawn for it: how many hours, which clients.
    pub draw: u64,
}

/// Until when faults are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many at most.
    pub faults: usize,
    /// No later than so many seconds.
    pub seconds: u64,
    /// How many seconds the longest lasts.
    pub longest: u64,
    /// How many processes of services there are.
    pub members: usize,
}

/// The faults of a seed, by when they begin. Every kind comes once, in a drawn order, before one comes again.
#[must_use]
pub fn draw(seed: u64, kinds: &[Kind], bounds: Bounds) -> Vec<Fault> {
    let mut chance = Chance::of(seed, 0);
    let mut coming: Vec<Kind> = kinds.to_vec();
    for place in (1..coming.len()).rev() {
        coming.swap(place, chance.below(place + 1));
    }
    // They are taken from the end.
    let mut lanes = [Duration::from_secs(1); LANES];
    let mut faults: Vec<Fault> = Vec::new();
    while faults.len() < bounds.faults && !kinds.is_empty() {
        let kind = coming.pop().unwrap_or_else(|| *chance.one(kinds));
        let lane = lanes.iter_mut().min().expect("there are lanes");
        let mut at = *lane + chance.between(&PAUSE);
        let draw = chance.draw();
        let subject = kind.subject(draw, bounds.members);
        // The same one gets time to recover in between.
        let busy = faults.iter().filter(|other| other.subject == subject).map(|other| other.at + other.lasts).max();
        at = busy.map_or(at, |until| at.max(until + Duration::from_millis(PAUSE.end)));
        let lasts = kind.lasts(&mut chance, bounds.longest);
        if at + lasts > Duration::from_secs(bounds.seconds) {
            break;
        }
        *lane = at + lasts;
        faults.push(Fault { kind, subject, at, lasts, draw });
    }
    faults.sort_by_key(|fault| fault.at);
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { faults: 200, seconds: u64::MAX, longest: 30, members: 12 };

    #[test]
    fn a_seed_says_everything() {
        let kinds: Vec<Kind> = Kind::usual().collect();
        for seed in 0..50 {
            assert_eq!(draw(seed, &kinds, BOUNDS), draw(seed, &kinds, BOUNDS));
        }
        assert_ne!(draw(1, &kinds, BOUNDS), draw(2, &kinds, BOUNDS));
    }

    #[test]
    fn every_kind_comes_and_no_more_than_two_at_once() {
        let kinds: Vec<Kind> = Kind::usual().collect();
        for seed in 0..50 {
            let faults = draw(seed, &kinds, BOUNDS);
            assert_eq!(faults.len(), 200);
            assert!(kinds.iter().all(|kind| faults.iter().any(|fault| fault.kind == *kind)), "{seed}");
            for fault in &faults {
                let beside = |other: &&Fault| {
                    other.at <= fault.at && fault.at < other.at + other.lasts.max(Duration::from_millis(1))
                };
                let beside: Vec<_> = faults.iter().filter(beside).collect();
                assert!(beside.len() <= LANES, "{seed}: {beside:?}");
                assert!(
                    beside.iter().filter(|other| other.subject == fault.subject).count() <= 1,
                    "{seed}: {beside:?}"
                );
                assert!(fault.lasts <= Duration::from_secs(30));
            }
        }
    }
}
