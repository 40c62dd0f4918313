//! What a policy hears of a case in a test: its entries as they are stored, and read as the engine reads them.

use super::{AGGREGATE, CENTRE, Given, WOMAN, kept, replace};
use crate::{
    Class, Decider, Policy,
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
        let service = P::HEARS.first().expect("a policy hears somebody");
        for (version, entry) in (1..).zip(&self.entries) {
            let Some(event) = self.as_heard::<P>(service, version, entry) else { continue };
            P::hear(&mut heard, &event);
            orders.extend(P::react(&heard, &event, self.now()));
        }
        (heard, orders)
    }

    /// An entry as a policy hears it: read as it is stored, then with its personal facts opened.
    fn as_heard<P: Policy>(&self, service: &str, version: u64, entry: &Entry<D::Event>) -> Option<Heard<P::Foreign>> {
        let whole = |facts: Value| Whole { event: entry.name().to_owned(), facts, facets: entry.facets.clone() };
        let closed = whole(kept(entry, &[])).read::<P::Foreign>(version).ok()?;
        let (entry_version, said) =
            whole(opened(entry)).read::<P::Foreign>(version).expect("what reads closed reads open");
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

/// The entry's facts as a policy gets them: personal ones as plain values, the others closed.
fn opened<E: Events>(entry: &Entry<E>) -> Value {
    let mut facts = kept(entry, &[Class::Personal]);
    replace(&mut facts, &|mark| mark.get("value").cloned());
    facts
}
