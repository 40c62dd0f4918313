//! What a service counts. A registry per service: nothing is process-wide. No label ever holds an id of a person.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use std::sync::{Arc, Mutex, PoisonError};

/// What became of a command, or whose progress it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Named {
    /// A stable code or a service's name.
    pub name: String,
}

/// The metrics of a service.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    /// Commands by what became of them: `accepted` or a problem's code.
    pub commands: Family<Named, Counter>,
    /// The last number that the stream acknowledged.
    pub published: Gauge,
    /// How often the relay had to look again.
    pub relay_stops: Counter,
    /// The last number each reader of this process took in.
    pub read: Family<Named, Gauge>,
    /// Events that a reader fetched from a service because the stream had not brought them.
    pub fetched: Counter,
    /// Events that could not be applied and are held back, by reader and service.
    pub held_back: Family<Named, Gauge>,
    /// What was not as a service had signed it, by what it was.
    pub forged: Family<Named, Counter>,
    /// When the calendar of each policy last ran to its end, in seconds since 1970; when the process began, before it has.
    pub calendar: Family<Named, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("livline");
        let (commands, read) = (Family::default(), Family::default());
        let held_back = Family::default();
        let forged = Family::default();
        let calendar = Family::default();
        let (published, relay_stops, fetched) = (Gauge::default(), Counter::default(), Counter::default());
        registry.register("commands", "Commands by what became of them", commands.clone());
        registry.register("published", "Last number acknowledged by the stream", published.clone());
        registry.register("relay_stops", "Times the relay looked again", relay_stops.clone());
        registry.register("read", "Last number taken in, by reader and service", Family::clone(&read));
        registry.register("fetched", "Events fetched from a service's feed", fetched.clone());
        registry.register(
            "held_back",
            "Events that could not be applied, by reader and service",
            Family::clone(&held_back),
        );
        registry.register("forged", "Rows and events that are not as they were signed", Family::clone(&forged));
        registry.register(
            "calendar_run_timestamp_seconds",
            "When the calendar of a policy last ran to its end",
            Family::clone(&calendar),
        );
        let registry = Arc::new(Mutex::new(registry));
        Self { registry, commands, published, relay_stops, read, fetched, held_back, forged, calendar }
    }
}

impl Metrics {
    /// The text that is scraped.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }

    /// Notes that a policy's calendar ran to its end, or that its process began.
    pub fn calendar_ran(&self, policy: &str, at: time::OffsetDateTime) {
        self.calendar.get_or_create(&Named { name: policy.to_owned() }).set(at.unix_timestamp());
    }

    /// Counts a command.
    pub fn command(&self, outcome: &str) {
        self.commands.get_or_create(&Named { name: outcome.to_owned() }).inc();
    }
}
