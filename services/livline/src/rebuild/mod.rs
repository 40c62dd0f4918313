//! `livline rebuild timeline`: a timeline beside the live one, from the first event on, and then in its place.
//!
//! [`source`] reads ahead, [`load`] fills, [`timeline::beside`] holds and switches. What was begun goes on where it stopped: Ctrl-C costs
//! nothing. The live timeline is read and goes on all the while, but for the moment of the switch. Deliberately absent: anything that
//! changes an event or a stream.

pub(crate) mod load;
pub(crate) mod source;

use crate::{
    cli::Data,
    failure::Failure,
    installation::{Domain, Installation},
    terminal,
    verify::{self, Finding},
};
use engine::integrity::Signer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use load::failed;
use secrecy::SecretString;
pub use source::{From, Source};
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    time::{Duration, Instant},
};
use timeline::beside::{Beside, BesideError, Pause};

/// The schema it is built in.
const SCHEMA: &str = "rebuild";
/// A live timeline that is behind its service by no more is followed; one that is further behind is overtaken.
const NEAR: u64 = 10_000;
/// How few events are left for the moment in which the live readers wait.
const REACH: u64 = 500;
/// How long the last events may take while the live readers wait.
const BOUND: Duration = Duration::from_secs(5);
/// How often the tables are asked for, and how long between.
const ATTEMPTS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// `livline rebuild`
#[derive(Debug, clap::Args)]
pub struct Rebuild {
    /// What is made anew
    what: What,
    /// Where the events come from [default: NATS where its streams are whole, else the services]
    #[arg(long)]
    from: Option<From>,
    /// Begin again, although a rebuild was begun and not finished
    #[arg(long)]
    anew: bool,
    #[command(flatten)]
    data: Data,
}

/// What signs the timeline's own rows.
pub(crate) fn signer(domains: &[Domain]) -> Result<Signer, Failure> {
    let any = domains.first().ok_or_else(|| Failure::Other("There is no service.".into()))?;
    Ok(any.signer.of(timeline::SERVICE))
}

/// What can be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// Each woman's course and what is open in it
    Timeline,
}

/// What came of it.
#[derive(Debug)]
pub struct Rebuilt {
    /// Events that were loaded now.
    pub events: u64,
    /// How long that took.
    pub took: Duration,
    /// How many were there from before.
    pub resumed: u64,
    /// What differed from the live timeline.
    pub findings: Vec<Finding>,
    /// How long the live readers waited at the switch.
    pub waited: Duration,
}

/// Rebuilds the timeline of what runs on a data folder.
pub async fn rebuild(options: &Rebuild) -> Result<(), Failure> {
    let What::Timeline = options.what;
    let installation = Installation::beside(options.data.folder().as_deref()).await?;
    let rebuilt =
        run(&installation.domains, &installation.timeline, options.from, options.anew, &terminal::say).await?;
    tell(&rebuilt, &terminal::say);
    Ok(())
}

/// What is told in the end.
pub(crate) fn tell(rebuilt: &Rebuilt, say: &(dyn Fn(String) + Sync)) {
    let (events, took) = (rebuilt.events, rebuilt.took.as_secs_f64());
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate")]
    let rate = (events as f64 / took.max(0.001)) as u64;
    say(format!(
        "{} events in {took:.1} s, {} a second. The live timeline took nothing in for {} ms, and was read all the while.",
        verify::thousands(events),
        verify::thousands(rate),
        rebuilt.waited.as_millis(),
    ));
    if rebuilt.findings.is_empty() {
        say("The rebuilt timeline is the same as the live one was. It is in its place.".into());
    } else {
        say("The rebuilt timeline is in the place of the live one, which differed:".into());
        for finding in &rebuilt.findings {
            say(finding.to_string());
        }
    }
}

/// Rebuilds the timeline in a database, its owner's address being `url`, from these services.
pub async fn run(
    domains: &[Domain],
    url: &SecretString,
    from: Option<From>,
    anew: bool,
    say: &(dyn Fn(String) + Sync),
) -> Result<Rebuilt, Failure> {
    let mut sources = Vec::with_capacity(domains.len());
    for domain in domains {
        sources.push(Source::choose(domain, from).await?);
    }
    let beside = Beside::open(url, signer(domains)?, SCHEMA, anew).await.map_err(failed)?;
    let mut resumed = 0;
    for source in &sources {
        resumed += load::stands(&beside, source).await?.number;
    }
    let heads = total(&sources).await?;
    if resumed > 0 {
        say(format!("Going on with the rebuild that was begun: {} events are there.", verify::thousands(resumed)));
    }
    let ways: Vec<String> = sources.iter().map(|source| format!("{} from {}", source.service, source.way())).collect();
    say(format!("Rebuilding the timeline, {} events: {}.", verify::thousands(heads), ways.join(", ")));
    let bar = bar("Rebuilding the timeline", "events", heads);
    bar.set_position(resumed);
    bar.reset_eta();
    let begun = Instant::now();
    catch_up(&beside, &sources, &bar).await?;
    beside.finish().await.map_err(failed)?;
    catch_up(&beside, &sources, &bar).await?;
    let findings = compare(&beside, &sources).await?;
    if resumed > 0 && !findings.is_empty() {
        // What was begun may be what an earlier program made, or hold back what can be applied by now.
        bar.finish_and_clear();
        drop(beside);
        say("What was begun earlier differs from the live one: beginning again.".into());
        return Box::pin(run(domains, url, from, true, say)).await;
    }
    let waited = switch(&beside, &sources, &bar).await?;
    let events = bar.position() - resumed;
    bar.finish_and_clear();
    Ok(Rebuilt { events, took: begun.elapsed(), resumed, findings, waited })
}

async fn total(sources: &[Source]) -> Result<u64, Failure> {
    let mut total = 0;
    for source in sources {
        total += source.head().await?;
    }
    Ok(total)
}

/// Loads until little is left: writers go on meanwhile, so it may take several turns.
async fn catch_up(beside: &Beside, sources: &[Source], bar: &ProgressBar) -> Result<(), Failure> {
    loop {
        let live = live(beside).await?;
        let (mut targets, mut left) = (Vec::with_capacity(sources.len()), 0);
        for source in sources {
            let head = source.head().await?;
            let target = match live.get(source.service) {
                // No further than the live one, so that both can be compared.
                Some((epoch, number)) if *epoch == source.epoch && head.saturating_sub(*number) < NEAR => {
                    head.min(*number)
                }
                _ => head,
            };
            left += target.saturating_sub(load::stands(beside, source).await?.number);
            targets.push((source, target));
        }
        if left == 0 {
            return Ok(());
        }
        bar.set_length(bar.length().unwrap_or_default().max(bar.position() + left));
        let before = bar.position();
        load::load(beside, &targets, bar).await?;
        // Where nothing came there is nothing more.
        if left < REACH || bar.position() == before {
            return Ok(());
        }
    }
}

async fn live(beside: &Beside) -> Result<BTreeMap<String, (kit::Epoch, u64)>, Failure> {
    let moment = beside.moment().await.map_err(failed)?;
    let live = moment.live.clone();
    moment.end().await.map_err(failed)?;
    Ok(live)
}

/// Both at the same number, in one moment of the live one.
async fn compare(beside: &Beside, sources: &[Source]) -> Result<Vec<Finding>, Failure> {
    let mut moment = beside.moment().await.map_err(failed)?;
    let mut findings = Vec::new();
    for source in sources {
        findings.extend(verify::timeline::compare(beside, &mut moment, source).await?);
    }
    findings.extend(verify::timeline::strangers(&mut moment, sources).await?);
    moment.end().await.map_err(failed)?;
    Ok(findings)
}

/// The live readers wait, the last events come in, the tables change places. What holds the tables is waited for, not broken.
async fn switch(beside: &Beside, sources: &[Source], bar: &ProgressBar) -> Result<Duration, Failure> {
    let mut attempt = 0;
    loop {
        catch_up(beside, sources, bar).await?;
        let switched = async {
            let pause = Pause::begin(beside).await.map_err(Stopped::Beside)?;
            let mut targets = Vec::with_capacity(sources.len());
            for source in sources {
                if let Some((epoch, number)) = pause.live.get(source.service)
                    && *epoch == source.epoch
                {
                    targets.push((source, *number));
                }
            }
            let loaded = tokio::time::timeout(BOUND, load::load(beside, &targets, bar)).await;
            loaded.map_err(|_| Stopped::Beside(BesideError::InUse))?.map_err(Stopped::Failure)?;
            pause.switch(beside).await.map_err(Stopped::Beside)
        };
        match switched.await {
            Ok(waited) => return Ok(waited),
            Err(Stopped::Beside(BesideError::InUse)) if attempt < ATTEMPTS => attempt += 1,
            Err(Stopped::Beside(error)) => return Err(failed(error)),
            Err(Stopped::Failure(failure)) => return Err(failure),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

enum Stopped {
    Beside(BesideError),
    Failure(Failure),
}

/// A bar for a person at a terminal.
pub(crate) fn bar(what: &'static str, things: &str, many: u64) -> ProgressBar {
    let watched = std::io::stderr().is_terminal();
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(many), target).with_message(what);
    let style = ProgressStyle::with_template(&format!(
        "  {{msg}} {{bar:40}} {{human_pos}} of {{human_len}} {things}, {{per_sec}}, {{eta}} left"
    ));
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}
