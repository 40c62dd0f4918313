//! Whether two things take the same time, told on a slow and busy machine as on a quick one.
//!
//! A round does both, one right after the other and now the one first, now the other, and asks the database something beside: so
//! whatever else the machine does falls on all three. What is judged is the median of the rounds' own differences, with as many rounds
//! as it takes until it is certain on which side of the bound it lies; and the bound is counted in what a query costs here and now.
//! Deliberately absent: any fixed time.

use std::time::Instant;

/// Rounds before anything is said, between two looks, and at most.
const LEAST: usize = 60;
const STEP: usize = 20;
const MOST: usize = 2000;

/// What was found.
#[derive(Debug, Clone, Copy)]
pub struct Alike {
    /// Whether they take the same time, within the bound.
    pub same: bool,
    /// By how many queries' time they differ.
    pub queries: f64,
    /// What a query takes, in seconds.
    pub query: f64,
    /// After how many rounds it was certain.
    pub rounds: usize,
}

/// Whether `one` and `another` take the same time but for so many `queries`, of which `query` is one.
pub async fn alike(
    queries: f64,
    mut one: impl AsyncFnMut(),
    mut another: impl AsyncFnMut(),
    mut query: impl AsyncFnMut(),
) -> Alike {
    let (mut differences, mut costs) = (Vec::new(), Vec::new());
    loop {
        let (first, second) = if differences.len() % 2 == 0 {
            let first = time(&mut one).await;
            (first, time(&mut another).await)
        } else {
            let second = time(&mut another).await;
            (time(&mut one).await, second)
        };
        differences.push(first - second);
        costs.push(time(&mut query).await);
        let rounds = differences.len();
        if rounds < LEAST || !rounds.is_multiple_of(STEP) {
            continue;
        }
        let (cost, middle) = (sorted(&costs)[rounds / 2], sorted(&differences));
        let bound = cost * queries;
        // The median lies between these but once in some hundreds of times.
        let reach = rounds.isqrt() * 3 / 2;
        let (low, high) = (middle[rounds / 2 - reach], middle[rounds / 2 + reach]);
        let median = middle[rounds / 2];
        let found = |same| Alike { same, queries: median / cost, query: cost, rounds };
        if low > -bound && high < bound {
            return found(true);
        }
        if low > bound || high < -bound || rounds >= MOST {
            return found(median.abs() < bound && rounds >= MOST);
        }
    }
}

async fn time(act: &mut impl AsyncFnMut()) -> f64 {
    let since = Instant::now();
    act().await;
    since.elapsed().as_secs_f64()
}

fn sorted(times: &[f64]) -> Vec<f64> {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times
}
