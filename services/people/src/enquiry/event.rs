//! The facts of an enquiry: choices alone, all of them open.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody asks for a place, or for advice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// What came of it.
    pub outcome: Outcome,
    /// What it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
}

kit::choices! {
    /// What came of an enquiry.
    Outcome {
        /// She got a place.
        Place,
        /// There was none.
        NoPlace,
        /// She was referred to others.
        Referred,
        /// She was advised.
        Advised,
    }
    /// What an enquiry is about.
    About {
        /// A place at a centre.
        Stay,
        /// Short counselling.
        Intervention,
        /// Housing.
        Housing,
        /// Law.
        Legal,
        /// Money.
        Financial,
        /// Safety.
        Safety,
        /// The time after a stay.
        Aftercare,
        /// Work, health, daycare, school, authorities.
        Everyday,
        /// Something else.
        Other,
    }
}
