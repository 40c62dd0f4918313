//! What comes over the stream, whatever it is.

use super::*;
use crate::integrity::Integrity;
use proptest::prelude::*;

const GOLDEN: &str = r#"{"epoch":"6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11","number":7,"specversion":"1.0","subject":"6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e12","data":{"facts":{},"facets":{"weight":"routine"}}}"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    /// What comes over the stream is anybody's who may publish there: any part of it may be any other.
    #[test]
    fn an_event_reads_or_is_held_back(at in 0..GOLDEN.len(), length in 0..30_usize, with in any::<String>(), text in any::<String>()) {
        let signer = Integrity::made_of([7; 32]).of("housing");
        let changed = format!("{}{with}{}", &GOLDEN[..at], &GOLDEN[(at + length).min(GOLDEN.len())..]);
        for text in [changed, text] {
            if let Ok(event) = Event::parse(&text, &signer) {
                prop_assert_eq!(&*event.bytes, text.as_str());
                prop_assert!(!event.genuine);
            }
            prop_assert_eq!(signer.announced("head.housing", text.as_bytes()), None);
        }
        prop_assert_eq!(Event::parse(GOLDEN, &signer).unwrap().number, 7);
    }
}
