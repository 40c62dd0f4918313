//! What holds in every order of entries.

use super::{Aftercare, case};
use kit::given::{Given, sample, walk};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

static SAMPLES: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| kit::samples!());

fn plausible(event: &str, byte: u8) -> Value {
    sample(&SAMPLES, event, if byte & 1 == 0 { "complete" } else { "minimal" })
}

fn suggestions_stand(given: &Given<Aftercare>) {
    for action in given.actions() {
        let then = given.clone().when(action, json!({}));
        assert!(then.outcome.is_ok_and(|decided| !decided.entries.is_empty()), "{action} was suggested");
    }
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        walk(case(), &steps, plausible, suggestions_stand);
    }
}
