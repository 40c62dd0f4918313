//! What `make mutants` breaks is still there to be broken: each text stands exactly once where it is sought.

use livline_tests::faults::report::WRONGS;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct File {
    mutant: Vec<Mutant>,
}

#[derive(Deserialize)]
struct Mutant {
    name: String,
    run: String,
    caught: Vec<String>,
    change: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    file: String,
    find: String,
    with: String,
}

#[test]
fn every_mutation_finds_its_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file: File = toml::from_str(&std::fs::read_to_string(root.join("mutants.toml")).unwrap()).unwrap();
    assert!(file.mutant.len() >= 5);
    for Mutant { name, run, caught, change } in file.mutant {
        let known = |caught: &String| WRONGS.iter().any(|(wrong, _)| wrong == caught);
        assert!(!caught.is_empty() && caught.iter().all(known), "{name}: {caught:?}");
        assert!(run.starts_with("--seed "), "{name} runs by a seed");
        for Change { file, find, with } in change {
            let text = std::fs::read_to_string(root.join("..").join(&file)).unwrap();
            assert_eq!(text.matches(&find).count(), 1, "{name}: in {file}\n{find}");
            assert_ne!(find, with);
        }
    }
}
