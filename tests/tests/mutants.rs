//! What `make mutants` breaks is still there to be broken: each text stands exactly once where it is sought, and what must catch it is there.

use livline_tests::faults::report::WRONGS;
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct File {
    mutant: Vec<Mutant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    name: String,
    #[expect(dead_code, reason = "it is for whoever reads the file")]
    why: String,
    /// Caught by the fault checker, run with this, by one of these complaints.
    #[serde(default)]
    run: Option<String>,
    #[serde(default)]
    caught: Vec<String>,
    /// Or by a cargo test, which must fail.
    #[serde(default)]
    catch: Option<String>,
    change: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    file: String,
    find: String,
    with: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn mutants() -> Vec<Mutant> {
    let file = std::fs::read_to_string(root().join("tests/mutants.toml")).unwrap();
    toml::from_str::<File>(&file).unwrap().mutant
}

#[test]
fn every_mutation_finds_its_place() {
    let all = mutants();
    assert!(all.len() >= 50);
    for Mutant { name, change, .. } in &all {
        assert_eq!(all.iter().filter(|mutant| mutant.name == *name).count(), 1, "{name}: two of one name");
        for Change { file, find, with } in change {
            let text = std::fs::read_to_string(root().join(file)).unwrap();
            assert_eq!(text.matches(find).count(), 1, "{name}: in {file}\n{find}");
            assert_ne!(find, with);
        }
    }
}

#[test]
fn every_mutation_names_what_must_catch_it() {
    for Mutant { name, run, caught, catch, .. } in mutants() {
        match (run, catch) {
            (Some(run), None) => {
                let known = |caught: &String| WRONGS.iter().any(|(wrong, _)| wrong == caught);
                assert!(!caught.is_empty() && caught.iter().all(known), "{name}: {caught:?}");
                assert!(run.starts_with("--seed "), "{name} runs by a seed");
            }
            (None, Some(catch)) => {
                let words: Vec<&str> = catch.split(' ').collect();
                let (file, test) = match words[..] {
                    ["-p", "livline-tests", "--test", file, test] => (format!("tests/tests/{file}.rs"), Some(test)),
                    ["-p", service, "--test", file, test] => {
                        (format!("services/{service}/tests/{file}.rs"), Some(test))
                    }
                    // The words behind `--lib` are a module of unit tests.
                    ["-p", service, "--lib", module] => {
                        let path = module.trim_end_matches("::tests").replace("::", "/");
                        let source = root().join(format!("services/{service}/src"));
                        let there = ["{}.rs", "{}/tests.rs", "{}/tests/mod.rs"].map(|form| form.replace("{}", &path));
                        let there = there.iter().find(|file| source.join(file).is_file());
                        let file = there.unwrap_or_else(|| panic!("{name}: no module {module}"));
                        (format!("services/{service}/src/{file}"), None)
                    }
                    _ => panic!("{name}: {catch}"),
                };
                let text = std::fs::read_to_string(root().join(&file)).unwrap();
                let named = test.is_none_or(|test| text.contains(&format!("fn {test}(")));
                assert!(named && text.contains("test"), "{name}: {file} has no {test:?}");
            }
            _ => panic!("{name} is caught by the fault checker or by a test"),
        }
    }
}
