//! Three minutes of everything that can go wrong: every kind of fault at least once, and what must hold in the end.
//!
//! `make faults` is the same for as long as one likes.

use livline_tests::faults::{self, Plan, schedule::Kind};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_nothing_is_lost_or_doubled() {
    let plan = Plan {
        seed: engine::clock::random_id().as_u64_pair().0 >> 32,
        kinds: Kind::usual().collect(),
        faults: usize::MAX,
        seconds: 125,
        longest: 8,
        commands: 4_000,
        clients: 16,
    };
    let report = faults::run(&plan, env!("CARGO_BIN_EXE_program")).await;
    println!("{}", report.text());
    assert!(report.good(), "{}", report.text());
    for kind in Kind::usual() {
        assert!(report.faults.contains_key(<&str>::from(kind)), "{kind:?} never came");
    }
    assert!(report.orders > 0, "no rule had anything to order");
}
