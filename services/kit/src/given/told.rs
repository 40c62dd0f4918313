//! What a policy hears of a case in a test: its entries as they are stored, and read as the engine reads them.

use super::{AGGREGATE, CENTRE, Given, WOMAN, day, kept, replace};
use crate::{
    ActorId, Class, Decider, Facets, Happened, Policy,
    decider::Events,
    entry::{Entry, event_id},
    policy::{Heard, Order, Whole},
};
use serde_json::Value;

impl<D: Decider> Given<D> {
    /// What a policy keeps, and orders at once, when it hears all entries so far as they are published.
    #[must_use]
    pub fn told<P: Policy>(&self) -> (P::Heard, Vec<Order<P::Decider>>) {
        let (mut heard, mut orders) = (P::Heard::default(), Vec::new());
        for event in self.tells::<P>(P::HEARS.first().expect("a policy hears somebody")) {
            P::hear(&mut heard, &event);
            orders.extend(P::react(&heard, &event, self.now()));
        }
        (heard, orders)
    }

    /// The entries so far as a policy hears them of a service; those that are none of its business left out.
    #[must_use]
    pub fn tells<P: Policy>(&self, service: &str) -> Vec<Heard<P::Foreign>> {
        let entries = (1..).zip(&self.entries);
        entries.filter_map(|(version, entry)| self.as_heard::<P>(service, version, entry)).collect()
    }

    /// Where a policy of the service has heard an event, see [`heard`].
    #[must_use]
    pub fn hears<P: Policy>(mut self, service: &str, version: u64, event: &str, facts: Value) -> Self {
        let event = heard::<P>(service, version, event, facts).expect("the policy understands it");
        let mut kept = self.heard.get(P::NAME).and_then(Option::as_ref).map_or_else(P::Heard::default, |kept| {
            serde_json::from_value(kept.clone()).expect("what a policy keeps reads back")
        });
        P::hear(&mut kept, &event);
        self.heard
            .insert(P::NAME.to_owned(), Some(serde_json::to_value(kept).expect("what a policy keeps serialises")));
        self
    }

    /// An entry as a policy hears it: read as it is stored, then with its personal facts opened.
    fn as_heard<P: Policy>(&self, service: &str, version: u64, entry: &Entry<D::Event>) -> Option<Heard<P::Foreign>> {
        let whole = |facts: Value| Whole { event: entry.name().to_owned(), facts, facets: entry.facets.clone() };
        let reads = "what is the policy's business reads, closed and open";
        let closed = whole(kept(entry, &[])).read::<P::Foreign>(version).expect(reads)?;
        let (entry_version, said) = whole(opened(entry)).read::<P::Foreign>(version).expect(reads)?;
        assert_eq!(closed.0, entry_version);
        Some(Heard {
            id: event_id(service, AGGREGATE, version),
            service: service.to_owned(),
            aggregate: AGGREGATE,
            entry: entry_version,
            actor: self.actor.clone(),
            woman: WOMAN,
            centre: CENTRE,
            happened: entry.happened,
            facets: entry.facets.clone(),
            said,
        })
    }
}

/// An event of a service as a policy hears it, recorded on 20 November 2026 in the one case of these tests; `None`: none of its
/// business. Personal facts are given as plain values.
#[must_use]
pub fn heard<P: Policy>(service: &str, version: u64, event: &str, facts: Value) -> Option<Heard<P::Foreign>> {
    let whole = Whole { event: event.to_owned(), facts, facets: Facets::default() };
    let (entry, said) = whole.read(version).expect("what is the policy's business reads")?;
    Some(Heard {
        id: event_id(service, AGGREGATE, version),
        service: service.to_owned(),
        aggregate: AGGREGATE,
        entry,
        actor: ActorId::service(service),
        woman: WOMAN,
        centre: CENTRE,
        happened: Happened::On(day("2026-11-20").into()),
        facets: Facets::default(),
        said,
    })
}

/// The entry's facts as a policy gets them: personal ones as plain values, the others closed.
fn opened<E: Events>(entry: &Entry<E>) -> Value {
    let mut facts = kept(entry, &[Class::Personal]);
    replace(&mut facts, &|mark| mark.get("value").cloned());
    facts
}
