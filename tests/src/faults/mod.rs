//! A nemesis and a history checker: many clients record over HTTP while servers and services are killed, stopped, cut off, set back and
//! misled, and in the end what each client was told is held against what is there.
//!
//! Everything is real: two processes of every service, Postgres, nats-server. Each client, and each service's way to Postgres, to NATS and
//! to the feeds, goes through a proxy of its own. The schedule of faults and what each client sends follow from the seed; how they fall
//! together in time does not, so a replay is the same course of trouble and not the same run to the millisecond.
//!
//! What it cannot show: `kill -9` keeps what the kernel holds in its page cache, so a missing fsync does not show (the service asserts the
//! settings at start instead). Everything is on one machine with one clock besides those that are set off, and one Postgres, the keys in it:
//! their own cluster going alone is not shown. A service
//! is upset as a process; its threads are not.
//!
//! ```text
//! schedule   which fault, when, on whom: from the seed alone
//! nemesis    does it, and starts what died of it
//! proxy      ways between programs that can be bad
//! mind       what each client sends: from the seed too
//! writers    clients, and what they were told -> history
//! watch      somebody who reads meanwhile
//! check      the history against Postgres, the streams, the timeline, a rebuild, the orders -> report
//! ```

pub mod check;
pub mod history;
pub mod mind;
pub mod nemesis;
pub mod proxy;
pub mod report;
pub mod schedule;
pub mod watch;
pub mod writers;

use crate::runs;
use check::{RESENT, Stores};
use history::{Command, History, Kept, Outcome, Record};
use mind::Mind;
use nemesis::{Disk, Nemesis, REPLICAS};
use report::{Complaints, Report};
use schedule::{Bounds, Fault, Kind};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval};
use writers::{Writer, replica};

/// How long the last commands may take after the last fault.
const AFTER: Duration = Duration::from_mins(10);
/// How long it may be that nobody hears anything although there is something to hear.
const QUIET: Duration = Duration::from_secs(90);
/// The same for what already did not come once.
const SHORTLY: Duration = Duration::from_secs(2);

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What everything is drawn from.
    pub seed: u64,
    /// Which faults; each comes once before one comes again.
    pub kinds: Vec<Kind>,
    /// How many of them at most.
    pub faults: usize,
    /// For how many seconds at most.
    pub seconds: u64,
    /// How many seconds the longest lasts.
    pub longest: u64,
    /// How many commands at least, spread over the faults.
    pub commands: usize,
    /// How many clients.
    pub clients: usize,
}

impl Plan {
    /// The arguments by which the faults binary does the same.
    fn arguments(&self) -> String {
        let Self { seed, kinds, faults, seconds, longest, commands, clients } = self;
        let only: Vec<&str> = kinds.iter().map(Into::into).collect();
        let mut text = format!("--seed {seed} --longest {longest} --commands {commands} --clients {clients}");
        let bounds = [("faults", *faults as u64, usize::MAX as u64), ("seconds", *seconds, u64::MAX)];
        for (name, bound, none) in bounds {
            let _ = if bound == none { Ok(()) } else { write!(text, " --{name} {bound}") };
        }
        if !kinds.iter().copied().eq(Kind::usual()) {
            let _ = write!(text, " --only {}", only.join(","));
        }
        text
    }
}

/// Does all of it, on servers of its own.
pub async fn run(plan: &Plan, program: &str) -> Report {
    let begun = Instant::now();
    // A run that ends in the middle has said by then how it can be done again.
    println!("replay with make faults FAULTS=\"{}\"", plan.arguments());
    let mut nemesis = Nemesis::start(program, plan.clients).await;
    let bounds = Bounds { faults: plan.faults, seconds: plan.seconds, longest: plan.longest, members: nemesis.size() };
    let schedule = schedule::draw(plan.seed, &plan.kinds, bounds);
    println!("{}", told(&schedule));
    let stores = Stores::open(&nemesis.ground).await;
    stores.begun().await;

    let history = Arc::new(History::default());
    register(&nemesis, &history, plan.clients).await;
    // Every service has heard of every woman.
    stores.begun().await;
    let (stop, watched) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let length = schedule.iter().map(|fault| fault.at + fault.lasts).max().unwrap_or_default();
    let mut writing = Vec::new();
    let services = Arc::new(runs::services());
    for number in 0..plan.clients {
        let client = nemesis.ground.leader().through(nemesis.ways(number).await, writers::PATIENCE);
        let mind = Mind::new(number, plan.seed, services.clone());
        let writer = Writer::new(mind, client, history.clone());
        let pace = length * u32::try_from(plan.clients).unwrap() / u32::try_from(plan.commands.max(1)).unwrap();
        writing.push(tokio::spawn(write(writer, pace, plan.commands, history.clone(), stop.clone())));
    }
    let reader = nemesis.ground.leader().through(nemesis.addresses(), writers::PATIENCE);
    let watching = tokio::spawn(watch::watch(reader.clone(), history.clone(), watched.clone()));

    nemesis.torment(&schedule).await;
    let tormented = begun.elapsed();
    nemesis.heal().await;
    stop.store(true, Relaxed);
    for writer in writing {
        let ended = tokio::time::timeout(AFTER, writer).await;
        ended.expect("a client sends what is left in time").expect("a client goes on");
    }
    watched.store(true, Relaxed);
    let read = watching.await.expect("the reader goes on");

    // What is on its way is answered, and then nothing is.
    nemesis.restart_services().await;
    let resolved = resend(&reader, &history).await;
    let mut behind = stores.quiet(QUIET).await;
    if behind.is_empty() {
        // The calendar runs at start, and sees the last offers.
        nemesis.restart_services().await;
        behind = stores.quiet(QUIET).await;
    }

    let mut complaints = Complaints::default();
    // What never comes is not waited for again.
    let patience = if behind.is_empty() { QUIET } else { SHORTLY };
    for reader in behind {
        complaints.say("skipped", reader);
    }
    let set_back = plan.kinds.contains(&Kind::DatabaseSetBack);
    let checked = check::check(&nemesis.ground, &stores, &history, (set_back, patience), &mut complaints).await;
    // Where a database was set back, clients are told of two histories.
    for (wrong, what) in history.with(|kept| std::mem::take(&mut kept.complaints)).into_iter().filter(|_| !set_back) {
        complaints.say(wrong, what);
    }
    for finding in std::mem::take(&mut nemesis.findings) {
        complaints.say("ended", finding);
    }

    let mut report = Report { replay: plan.arguments(), complaints, ..Report::default() };
    report.faults.clone_from(&nemesis.done);
    report.orders = checked.orders;
    let acknowledged = history
        .with(|kept| kept.records.iter().filter(|record| matches!(record.outcome, Outcome::Acknowledged(_))).count());
    for (so, what) in [
        (acknowledged * 4 >= plan.commands, "most commands were not acknowledged"),
        (!nemesis.done.is_empty(), "nothing went wrong"),
        (read > 0, "no course was read"),
    ] {
        report.complaints.must(so, "idle", || what.into());
    }
    report.line("seed", plan.seed);
    report.line(
        "lasted",
        format!("{:.0} s, of it {:.0} s of faults", begun.elapsed().as_secs_f64(), tormented.as_secs_f64()),
    );
    report.line("faults", faults(&nemesis.done, nemesis.disk));
    history.with(|kept| tell(kept, resolved, &mut report));
    let plural = format!(
        "{}, of them {} by policies, which owed {} orders",
        checked.events, checked.by_policies, checked.orders
    );
    report.line("events", plural);
    report.line(
        "compared",
        format!("{} rows of the timeline with a rebuild; {read} courses read meanwhile", checked.rows),
    );
    nemesis.stop().await;
    report
}

/// Makes all women known before anything goes wrong.
async fn register(nemesis: &Nemesis, history: &History, clients: usize) {
    let client = nemesis.ground.leader().through(nemesis.addresses(), writers::PATIENCE);
    for command in mind::registrations(clients) {
        let sent = history.elapsed();
        let (outcome, unsure) = until_known(&client, &command).await;
        assert!(matches!(outcome, Outcome::Acknowledged(_)), "{outcome:?}");
        let (key, when) = (mind::key(&command), (sent, history.elapsed()));
        history.keep(Record { client: 0, command, key, when, outcome, unsure });
    }
}

/// Sends a command, to one replica after the other, until it is known what came of it; and whether a sending before had no answer.
async fn until_known(client: &crate::Client, command: &Command) -> (Outcome, bool) {
    let until = Instant::now() + QUIET;
    let mut unsure = false;
    for at in 0.. {
        let answer = writers::send(client, command, &replica(command.service, at % REPLICAS)).await;
        let outcome = writers::outcome(answer.as_ref());
        // Whoever has no place or no time for it has decided nothing.
        let later = answer.is_some_and(|answer| matches!(answer.status.as_u16(), 408 | 429));
        if !(later || outcome == Outcome::Unknown) || Instant::now() > until {
            return (outcome, unsure);
        }
        unsure |= outcome == Outcome::Unknown;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    (Outcome::Unknown, unsure)
}

/// The schedule, a line each.
#[must_use]
pub fn told(schedule: &[Fault]) -> String {
    schedule.iter().fold(String::new(), |mut text, fault| {
        let kind: &'static str = fault.kind.into();
        let _ = writeln!(
            text,
            "{:7.1} s  {kind} for {:.1} s on {:?}",
            fault.at.as_secs_f64(),
            fault.lasts.as_secs_f64(),
            fault.subject
        );
        text
    })
}

/// One client, at its pace, until the faults are over and there are enough commands.
async fn write(mut writer: Writer, pace: Duration, commands: usize, history: Arc<History>, stop: Arc<AtomicBool>) {
    let mut beat = interval(pace.max(Duration::from_millis(1)));
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while !(stop.load(Relaxed) && history.count() >= commands) {
        beat.tick().await;
        writer.step().await;
    }
}

/// Sends once more every command of which the client does not know what came of it. How many, and how many of them were taken.
async fn resend(client: &crate::Client, history: &History) -> (usize, usize) {
    let (mut open, mut known) = (BTreeMap::new(), BTreeSet::new());
    history.with(|kept| {
        for record in &kept.records {
            match &record.outcome {
                Outcome::Acknowledged(told) if !told.events.is_empty() => drop(known.insert(record.key)),
                Outcome::Unknown => drop(open.insert(record.key, record.command.clone())),
                _ if record.unsure => drop(open.insert(record.key, record.command.clone())),
                _ => {}
            }
        }
    });
    open.retain(|key, _| !known.contains(key));
    let (many, mut taken) = (open.len(), 0);
    for (key, command) in open {
        let sent = history.elapsed();
        let (outcome, _) = until_known(client, &command).await;
        if outcome == Outcome::Unknown {
            history.complain("lost", format!("{} does not answer when all is healed", command.service));
        }
        taken += usize::from(matches!(outcome, Outcome::Acknowledged(_)));
        let when = (sent, history.elapsed());
        history.keep(Record { client: RESENT, command, key, when, outcome, unsure: false });
    }
    (many, taken)
}

fn faults(done: &BTreeMap<&'static str, u64>, disk: Disk) -> String {
    let each: Vec<String> = done.iter().map(|(kind, many)| format!("{many} {kind}")).collect();
    let disk = match disk {
        Disk::Small => "the full disk is a tmpfs",
        Disk::Limited => "the full disk is a limit on the size of files",
    };
    format!("{}: {} ({disk})", done.values().sum::<u64>(), each.join(", "))
}

/// The clients' lines of the table.
fn tell(kept: &mut Kept, (many, taken): (usize, usize), report: &mut Report) {
    let (mut acknowledged, mut nothing, mut unknown) = (0, 0, 0);
    let mut refused: BTreeMap<&str, u64> = BTreeMap::new();
    for record in kept.records.iter().filter(|record| record.client != RESENT) {
        match &record.outcome {
            Outcome::Acknowledged(told) if told.events.is_empty() => nothing += 1,
            Outcome::Acknowledged(_) => acknowledged += 1,
            Outcome::Refused(code) => *refused.entry(code).or_default() += 1,
            Outcome::Unknown => unknown += 1,
        }
    }
    let all = acknowledged + nothing + unknown + refused.values().sum::<u64>();
    report.line(
        "commands",
        format!("{all}: {acknowledged} acknowledged, {nothing} so already, {unknown} without an answer"),
    );
    let codes: Vec<String> = refused.iter().map(|(code, many)| format!("{many} {code}")).collect();
    report.line("refused", format!("{}: {}", refused.values().sum::<u64>(), codes.join(", ")));
    report.line("repeats", format!("{} with the same body, {} with another", kept.repeats.0, kept.repeats.1));
    let undecided: Vec<String> = kept.undecided.iter().map(|(why, many)| format!("{many} {why}")).collect();
    report.line("undecided", undecided.join(", "));
    report.line("resolved", format!("{many} sent again in the end, {taken} of them taken"));
}
