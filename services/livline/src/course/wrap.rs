//! Breaking styled text into lines of a width.
//!
//! A column is a character: that holds for the languages written here. Deliberately absent: what is written, and margins
//! ([`super::page`]).

use super::paint::Style;

/// A stretch of text of one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) style: Style,
    pub(super) text: String,
}

/// What stays together on one line where it fits on one.
#[derive(Debug, Clone)]
pub(super) struct Item {
    runs: Vec<Run>,
    /// Spaces before it, unless a line begins with it.
    gap: usize,
}

impl Item {
    pub(super) fn new(style: Style, text: &str) -> Self {
        Self { runs: vec![Run { style, text: clean(text) }], gap: 1 }
    }

    /// With more text behind it, in a style of its own.
    pub(super) fn and(mut self, style: Style, text: &str) -> Self {
        self.runs.push(Run { style, text: clean(text) });
        self
    }

    /// With a wider space before it.
    pub(super) fn apart(self) -> Self {
        Self { gap: 2, ..self }
    }

    /// All of it in one style.
    pub(super) fn all(mut self, style: Style) -> Self {
        self.runs.iter_mut().for_each(|run| run.style = style);
        self
    }

    /// Its words with their styles; a dot between items stays with the word before it, a new line is `None`.
    fn words(&self) -> Vec<Option<(Style, String)>> {
        let mut words: Vec<Option<(Style, String)>> = Vec::new();
        for Run { style, text } in &self.runs {
            for (line, part) in text.split('\n').enumerate() {
                if line > 0 {
                    words.push(None);
                }
                for word in part.split_whitespace() {
                    match words.last_mut() {
                        Some(Some((_, before))) if word == DOT => before.push_str(" ·"),
                        _ => words.push(Some((*style, word.to_owned()))),
                    }
                }
            }
        }
        words
    }
}

const DOT: &str = "·";

/// Items of a list, with dots between them.
pub(super) fn dotted(mut items: Vec<Item>) -> Vec<Item> {
    let last = items.len().saturating_sub(1);
    for run in items.iter_mut().take(last).filter_map(|item| item.runs.last_mut()) {
        run.text.push(' ');
        run.text.push_str(DOT);
    }
    items
}

/// What somebody typed cannot steer the terminal: no control characters, nothing that turns the direction of writing.
fn clean(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let steers = |c: char| (c.is_control() && c != '\n') || turns(c);
    text.trim().chars().map(|c| if steers(c) { ' ' } else { c }).collect()
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Items as lines of at most `room` columns.
pub(super) fn wrap(items: &[Item], room: usize) -> Vec<Vec<Run>> {
    let mut lines = Lines { room: room.max(1), done: Vec::new(), line: Vec::new(), column: 0 };
    for item in items {
        let words = item.words();
        if let Some(whole) = one_line(&words)
            && whole <= lines.room
            && lines.column > 0
            && lines.column + item.gap + whole > lines.room
        {
            lines.end();
        }
        let gaps = std::iter::once(item.gap).chain(std::iter::repeat(1));
        for (word, gap) in words.iter().zip(gaps) {
            match word {
                Some((style, word)) => lines.word(*style, word, gap),
                None => lines.end(),
            }
        }
    }
    lines.end();
    lines.done
}

/// The columns these words take on one line; `None` where they ask for several.
fn one_line(words: &[Option<(Style, String)>]) -> Option<usize> {
    let widths = words.iter().map(|word| word.as_ref().map(|(_, word)| width(word) + 1));
    widths.sum::<Option<usize>>().map(|all| all.saturating_sub(1))
}

/// Lines that are being filled.
struct Lines {
    room: usize,
    done: Vec<Vec<Run>>,
    line: Vec<Run>,
    column: usize,
}

impl Lines {
    /// Ends a line that has begun; empty ones in a text are left out.
    fn end(&mut self) {
        if self.column > 0 {
            self.done.push(std::mem::take(&mut self.line));
            self.column = 0;
        }
    }

    fn word(&mut self, style: Style, word: &str, gap: usize) {
        if self.column > 0 && self.column + gap + width(word) > self.room {
            self.end();
        }
        if self.column > 0 {
            let same = self.line.last().is_some_and(|last| last.style == style);
            self.put(if same { style } else { Style::Plain }, &" ".repeat(gap));
        }
        let mut rest = word;
        while width(rest) > self.room {
            let (now, later) = rest.split_at(rest.char_indices().nth(self.room).map_or(rest.len(), |(at, _)| at));
            self.put(style, now);
            self.end();
            rest = later;
        }
        self.put(style, rest);
    }

    fn put(&mut self, style: Style, text: &str) {
        self.column += width(text);
        match self.line.last_mut() {
            Some(last) if last.style == style => last.text.push_str(text),
            _ => self.line.push(Run { style, text: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Style::*, *};

    fn lines(items: &[Item], room: usize) -> Vec<String> {
        wrap(items, room).into_iter().map(|line| line.into_iter().map(|run| run.text).collect()).collect()
    }

    #[test]
    fn words_stay_whole_and_so_do_items_that_fit() {
        let items = dotted(vec![Item::new(Plain, "Rent: 4.500"), Item::new(Plain, "Rooms: 3"), Item::new(Plain, "x")]);
        assert_eq!(lines(&items, 18), ["Rent: 4.500 ·", "Rooms: 3 · x"]);
        assert_eq!(lines(&[Item::new(Plain, "a long text wraps")], 8), ["a long", "text", "wraps"]);
    }

    #[test]
    fn what_is_longer_than_a_line_begins_where_it_stands() {
        let items = [Item::new(Strong, "Note"), Item::new(Plain, "with more than fits").apart()];
        assert_eq!(lines(&items, 12), ["Note  with", "more than", "fits"]);
    }

    #[test]
    fn a_word_longer_than_a_line_is_cut() {
        assert_eq!(
            lines(&[Item::new(Plain, "se https://eksempel.dk/abc")], 10),
            ["se", "https://ek", "sempel.dk/", "abc"]
        );
        assert_eq!(lines(&[Item::new(Plain, "ååååå æ")], 5), ["ååååå", "æ"]);
    }

    #[test]
    fn new_lines_of_a_text_are_kept_and_empty_ones_left_out() {
        assert_eq!(lines(&[Item::new(Plain, "one\n\ntwo\n")], 20), ["one", "two"]);
        assert!(lines(&[Item::new(Plain, "")], 20).is_empty());
    }

    #[test]
    fn styles_reach_over_the_spaces_between_their_own_words() {
        let item = Item::new(Faint, "To be").and(Plain, "or not");
        let run = |style, text: &str| Run { style, text: text.into() };
        assert_eq!(wrap(std::slice::from_ref(&item), 20), [[run(Faint, "To be"), run(Plain, " or not")]]);
        assert_eq!(wrap(&[item.all(Struck)], 20), [[run(Struck, "To be or not")]]);
    }

    #[test]
    fn nobody_steers_the_terminal_from_a_text() {
        assert_eq!(lines(&[Item::new(Plain, "a\u{1b}[31mb\u{7}\u{202e}c\r\nd")], 20), ["a [31mb c", "d"]);
    }
}
