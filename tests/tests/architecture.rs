//! The direction of dependencies, as services/ARCHITECTURE.md states it.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeSet;

/// Crates of the workspace that decide about a domain, and nothing else.
const DOMAINS: &[&str] = &["housing", "legal", "financial", "safety", "aftercare", "people"];
/// What a domain crate may use: it is pure by construction.
const PURE: &[&str] = &["kit", "serde", "serde_json", "schemars", "strum", "thiserror", "time", "uuid"];
/// What the kit may use: nothing of these reads a file, a socket, the clock or the environment.
const KIT: &[&str] = &[
    "serde",
    "serde_json",
    "serde_path_to_error",
    "schemars",
    "strum",
    "thiserror",
    "time",
    "uuid",
    "jiff",
    "fluent-syntax",
    "toml",
    "unicode-normalization",
    "unicode-security",
    "icu_casemap",
    "icu_properties",
];

fn dependencies(of: &str) -> BTreeSet<String> {
    let metadata = MetadataCommand::new().no_deps().other_options(vec!["--offline".into()]).exec().unwrap();
    let package =
        metadata.packages.iter().find(|package| package.name == of).unwrap_or_else(|| panic!("no crate {of}"));
    package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal).map(|d| d.name.clone()).collect()
}

fn within(of: &str, allowed: &[&str]) {
    let strange: Vec<_> = dependencies(of).into_iter().filter(|name| !allowed.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "{of} must not depend on {strange:?}");
}

#[test]
fn the_kit_is_pure() {
    within("kit", KIT);
}

#[test]
fn a_domain_knows_the_kit_and_no_engine() {
    for domain in DOMAINS.iter().filter(|domain| **domain != "people") {
        within(domain, PURE);
    }
}

/// People stores and shows as well (vault, search, letters). What it decides is as pure as any domain.
#[test]
fn what_people_decides_is_pure() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/people/src");
    let (mut places, mut read) =
        (["woman", "enquiry", "duty", "heard.rs", "policy.rs"].map(|place| source.join(place)).to_vec(), 0);
    while let Some(place) = places.pop() {
        if place.is_dir() {
            places.extend(std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&place).unwrap();
        let strange = ["engine", "sqlx", "axum", "tokio", "async_nats"].into_iter().find(|crate_name| {
            text.contains(&format!("{crate_name}::")) || text.contains(&format!("use {crate_name}"))
        });
        assert_eq!(strange, None, "{}", place.display());
        read += 1;
    }
    assert!(read > 10, "it looks where people decides");
}

#[test]
fn the_engine_knows_no_domain_and_no_reader() {
    let forbidden: BTreeSet<_> = DOMAINS.iter().chain(&["timeline", "livline"]).map(ToString::to_string).collect();
    assert!(dependencies("engine").is_disjoint(&forbidden));
}

#[test]
fn the_timeline_knows_no_domain() {
    let forbidden: BTreeSet<_> = DOMAINS.iter().chain(&["livline"]).map(ToString::to_string).collect();
    assert!(dependencies("timeline").is_disjoint(&forbidden));
}

/// A service that is added to the folder is added to these lists too.
#[test]
fn every_service_is_one_of_these() {
    let services = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    let found: BTreeSet<String> = std::fs::read_dir(services)
        .unwrap()
        .filter_map(|entry| {
            entry.ok().filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap())
        })
        .collect();
    let known = DOMAINS.iter().chain(&["kit", "engine", "timeline", "livline"]).map(ToString::to_string).collect();
    assert_eq!(found, known);
}

/// Domains do not read the clock, draw chance or look at the environment; nobody prints. Clippy holds both, as long as nobody turns
/// the lints off.
#[test]
fn nobody_turns_the_lints_off() {
    let services = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    let mut folders = vec![services];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "tests" && name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(
                    !text.contains("#![allow(") && !text.contains("#[allow("),
                    "{}: use expect with a reason",
                    path.display()
                );
                assert!(text.starts_with("//!"), "{}: a module says what it owns", path.display());
            }
        }
    }
}
