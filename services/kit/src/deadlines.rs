//! Deadlines and limits: how long, counted how, on what ground. Read from configuration (`deploy/deadlines.toml`).
//!
//! Deliberately absent: reading the file (the engine does), what a deadline is about and who is responsible (the service
//! that logs the event), and any recomputing: a due date is decided when its event is recorded.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::{Date, Duration, OffsetDateTime};
use toml::{Table, Value};

use crate::calendar::{add_months, add_working_days, on_or_next_working_day};

/// The largest `amount` of a deadline, in its unit: a slip of the hand is refused, not counted.
const LARGEST: i32 = 10_000;

/// Why a deadline or limit is what it is: shown to the worker beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Basis {
    /// The ground in Danish: a paragraph or "Centrets praksis".
    pub da: String,
    /// The ground in English.
    pub en: String,
    /// Where that is written: a page, or whose decision.
    pub source: String,
}

/// What a deadline comes to from a given base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The last day, in Copenhagen.
    pub date: Date,
    /// The ground.
    pub basis: Basis,
}

/// What is wrong with the configured deadlines: one sentence for whoever edits the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// The text is not TOML (syntax, a name given twice).
    #[error("the deadlines are not valid TOML: line {line}: {problem}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// The parser's words.
        problem: String,
    },
    /// A table other than `deadlines` and `limits`.
    #[error("the deadlines have an unknown table `{0}`: only `deadlines` and `limits` are read")]
    UnknownTable(String),
    /// One of the two is something else than a table.
    #[error("`{0}` is not a table of entries")]
    NotATable(&'static str),
    /// An entry does not say what it must.
    #[error("the entry `{name}` of `{table}` is wrong: {problem}")]
    Entry {
        /// `deadlines` or `limits`.
        table: &'static str,
        /// The entry.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Names that a service needs and the configuration lacks.
    #[error("the deadlines lack {}", .0.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
    Missing(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    Hours,
    Days,
    WorkingDays,
    Months,
    Years,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    #[default]
    After,
    Before,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Roll {
    Forward,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    da: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDeadline {
    amount: i64,
    unit: Unit,
    #[serde(default)]
    direction: Direction,
    roll: Option<Roll>,
    basis: Words,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLimit {
    amount: i64,
    basis: Words,
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Deadline {
    /// Negative where it counts before the base.
    amount: i32,
    unit: Unit,
    roll: Option<Roll>,
    basis: Basis,
}

/// The configured deadlines and limits by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deadlines {
    deadlines: BTreeMap<String, Deadline>,
    limits: BTreeMap<String, (i64, Basis)>,
}

impl Deadlines {
    /// Reads the TOML text, whose form is explained at the top of `deploy/deadlines.toml`.
    pub fn parse(text: &str) -> Result<Self, DeadlineError> {
        let file: Table = toml::from_str(text).map_err(|error| DeadlineError::Syntax {
            line: 1 + error.span().map_or(0, |at| text.bytes().take(at.start).filter(|byte| *byte == b'\n').count()),
            problem: error.message().to_owned(),
        })?;
        let mut all = Self::default();
        for (table, entries) in file {
            match table.as_str() {
                "deadlines" => all.deadlines = read("deadlines", entries, deadline)?,
                "limits" => all.limits = read("limits", entries, limit)?,
                _ => return Err(DeadlineError::UnknownTable(table)),
            }
        }
        if let Some(name) = all.limits.keys().find(|name| all.deadlines.contains_key(*name)) {
            return Err(wrong("limits", name, "`deadlines` has that name already"));
        }
        Ok(all)
    }

    /// The last day of the deadline `name` counted from the day `base`. `None` where there is no such deadline, or it is
    /// one of hours (see [`Self::due_at`]).
    #[must_use]
    pub fn due(&self, name: &str, base: Date) -> Option<Due> {
        let Deadline { amount, unit, roll, basis } = self.deadlines.get(name)?;
        let counted = match unit {
            Unit::Hours => return None,
            Unit::Days => base.saturating_add(Duration::days(i64::from(*amount))),
            Unit::WorkingDays => add_working_days(base, *amount),
            Unit::Months => add_months(base, *amount),
            Unit::Years => add_months(base, amount.saturating_mul(12)),
        };
        let date = if roll.is_some() { on_or_next_working_day(counted) } else { counted };
        Some(Due { date, basis: basis.clone() })
    }

    /// The instant at which the deadline `name`, one of hours, ends; with the offset of `base`. `None` where there is no
    /// such deadline, or it is one of days.
    #[must_use]
    pub fn due_at(&self, name: &str, base: OffsetDateTime) -> Option<(OffsetDateTime, Basis)> {
        let found = self.deadlines.get(name).filter(|found| found.unit == Unit::Hours)?;
        Some((base.saturating_add(Duration::hours(i64::from(found.amount))), found.basis.clone()))
    }

    /// The limit `name`, in the unit that its name ends in (`late_after_days`).
    #[must_use]
    pub fn limit(&self, name: &str) -> Option<i64> {
        self.limits.get(name).map(|(amount, _)| *amount)
    }

    /// The ground of the deadline or limit `name`.
    #[must_use]
    pub fn basis(&self, name: &str) -> Option<&Basis> {
        self.deadlines.get(name).map(|found| &found.basis).or_else(|| self.limits.get(name).map(|(_, basis)| basis))
    }

    /// That each of `names` is a deadline or a limit: what a service checks before it starts.
    pub fn require<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<(), DeadlineError> {
        let missing: Vec<_> = names.into_iter().filter(|name| self.basis(name).is_none()).map(str::to_owned).collect();
        if missing.is_empty() { Ok(()) } else { Err(DeadlineError::Missing(missing)) }
    }
}

fn wrong(table: &'static str, name: &str, problem: impl Into<String>) -> DeadlineError {
    DeadlineError::Entry { table, name: name.to_owned(), problem: problem.into() }
}

/// Each entry of a table on its own, so that an error can name it.
fn read<W: DeserializeOwned, E>(
    table: &'static str,
    entries: Value,
    check: fn(W) -> Result<E, String>,
) -> Result<BTreeMap<String, E>, DeadlineError> {
    let entries: Table = entries.try_into().map_err(|_| DeadlineError::NotATable(table))?;
    entries
        .into_iter()
        .map(|(name, value)| {
            if !is_snake_case(&name) {
                return Err(wrong(table, &name, "a name is snake_case"));
            }
            let written: W = value.try_into().map_err(|error: toml::de::Error| wrong(table, &name, error.message()))?;
            let entry = check(written).map_err(|problem| wrong(table, &name, problem))?;
            Ok((name, entry))
        })
        .collect()
}

fn deadline(written: WrittenDeadline) -> Result<Deadline, String> {
    let WrittenDeadline { amount, unit, direction, roll, basis, source } = written;
    let amount = i32::try_from(amount)
        .ok()
        .filter(|amount| (0..=LARGEST).contains(amount))
        .ok_or_else(|| format!("`amount` is a whole number from 0 to {LARGEST}"))?;
    if unit == Unit::Hours && roll.is_some() {
        return Err("`roll` has no meaning for hours".to_owned());
    }
    let amount = if direction == Direction::Before { -amount } else { amount };
    Ok(Deadline { amount, unit, roll, basis: ground(basis, source)? })
}

fn limit(written: WrittenLimit) -> Result<(i64, Basis), String> {
    Ok((written.amount, ground(written.basis, written.source)?))
}

fn ground(Words { da, en }: Words, source: String) -> Result<Basis, String> {
    for (key, text) in [("basis.da", &da), ("basis.en", &en), ("source", &source)] {
        if text.trim().is_empty() {
            return Err(format!("`{key}` is empty"));
        }
    }
    Ok(Basis { da, en, source })
}

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    const GROUND: &str = "basis = { da = \"Centrets praksis\", en = \"The centre's practice\" }\nsource = \"a test\"\n";

    fn one(entry: &str) -> Result<Deadlines, DeadlineError> {
        Deadlines::parse(&format!("[deadlines.call]\n{GROUND}{entry}"))
    }

    fn due(entry: &str, base: Date) -> Date {
        one(entry).unwrap().due("call", base).unwrap().date
    }

    fn sentence(text: &str) -> String {
        Deadlines::parse(text).unwrap_err().to_string()
    }

    /// What each domain asks for is held by the domain's own tests, and at start.
    #[test]
    fn the_deployed_file_reads() {
        let deployed = Deadlines::parse(include_str!("../../../deploy/deadlines.toml")).unwrap();
        assert!(!deployed.deadlines.is_empty());
    }

    #[test]
    fn each_unit_counts_in_its_own_way() {
        let base = date!(2026 - 03 - 31);
        assert_eq!(due("amount = 0\nunit = \"days\"", base), base);
        assert_eq!(due("amount = 7\nunit = \"days\"", base), date!(2026 - 04 - 07));
        assert_eq!(due("amount = 2\nunit = \"working_days\"", base), date!(2026 - 04 - 07));
        assert_eq!(due("amount = 1\nunit = \"months\"", base), date!(2026 - 04 - 30));
        assert_eq!(due("amount = 1\nunit = \"years\"", date!(2028 - 02 - 29)), date!(2029 - 02 - 28));
        assert_eq!(due("amount = 14\nunit = \"days\"\ndirection = \"before\"", base), date!(2026 - 03 - 17));
        assert_eq!(
            due("amount = 1\nunit = \"working_days\"\ndirection = \"before\"", date!(2026 - 04 - 07)),
            date!(2026 - 04 - 01)
        );
        assert_eq!(due("amount = 2\nunit = \"days\"", base), date!(2026 - 04 - 02));
        assert_eq!(due("amount = 2\nunit = \"days\"\nroll = \"forward\"", base), date!(2026 - 04 - 07));
        assert_eq!(due("amount = 10000\nunit = \"years\"", base), Date::MAX);
    }

    #[test]
    fn hours_count_from_an_instant_and_days_from_a_day() {
        let hours = one("amount = 24\nunit = \"hours\"").unwrap();
        let base = datetime!(2026-03-28 12:00 +1);
        assert_eq!(hours.due_at("call", base).unwrap().0, datetime!(2026-03-29 12:00 +1));
        assert_eq!(hours.due("call", date!(2026 - 03 - 28)), None);
        let days = one("amount = 1\nunit = \"days\"").unwrap();
        assert_eq!(days.due_at("call", base), None);
        assert_eq!(days.due("other", date!(2026 - 03 - 28)), None);
    }

    #[test]
    fn a_due_date_carries_its_ground() {
        let basis = one("amount = 1\nunit = \"days\"").unwrap().due("call", date!(2026 - 03 - 28)).unwrap().basis;
        let [da, en, source] = ["Centrets praksis", "The centre's practice", "a test"].map(str::to_owned);
        assert_eq!(basis, Basis { da, en, source });
    }

    #[test]
    fn limits_are_read_by_name() {
        let read = Deadlines::parse(&format!("[limits.late_after_days]\n{GROUND}amount = 14")).unwrap();
        assert_eq!((read.limit("late_after_days"), read.limit("other")), (Some(14), None));
        assert_eq!(read.basis("late_after_days").unwrap().source, "a test");
        assert_eq!(read.require(["late_after_days"]), Ok(()));
    }

    #[test]
    fn the_start_up_check_names_all_that_is_missing() {
        let error = one("amount = 1\nunit = \"days\"").unwrap().require(["call", "b", "a"]).unwrap_err();
        assert_eq!(error.to_string(), "the deadlines lack `b`, `a`");
    }

    #[test]
    fn each_error_is_a_sentence_that_names_the_entry() {
        let entry = |rest: &str| one(rest).unwrap_err().to_string();
        let of = |problem: &str| format!("the entry `call` of `deadlines` is wrong: {problem}");
        let amount = of("`amount` is a whole number from 0 to 10000");
        assert_eq!(entry("amount = -1\nunit = \"days\""), amount);
        assert_eq!(entry("amount = 10001\nunit = \"days\""), amount);
        assert_eq!(entry("amount = 9000000000\nunit = \"days\""), amount);
        assert_eq!(entry("amount = 1.5\nunit = \"days\""), of("invalid type: floating point `1.5`, expected i64"));
        assert_eq!(entry("amount = 1"), of("missing field `unit`"));
        let units = "`hours`, `days`, `working_days`, `months`, `years`";
        let found = entry("amount = 1\nunit = \"weeks\"");
        assert_eq!(found, of(&format!("unknown variant `weeks`, expected one of {units}")));
        let found = entry("amount = 1\nunit = \"days\"\nroll = \"back\"");
        assert_eq!(found, of("unknown variant `back`, expected `forward`"));
        let found = entry("amount = 1\nunit = \"days\"\nworking = true");
        assert!(found.starts_with(&of("unknown field `working`, expected one of `amount`")), "{found}");
        assert_eq!(entry("amount = 1\nunit = \"hours\"\nroll = \"forward\""), of("`roll` has no meaning for hours"));

        let whole = |da: &str, source: &str| {
            sentence(&format!(
                "[deadlines.call]\namount = 1\nunit = \"days\"\nbasis = {{ da = \"{da}\", en = \"e\" }}\nsource = \"{source}\""
            ))
        };
        assert_eq!(whole("d", " "), of("`source` is empty"));
        assert_eq!(whole("", "s"), of("`basis.da` is empty"));
    }

    #[test]
    fn what_is_wrong_with_the_file_is_a_sentence_too() {
        assert_eq!(
            sentence("[deadline.call]\namount = 1"),
            "the deadlines have an unknown table `deadline`: only `deadlines` and `limits` are read"
        );
        assert_eq!(sentence("[deadlines.Call]"), "the entry `Call` of `deadlines` is wrong: a name is snake_case");
        assert_eq!(
            sentence(&format!("[limits.a]\namount = 1\n{GROUND}[deadlines.a]\nunit = \"days\"\namount = 1\n{GROUND}")),
            "the entry `a` of `limits` is wrong: `deadlines` has that name already"
        );
        assert_eq!(
            sentence("[deadlines.a]\n\n[deadlines.a]"),
            "the deadlines are not valid TOML: line 3: duplicate key"
        );
        assert_eq!(sentence("deadlines = 1"), "`deadlines` is not a table of entries");
    }
}
