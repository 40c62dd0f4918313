//! The five domains that keep cases side by side, and people beside them, with their golden samples: for tests that hold for every one of
//! them.

use kit::{Decider, given::Samples};
use std::path::Path;

/// Something done to each domain.
pub trait Visit {
    /// Does it to one.
    fn domain<D: Decider>(&mut self, service: &'static str);
}

/// Goes to every domain there is.
pub fn each_domain(visit: &mut impl Visit) {
    visit.domain::<housing::case::Housing>(housing::SERVICE);
    visit.domain::<legal::case::Legal>(legal::SERVICE);
    visit.domain::<financial::case::Financial>(financial::SERVICE);
    visit.domain::<safety::case::Safety>(safety::SERVICE);
    visit.domain::<aftercare::case::Aftercare>(aftercare::SERVICE);
}

/// Goes to every domain that policies hear: those that keep cases, and people's women.
pub fn each_heard(visit: &mut impl Visit) {
    each_domain(visit);
    visit.domain::<people::woman::Woman>(people::SERVICE);
}

/// Goes to everything that people decides about.
pub fn each_of_people(visit: &mut impl Visit) {
    visit.domain::<people::woman::Woman>(people::SERVICE);
    visit.domain::<people::enquiry::Enquiry>(people::SERVICE);
    visit.domain::<people::duty::Duty>(people::SERVICE);
    visit.domain::<people::staff::Staff>(people::SERVICE);
    visit.domain::<people::centre::Centre>(people::SERVICE);
}

/// The names of all domains in which cases are opened, as the program lists them: all but people, whom a case is about.
#[must_use]
pub fn domains() -> Vec<&'static str> {
    livline::services::domains().into_iter().map(|listed| listed.name).filter(|name| *name != people::SERVICE).collect()
}

/// A service's golden samples, by event and version.
#[must_use]
pub fn samples(service: &str) -> Samples {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services").join(service).join("golden");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let sample = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), sample)
    };
    Samples::of(std::fs::read_dir(folder).unwrap().map(read))
}
