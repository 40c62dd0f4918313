//! How text looks on a terminal, and that it looks like nothing in a file or a pipe.
//!
//! Everything that stands out here stands out by a word or a mark as well. Deliberately absent: whether anybody watches
//! ([`crate::terminal`]).

/// How a stretch of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// Headings and milestones.
    Strong,
    /// What stands behind.
    Faint,
    /// Late, or something somebody must look at.
    Alarm,
    /// Due now, or held by nobody.
    Near,
    /// What never happened so.
    Struck,
    /// A domain's own colour, by the domain's place among the services.
    Domain(usize),
}

/// Domains' colours. Red and yellow are for what is late or near.
const DOMAINS: [&str; 8] = ["36", "35", "32", "94", "96", "95", "92", "34"];

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Alarm => "1;31",
            Self::Near => "33",
            Self::Struck => "2;9",
            Self::Domain(place) => DOMAINS.get(place % DOMAINS.len()).copied().unwrap_or_default(),
        }
    }
}

/// With or without colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    pub(super) fn new(coloured: bool) -> Self {
        Self(coloured)
    }

    /// Text as it is written out in a style.
    pub(super) fn with(self, style: Style, text: &str) -> String {
        if !self.0 || style == Style::Plain || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", style.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals() {
        assert_eq!(Paint::new(true).with(Style::Alarm, "late"), "\u{1b}[1;31mlate\u{1b}[0m");
        assert_eq!(Paint::new(true).with(Style::Plain, "text"), "text");
        assert_eq!(Paint::new(false).with(Style::Alarm, "late"), "late");
    }

    #[test]
    fn more_domains_than_colours_begin_again() {
        assert_eq!(Style::Domain(8).code(), Style::Domain(0).code());
        assert!(DOMAINS.iter().all(|code| ![Style::Alarm.code(), Style::Near.code()].contains(code)));
    }
}
