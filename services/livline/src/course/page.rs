//! The page a course is written on: its language, its width, its columns, and the lines so far.
//!
//! Columns stand beside the text, and what does not fit on a line goes on below the text, never below the columns. Deliberately
//! absent: what is said ([`super::show`], [`super::open`], [`super::entry`]).

use super::{
    answer::Course,
    paint::{Paint, Style},
    words,
    wrap::{Item, width, wrap},
};
use kit::labels::{Label, Language};

/// The least that is left for text however narrow the terminal is.
const ROOM: usize = 30;

/// What a person asked to see it with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) language: Language,
    pub(super) paint: Paint,
    /// Columns of a line.
    pub(super) width: usize,
    /// All services, in the order in which domains are named.
    pub(super) services: &'a [&'a str],
}

/// A column beside the text: what stands in it, and how wide it is.
pub(super) struct Column<'a> {
    pub(super) style: Style,
    pub(super) text: &'a str,
    pub(super) width: usize,
}

/// A page that is being written.
pub(super) struct Page<'a> {
    look: Look<'a>,
    /// The width of the widest domain's name.
    domain: usize,
    text: String,
}

impl<'p> Page<'p> {
    pub(super) fn new(look: Look<'p>, course: &Course) -> Self {
        let open = course.open.iter().map(|follow_up| &follow_up.domain);
        let domains = open.chain(course.entries.iter().map(|entry| &entry.domain));
        let domain = domains.map(|label| width(label.text(look.language))).max().unwrap_or_default();
        Self { look, domain, text: String::new() }
    }

    pub(super) fn language(&self) -> Language {
        self.look.language
    }

    /// The text of the page's language.
    pub(super) fn say<'a>(&self, da: &'a str, en: &'a str) -> &'a str {
        words::pick(self.look.language, da, en)
    }

    pub(super) fn label<'a>(&self, label: &'a Label) -> &'a str {
        label.text(self.look.language)
    }

    /// A service's place among all: domains stand in that order.
    pub(super) fn place_of(&self, service: &str) -> usize {
        let services = self.look.services;
        services.iter().position(|name| *name == service).unwrap_or(services.len())
    }

    /// A service's own style: the same on every page, so that people get to know it.
    pub(super) fn style_of(&self, service: &str) -> Style {
        Style::Domain(self.place_of(service))
    }

    /// A domain's name as a column.
    pub(super) fn domain<'a>(&self, service: &str, label: &'a Label) -> Column<'a> {
        Column { style: self.style_of(service), text: self.label(label), width: self.domain + 2 }
    }

    /// The width of the columns beside what is open.
    pub(super) fn beside_domain(&self) -> usize {
        2 + 2 + self.domain + 2
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Text of one style after so many spaces.
    pub(super) fn text(&mut self, indent: usize, style: Style, text: &str) {
        self.under(indent, &[Item::new(style, text)]);
    }

    /// Items after so many spaces.
    pub(super) fn under(&mut self, indent: usize, items: &[Item]) {
        self.line(&[Column { style: Style::Plain, text: "", width: indent }], items);
    }

    /// Items beside columns, on as many lines as they take.
    pub(super) fn line(&mut self, columns: &[Column<'_>], items: &[Item]) {
        let indent = columns.iter().map(|column| column.width).sum::<usize>();
        for (number, line) in wrap(items, self.look.width.saturating_sub(indent).max(ROOM)).into_iter().enumerate() {
            if number == 0 {
                self.columns(columns);
            } else {
                self.spaces(indent);
            }
            for run in line {
                self.text.push_str(&self.look.paint.with(run.style, &run.text));
            }
            self.text.push('\n');
        }
    }

    fn columns(&mut self, columns: &[Column<'_>]) {
        for column in columns {
            self.text.push_str(&self.look.paint.with(column.style, column.text));
            self.spaces(column.width.saturating_sub(width(column.text)));
        }
    }

    fn spaces(&mut self, count: usize) {
        self.text.push_str(&" ".repeat(count));
    }

    /// All that was written, without a line's end behind it.
    pub(super) fn finish(self) -> String {
        self.text.trim_end().to_owned()
    }
}
