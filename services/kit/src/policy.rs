//! How a service reacts to others, and to the calendar.
//!
//! Deliberately absent: progress, retries, exactly-once; the engine's policy runner keeps those.

use crate::{
    ActorId, AggregateId, CentreId, Class, Facets, Happened, WomanId,
    deadlines::Deadlines,
    decider::{Commands, Decider, Events},
    entry::{ENTRY_CORRECTED, RECORDED_IN_ERROR},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use time::Date;
use uuid::Uuid;

/// One rule of a service. It hears events, keeps what it needs of each woman, and commands its own service's aggregates.
pub trait Policy: Send + Sync + 'static {
    /// Its stable name: part of every key it makes. Renaming it makes it a new policy.
    const NAME: &'static str;
    /// The services it hears, from their first event.
    const HEARS: &'static [&'static str];
    /// The classes of facts that it hears opened. Personal ones, unless a rule cannot be without another: people's own rule that a
    /// woman moves to another centre, which is a place.
    const OPENS: &'static [Class] = &[Class::Personal];
    /// What it keeps of one woman; sealed where it is stored.
    type Heard: Default + Serialize + DeserializeOwned + Send + Sync;
    /// The events it understands: an enum by event with only the fields it needs (`#[serde(tag = "event", content = "facts")]`), read
    /// from `{ "event", "facts", "facets" }`. An event it has no variant for is none of its business; one it has, that does not read, is
    /// held back. Personal facts come opened, the others closed, so sealed facts are named by their classes ([`crate::Personal`] and
    /// the others).
    type Foreign: DeserializeOwned + Send + Sync;
    /// The aggregate it commands.
    type Decider: Decider;

    /// Remembers what matters of an event.
    fn hear(heard: &mut Self::Heard, event: &Heard<Self::Foreign>);
    /// What follows from an event at once. `heard` has taken it in already.
    #[must_use]
    fn react(heard: &Self::Heard, event: &Heard<Self::Foreign>, now: Now<'_>) -> Vec<Order<Self::Decider>> {
        let _ = (heard, event, now);
        Vec::new()
    }
    /// What the day asks for. Runs daily and at start.
    #[must_use]
    fn due(heard: &Self::Heard, now: Now<'_>) -> Vec<Order<Self::Decider>> {
        let _ = (heard, now);
        Vec::new()
    }
    /// The configured deadlines it goes by; checked at start.
    #[must_use]
    fn deadlines() -> &'static [&'static str] {
        &[]
    }
}

/// What a policy may look at besides what it has heard.
#[derive(Debug, Clone, Copy)]
pub struct Now<'a> {
    /// Today in Copenhagen.
    pub today: Date,
    /// The configured deadlines.
    pub deadlines: &'a Deadlines,
}

/// An event as a policy hears it.
#[derive(Debug, Clone)]
pub struct Heard<F> {
    /// The event's id, `service/aggregate/version`, with the moment of its recording.
    pub id: String,
    /// The service it comes from.
    pub service: String,
    /// The aggregate it happened to.
    pub aggregate: AggregateId,
    /// Which of the aggregate's entries it is about: itself, or the one that it corrects or takes back.
    pub entry: u64,
    /// Who recorded it.
    pub actor: ActorId,
    /// The woman.
    pub woman: WomanId,
    /// The centre that recorded it.
    pub centre: CentreId,
    /// When it happened.
    pub happened: Happened,
    /// What it means to readers.
    pub facets: Facets,
    /// What it says.
    pub said: Said<F>,
}

/// What an event says of an entry, in the fields that the policy asked for.
#[derive(Debug, Clone)]
pub enum Said<F> {
    /// It was recorded.
    Recorded(F),
    /// It should have been so.
    Corrected(F),
    /// It was recorded in error.
    TakenBack,
}

impl<F> Heard<F> {
    /// The event, where it is one that was recorded just now: what a rule reacts to.
    pub fn recorded(&self) -> Option<&F> {
        match &self.said {
            Said::Recorded(event) => Some(event),
            Said::Corrected(_) | Said::TakenBack => None,
        }
    }

    /// The event as it stands now, be it recorded or corrected.
    pub fn stands(&self) -> Option<&F> {
        match &self.said {
            Said::Recorded(event) | Said::Corrected(event) => Some(event),
            Said::TakenBack => None,
        }
    }
}

/// An event as it is read for a policy.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The event type's name.
    pub event: String,
    /// Its facts.
    pub facts: Value,
    /// What it means to readers.
    pub facets: Facets,
}

impl Whole {
    /// What an event of this `version` says, and of which entry. `None`: it is none of the policy's business, for it knows no event of
    /// that name; an error: it is, and does not read.
    pub fn read<F: DeserializeOwned>(self, version: u64) -> Result<Option<(u64, Said<F>)>, serde_json::Error> {
        let Self { event, facts, facets } = self;
        let about = || facts.get("version").and_then(Value::as_u64).unwrap_or(version);
        let field = |name: &str| facts.get(name).cloned().unwrap_or_default();
        let read = |event: Value, facts: Value| {
            let whole = json!({ "event": event, "facts": facts, "facets": facets });
            match serde_json::from_value(whole) {
                Ok(known) => Ok(Some(known)),
                Err(error) if error.to_string().starts_with("unknown variant") => Ok(None),
                Err(error) => Err(error),
            }
        };
        Ok(match event.as_str() {
            RECORDED_IN_ERROR => Some((about(), Said::TakenBack)),
            ENTRY_CORRECTED => read(field("event"), field("facts"))?.map(|event| (about(), Said::Corrected(event))),
            _ => read(event.into(), facts.clone())?.map(|event| (version, Said::Recorded(event))),
        })
    }
}

/// What was heard and stands, in the order in which it was heard: corrections in the place of what they correct, without what was
/// taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing<T>(Vec<Stood<T>>);

/// One entry that stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stood<T> {
    /// The service it comes from.
    pub service: String,
    /// The aggregate.
    pub aggregate: AggregateId,
    /// Which of its entries.
    pub entry: u64,
    /// The centre that recorded it.
    pub centre: CentreId,
    /// When it happened.
    pub happened: Happened,
    /// What the policy keeps of it.
    pub what: T,
}

impl<T> Default for Standing<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Standing<T> {
    /// Takes an event in; `of` says what to keep of it, and `None` where it is not kept here.
    pub fn take<F>(&mut self, event: &Heard<F>, of: impl FnOnce(&F) -> Option<T>) {
        let place = self.place(event);
        match (event.stands().and_then(of), place) {
            (Some(what), place) => {
                let (service, aggregate, entry) = (event.service.clone(), event.aggregate, event.entry);
                let stood = Stood { service, aggregate, entry, centre: event.centre, happened: event.happened, what };
                match place.and_then(|place| self.0.get_mut(place)) {
                    Some(there) => *there = stood,
                    None => self.0.push(stood),
                }
            }
            (None, Some(place)) => drop(self.0.remove(place)),
            (None, None) => {}
        }
    }

    /// What stands of the entry that an event is about.
    #[must_use]
    pub fn of<F>(&self, event: &Heard<F>) -> Option<&Stood<T>> {
        self.place(event).and_then(|place| self.0.get(place))
    }

    fn place<F>(&self, event: &Heard<F>) -> Option<usize> {
        let about = (&event.service, event.aggregate, event.entry);
        self.0.iter().position(|stood| (&stood.service, stood.aggregate, stood.entry) == about)
    }

    /// What one centre recorded: what another one knows of her is not known here.
    #[must_use]
    pub fn at(&self, centre: CentreId) -> impl DoubleEndedIterator<Item = &Stood<T>> {
        self.0.iter().filter(move |stood| stood.centre == centre)
    }

    /// The same with another thing kept of each entry, and without those of which nothing is.
    #[must_use]
    pub fn keeping<U>(&self, of: impl Fn(&T) -> Option<U>) -> Standing<U> {
        let kept = |stood: &Stood<T>| {
            let what = of(&stood.what)?;
            let Stood { service, aggregate, entry, centre, happened, .. } = stood;
            let (service, aggregate, entry) = (service.clone(), *aggregate, *entry);
            Some(Stood { service, aggregate, entry, centre: *centre, happened: *happened, what })
        };
        Standing(self.0.iter().filter_map(kept).collect())
    }

    /// Whether nothing does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that stands.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Stood<T>> {
        self.0.iter()
    }
}

/// A command that a policy gives.
#[derive(Debug, Clone)]
pub struct Order<D: Decider> {
    /// To which aggregate.
    pub to: To,
    /// For whose centre it acts.
    pub centre: CentreId,
    /// What the order is about, so that the same order given again is known: an event's id, or a subject and date.
    pub about: String,
    /// Who holds what it opens; none: nobody yet.
    pub responsible: Option<ActorId>,
    /// The command.
    pub command: D::Command,
}

/// Which aggregate an order goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// One that exists. Where a rule chooses among several, the first choice for an order is kept.
    Existing(AggregateId),
    /// The policy's own case of hers at this centre, opened where it is not there yet.
    OwnCase,
}

impl<D: Decider> Order<D> {
    /// The idempotency key of the order: the same wherever and whenever it is given for the same reason.
    #[must_use]
    pub fn key(&self, policy: &str, woman: WomanId) -> Uuid {
        let event = self.command.clone().record();
        crate::ids::derive_id(&["order", policy, &woman.to_string(), &self.about, event.name()])
    }
}

impl To {
    /// The aggregate an order goes to.
    #[must_use]
    pub fn aggregate(self, policy: &str, woman: WomanId, centre: CentreId) -> AggregateId {
        match self {
            Self::Existing(aggregate) => aggregate,
            Self::OwnCase => {
                AggregateId(crate::ids::derive_id(&["case-of-policy", policy, &woman.to_string(), &centre.to_string()]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(tag = "event", content = "facts")]
    enum Foreign {
        Lent { bicycle: String },
    }

    /// The event as it is heard, with who is told it first by its version.
    fn heard(version: u64, event: &str, facts: Value) -> Option<Heard<Foreign>> {
        let whole = Whole { event: event.to_owned(), facts, facets: Facets::default() };
        let (entry, said) = whole.read(version).expect("it reads")?;
        Some(Heard {
            id: format!("bicycles/a/{version}"),
            service: "bicycles".into(),
            aggregate: AggregateId::default(),
            entry,
            actor: ActorId::service("bicycles"),
            woman: WomanId::default(),
            centre: CentreId::default(),
            happened: Happened::Unknown,
            facets: Facets::default(),
            said,
        })
    }

    #[test]
    fn what_stands_follows_corrections_and_what_is_taken_back() {
        let lent = |bicycle: &str| json!({ "bicycle": bicycle });
        let corrected = |version: u64, facts: Value| json!({ "version": version, "event": "Lent", "facts": facts });
        let mut standing = Standing::default();
        let stands = |standing: &Standing<String>| standing.iter().map(|stood| stood.what.clone()).collect::<Vec<_>>();
        let mut tell = |version, event: &str, facts| {
            let heard = heard(version, event, facts).expect("it is the policy's business");
            standing.take(&heard, |Foreign::Lent { bicycle }| (bicycle != "none").then(|| bicycle.clone()));
            stands(&standing)
        };
        assert_eq!(tell(2, "Lent", lent("red")), ["red"]);
        assert_eq!(tell(3, "Lent", lent("blue")), ["red", "blue"]);
        assert_eq!(tell(4, ENTRY_CORRECTED, corrected(2, lent("green"))), ["green", "blue"]);
        assert_eq!(tell(5, RECORDED_IN_ERROR, json!({ "version": 3 })), ["green"]);
        assert_eq!(tell(6, RECORDED_IN_ERROR, json!({ "version": 99 })), ["green"]);
        // Corrected to something that is not kept.
        assert!(tell(7, ENTRY_CORRECTED, corrected(2, lent("none"))).is_empty());
    }

    #[test]
    fn only_what_is_recorded_is_reacted_to() {
        let facts = json!({ "version": 2, "event": "Lent", "facts": { "bicycle": "red" } });
        let corrected = heard(4, ENTRY_CORRECTED, facts).unwrap();
        assert!(corrected.recorded().is_none() && corrected.stands().is_some());
        assert_eq!(corrected.entry, 2);
        let back = heard(5, RECORDED_IN_ERROR, json!({ "version": 2 })).unwrap();
        assert!(back.recorded().is_none() && back.stands().is_none());
        // What cannot be read although it is the policy's business is told from what is not.
        let odd = Whole { event: "Lent".into(), facts: json!({ "bicycle": 7 }), facets: Facets::default() };
        assert!(odd.read::<Foreign>(6).is_err());
        // What is none of the policy's business, corrections of it among it.
        assert!(heard(6, "Sold", json!({})).is_none());
        assert!(heard(7, ENTRY_CORRECTED, json!({ "version": 3, "event": "Sold", "facts": {} })).is_none());
    }
}
