//! `schemas/`: what others rely on, generated from the services' own types and checked in.
//!
//! Per service `<Event>.v<N>.command.json` (facts as a client sends them), `<Event>.v<N>.json` (as published), `<Event>.v<N>.partner.json`
//! (where it may be shared at all), `contract.json` and `openapi.json`. A test compares the folder with [`all`]. Deliberately absent:
//! what a breaking change is (`kit::schema`).

use crate::{failure::Failure, services, terminal};
use kit::{
    contract::{self, ContractError, EntryDescription},
    schema,
};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Where schemas are published; `dataschema` of an event begins so.
const BASE: &str = "https://schemas.livline.dk";
/// What marks a folder as ours.
const DOCUMENT: &str = "openapi.json";

/// `livline schemas`
#[derive(Debug, clap::Args)]
pub struct Schemas {
    /// The folder, such as `schemas`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Every file, by its path within the folder.
pub fn all() -> Result<BTreeMap<PathBuf, String>, ContractError> {
    let mut files = BTreeMap::new();
    for service in services::all() {
        let mut put = |name: &str, value: &Value| files.insert(Path::new(service.name).join(name), pretty(value));
        put(DOCUMENT, &service.document()?);
        let Some(contract) = service.contract else { continue };
        put("contract.json", &serde_json::to_value(contract()?).unwrap_or_default());
        for entry in (service.entries)().iter().chain(&contract::common()) {
            // Nothing is recorded in an earlier version any more: it has no command.
            let earlier =
                entry.earlier().flat_map(|earlier| of_entry(&earlier).into_iter().skip(1).collect::<Vec<_>>());
            for (name, schema) in of_entry(entry).into_iter().chain(earlier) {
                put(&name, &identified(&format!("{BASE}/{}/{name}", service.name), schema));
            }
        }
    }
    Ok(files)
}

/// The forms of one entry's facts, by the names of their files.
fn of_entry(entry: &EntryDescription) -> Vec<(String, Value)> {
    let stem = format!("{}.v{}", entry.event, entry.version);
    let partner = schema::partner(&entry.facts, entry.sharing, entry.withheld);
    let mut forms = vec![
        (format!("{stem}.command.json"), entry.facts.clone()),
        (format!("{stem}.json"), schema::published(&entry.facts)),
    ];
    forms.extend(partner.map(|schema| (format!("{stem}.partner.json"), schema)));
    forms
}

/// The schema with its address, behind its dialect.
fn identified(id: &str, schema: Value) -> Value {
    let Value::Object(members) = schema else { return schema };
    let mut identified = Map::new();
    identified.extend(members.get_key_value("$schema").map(|(name, dialect)| (name.clone(), dialect.clone())));
    identified.insert("$id".to_owned(), id.into());
    identified.extend(members.into_iter().filter(|(name, _)| name != "$schema"));
    Value::Object(identified)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Published and partner schemas whose event is not made any more, or leaves no more: whoever reads them is broken as well.
fn gone(folder: &Path, files: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let relied_on = |name: &str| name.contains(".v") && !name.ends_with(".command.json");
    let names = stale(folder, files).into_iter().map(|path| path.display().to_string());
    names.filter(|name| relied_on(name)).map(|name| format!("{name} is gone")).collect()
}

/// Writes the folder, unless that would break somebody who reads what is there.
pub fn write(options: &Schemas) -> Result<(), Failure> {
    let folder = &options.folder;
    let files = all().map_err(|error| Failure::Other(format!("The contracts cannot be made: {error}.")))?;
    let mut broken = broken(folder, &files);
    broken.extend(gone(folder, &files));
    if !broken.is_empty() {
        return Err(Failure::Other(format!(
            "Nothing was written, for this would break whoever reads {}: make it version 2, or delete the file where no such event was ever stored.",
            broken.join("; ")
        )));
    }
    let at = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| Failure::Other(format!("{path} cannot be written ({}).", error.kind()))
    };
    let mut changed = 0;
    for (name, text) in &files {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|there| there == *text) {
            continue;
        }
        path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text)).map_err(at(&path))?;
        changed += 1;
    }
    for path in stale(folder, &files) {
        fs::remove_file(&path).map_err(at(&path))?;
        terminal::say(format!("{} is no longer produced and was deleted.", path.display()));
    }
    terminal::say(format!("{} files, {changed} of them changed.", files.len()));
    Ok(())
}

/// Published and partners' schemas that would change under their readers.
fn broken(folder: &Path, files: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let relied_on = |name: &Path| {
        let name = name.to_string_lossy();
        name.contains(".v") && !name.ends_with(".command.json")
    };
    let mut broken = Vec::new();
    for (name, text) in files.iter().filter(|(name, _)| relied_on(name)) {
        let there =
            fs::read_to_string(folder.join(name)).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let (Some(there), Ok(new)) = (there, serde_json::from_str(text)) else { continue };
        let changes = schema::breaking(&there, &new);
        if !changes.is_empty() {
            broken.push(format!("{} ({})", name.display(), changes.join(", ")));
        }
    }
    broken
}

/// JSON files in folders of ours that are produced no longer.
fn stale(folder: &Path, files: &BTreeMap<PathBuf, String>) -> Vec<PathBuf> {
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let ours = entries(folder).filter(|folder| folder.join(DOCUMENT).is_file());
    let json = ours
        .flat_map(|folder| entries(&folder).collect::<Vec<_>>())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"));
    json.filter(|path| path.strip_prefix(folder).is_ok_and(|name| !files.contains_key(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path) -> Result<(), Failure> {
        write(&Schemas { folder: folder.to_owned() })
    }

    #[test]
    fn the_folder_that_is_checked_in_is_what_the_types_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
        let files = all().unwrap();
        let differs =
            |(name, text): &(&PathBuf, &String)| fs::read_to_string(folder.join(name)).ok().as_ref() != Some(text);
        let changed: Vec<_> = files.iter().filter(differs).map(|(name, _)| name.display().to_string()).collect();
        let stale: Vec<_> = stale(&folder, &files);
        assert!(changed.is_empty() && stale.is_empty(), "run `make schemas`: {changed:?} differ, {stale:?} are stale");
    }

    #[test]
    fn every_schema_has_its_own_address() {
        for (name, text) in all().unwrap() {
            let value: Value = serde_json::from_str(&text).unwrap();
            if name.to_string_lossy().contains(".v") {
                assert_eq!(value["$id"], format!("{BASE}/{}", name.display()));
            }
        }
        let published = kit::published::EventType { service: "housing", name: "MovedIn", version: 1 };
        assert_eq!(kit::published::data_schema(published), format!("{BASE}/housing/MovedIn.v1.json"));
    }

    #[test]
    fn a_breaking_change_is_refused_and_what_is_stale_goes() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("schemas");
        written(&folder).unwrap();
        let (stale, foreign) = (folder.join("housing/Gone.v1.command.json"), folder.join("notes/mine.json"));
        fs::write(&stale, "{}").unwrap();
        fs::create_dir(foreign.parent().unwrap()).unwrap();
        fs::write(&foreign, "{}").unwrap();
        written(&folder).unwrap();
        assert!(!stale.exists() && foreign.exists());
        // What others rely on does not go by itself.
        for relied_on in ["housing/Gone.v1.json", "housing/PetPlaced.v1.partner.json"] {
            fs::write(folder.join(relied_on), "{}").unwrap();
            assert!(written(&folder).unwrap_err().to_string().contains("is gone"));
            fs::remove_file(folder.join(relied_on)).unwrap();
        }

        // What is checked in promises a fact that the types no longer have.
        let promised = folder.join("housing/HousingOfferMade.v1.json");
        let mut schema: Value = serde_json::from_str(&fs::read_to_string(&promised).unwrap()).unwrap();
        schema["properties"]["balcony"] = serde_json::json!({ "type": "boolean" });
        fs::write(&promised, schema.to_string()).unwrap();
        let refused = written(&folder).unwrap_err().to_string();
        assert!(
            refused.contains("HousingOfferMade.v1.json (/properties/balcony: the fact is gone)")
                && refused.contains("version 2"),
            "{refused}"
        );
        assert_eq!(fs::read_to_string(&promised).unwrap(), schema.to_string());
        // How commands are written may change: their answer tells.
        fs::write(folder.join("housing/HousingOfferMade.v1.command.json"), "{\"properties\":{\"balcony\":{}}}")
            .unwrap();
        fs::remove_file(&promised).unwrap();
        written(&folder).unwrap();
    }
}
