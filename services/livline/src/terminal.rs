//! Words to the person at the terminal. The only place that writes to standard output and error.
//!
//! Deliberately absent: the log (`engine::run::log`).

use crate::cli;
use std::{
    fmt::Display,
    io::{IsTerminal, Write},
};

/// A line to standard output. Whoever reads it may have gone (`| head`): that is no error.
pub fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A line to standard error.
pub fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Whether a person looks at standard output: colours and progress bars are for them alone.
#[must_use]
pub fn is_watched() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether colours are wanted: a person looks and has not said no by `NO_COLOR`.
#[must_use]
pub fn is_coloured() -> bool {
    is_watched() && cli::variable("NO_COLOR").is_none()
}

/// How many columns the terminal has; `None` where standard output is none, or it does not say.
#[must_use]
pub fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// How this program was called, for commands that are to be pasted.
#[must_use]
pub fn program() -> String {
    std::env::args_os().next().map_or_else(|| "livline".to_owned(), |name| name.to_string_lossy().into_owned())
}
