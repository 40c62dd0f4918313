//! The program: every service in one process or each alone, and the tools around them.
//!
//! [`up`] = [`cluster`] (Postgres and NATS as child processes) + [`provision`] (databases, roles, grants) + [`configuration`] (a file
//! per service) + [`services`] (the one list) + [`serve`]. `livline serve` is the last two alone, with the same file. Deliberately
//! absent: rules of any domain; only this crate and the tests see several services.

pub mod backup;
pub mod cli;
pub mod client;
pub mod cluster;
pub mod configuration;
pub mod course;
pub mod demo;
pub mod directory;
pub mod failure;
pub mod installation;
pub mod keys;
pub mod keys_apart;
pub mod migrate;
pub mod permissions;
pub mod provision;
pub mod quarantine;
pub mod rebuild;
pub mod restore;
pub mod schemas;
pub mod secrets;
pub mod serve;
pub mod services;
pub mod signals;
pub mod signed;
pub mod supervise;
pub mod terminal;
pub mod token;
pub mod up;
pub mod verify;

use clap::Parser;
use cli::{Cli, Command};
use engine::clock::Clock;
use failure::Failure;
use std::process::ExitCode;

/// Runs what the command line asks for. Errors are one sentence on standard error. A service that is served alone goes by `clock`: the
/// tests' program gives one that is wrong.
#[must_use]
pub fn run(clock: Clock) -> ExitCode {
    raise_the_limit_of_files();
    let ended = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("The system gives no threads ({}).", error.kind())))
        .and_then(|runtime| runtime.block_on(dispatch(Cli::parse().command, clock)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::complain(&failure);
            failure.code()
        }
    }
}

/// Each connection is a file to the system, which gives a program few of them unless it asks for the rest that it may have.
fn raise_the_limit_of_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it may not, the service makes do with what there is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

async fn dispatch(command: Command, clock: Clock) -> Result<(), Failure> {
    match command {
        Command::Up(options) => up::up(&options).await,
        Command::Serve(options) => serve::serve(&options, clock).await,
        Command::Migrate(options) => migrate::migrate(&options).await,
        Command::Token(options) => token::print(&options),
        Command::Timeline(options) => course::print(&options).await,
        Command::Centre(options) => directory::centres(&options).await,
        Command::Worker(options) => directory::workers(&options).await,
        Command::Quarantine(options) => quarantine::quarantine(&options).await,
        Command::Verify(options) => verify::verify(&options).await,
        Command::Rebuild(options) => rebuild::rebuild(&options).await,
        Command::Demo(options) => demo::send(&options).await,
        Command::Backup(options) => backup::run(&options).await,
        Command::Restore(options) => Box::pin(restore::restore(&options)).await,
        Command::Keys(options) => keys::run(&options).await,
        Command::Schemas(options) => schemas::write(&options),
    }
}
