//! The command line. What stands here is what `livline --help` says.

use crate::{
    backup::Backup, course::Timeline, demo::Demo, directory::Centres, directory::Workers, keys::Keys, migrate::Migrate,
    quarantine::Quarantine, rebuild::Rebuild, restore::Restore, schemas::Schemas, serve::Serve, token::Token, up::Up,
    verify::Verify,
};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Livline: a woman's course and what is open in it, for Danish crisis centres.
#[derive(Debug, Parser)]
#[command(name = "livline", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start PostgreSQL, NATS and every service here, until Ctrl-C
    Up(Up),
    /// Run one service alone, until Ctrl-C or SIGTERM
    Serve(Serve),
    /// Bring one database to this version, as its owner
    Migrate(Migrate),
    /// Print a token of 60 seconds for trying the API
    Token(Token),
    /// Print one woman's course: what is open, and what happened
    Timeline(Timeline),
    /// Keep the directory of centres of a running `livline up`
    Centre(Centres),
    /// Keep the directory of a centre's staff
    Worker(Workers),
    /// Show events that a reader could not apply, and have them tried again
    Quarantine(Quarantine),
    /// Compare events, streams and timeline beside a running `livline up`, and say exactly what differs
    Verify(Verify),
    /// Make the timeline anew from the events, beside the live one, and put it in its place
    Rebuild(Rebuild),
    /// Send made-up women and their courses to a running `livline up`
    Demo(Demo),
    /// Save what a running `livline up` stores to a folder elsewhere, sealed
    Backup(Backup),
    /// Make a data folder as it was at a moment, from a backup
    Restore(Restore),
    /// Show how the keys are wrapped, or wrap them anew with a new master key
    Keys(Keys),
    /// Write the schemas that others rely on; refuses to break them
    Schemas(Schemas),
}

/// Where the data are.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// The data folder [default: `$LIVLINE_DATA`, else ./.livline]
    #[arg(long = "data", value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
}

impl Data {
    /// The folder that was asked for, if any.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        self.folder.clone().or_else(|| variable("LIVLINE_DATA").map(PathBuf::from))
    }
}

/// A variable of the environment that names a place or a filter of this program; services' settings are `engine::config`'s.
#[expect(clippy::disallowed_methods, reason = "here and in `cluster::programs` the program looks where it is")]
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WORDS: &[&str] = &[
        "up", "serve", "migrate", "token", "timeline", "demo", "schemas", "housing", "--config", "--data", "--role",
        "--actor", "--centre", "--lang", "--offset", "--log", "--demo", "--json", "leader", "service", "--", "-", "",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_command_line_is_read_or_refused(
            words in prop::collection::vec(prop_oneof![3 => prop::sample::select(WORDS).prop_map(str::to_owned), 1 => any::<String>()], 0..6),
        ) {
            let read = Cli::try_parse_from(std::iter::once("livline".to_owned()).chain(words));
            if let Ok(Cli { command: Command::Token(token) }) = read {
                prop_assert!(token.principal().role != kit::access::Role::Service, "nobody's token speaks for a service");
            }
        }
    }
}
