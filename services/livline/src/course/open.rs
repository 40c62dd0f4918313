//! What is open: late first, then today, then soonest, and last what has no date.
//!
//! Deliberately absent: how late something is (the timeline counts days in Copenhagen).

use super::{
    answer::FollowUp,
    page::{Column, Page},
    paint::Style,
    words,
    wrap::{Item, dotted},
};

/// How urgent a follow-up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Urgency {
    Overdue,
    Today,
    ToCome,
    /// Nobody set a date, or it is not for this reader.
    Undated,
}

impl Urgency {
    /// In the order of reading.
    const ALL: [Self; 4] = [Self::Overdue, Self::Today, Self::ToCome, Self::Undated];

    fn of(follow_up: &FollowUp) -> Self {
        match (&*follow_up.state, follow_up.days) {
            ("overdue", _) => Self::Overdue,
            (_, Some(0)) => Self::Today,
            (_, Some(_)) => Self::ToCome,
            (_, None) => Self::Undated,
        }
    }

    fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Overdue => ("overskredet", "overdue"),
            Self::Today => ("i dag", "today"),
            Self::ToCome => ("kommende", "to come"),
            Self::Undated => ("uden dato", "without a date"),
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Overdue => Style::Alarm,
            Self::Today => Style::Near,
            Self::ToCome | Self::Undated => Style::Plain,
        }
    }
}

/// Writes all that is open.
pub(super) fn write(page: &mut Page<'_>, open: &[FollowUp]) {
    page.gap();
    let count = if open.is_empty() { page.say("ingenting", "nothing").to_owned() } else { open.len().to_string() };
    let heading = format!("{}: {count}", page.say("Åbent nu", "Open now"));
    page.text(0, Style::Strong, &heading);
    for urgency in Urgency::ALL {
        let mut group: Vec<&FollowUp> = open.iter().filter(|follow_up| Urgency::of(follow_up) == urgency).collect();
        if group.is_empty() {
            continue;
        }
        group.sort_by_key(|follow_up| (follow_up.days, follow_up.due.as_deref()));
        let (da, en) = urgency.name();
        page.gap();
        let heading = format!("{} {}", group.len(), page.say(da, en));
        page.text(2, urgency.style(), &heading);
        for follow_up in group {
            self::follow_up(page, follow_up, urgency);
        }
    }
}

fn follow_up(page: &mut Page<'_>, follow_up: &FollowUp, urgency: Urgency) {
    let mark = if urgency == Urgency::Overdue { "!" } else { "" };
    let columns = [
        Column { style: Style::Plain, text: "", width: 2 },
        Column { style: Style::Alarm, text: mark, width: 2 },
        page.domain(&follow_up.service, &follow_up.domain),
    ];
    page.line(&columns, &[Item::new(Style::Strong, page.label(&follow_up.label))]);
    let when = follow_up.days.map(|days| when(page, days, follow_up.due.as_deref(), urgency.style()));
    let basis = follow_up.basis.as_ref().map(|basis| Item::new(Style::Faint, page.say(&basis.da, &basis.en)));
    let items: Vec<Item> = when.into_iter().chain([holder(page, follow_up)]).chain(basis).collect();
    page.under(page.beside_domain(), &dotted(items));
}

fn when(page: &Page<'_>, days: i64, due: Option<&str>, style: Style) -> Item {
    let item = Item::new(style, &words::due(page.language(), days));
    match due {
        Some(due) => item.and(Style::Faint, &format!("({})", kit::words::when(page.language(), words::happened(due)))),
        None => item,
    }
}

/// Who holds it. That nobody does is something to see to.
fn holder(page: &Page<'_>, follow_up: &FollowUp) -> Item {
    let held_by = page.say("Ansvarlig:", "Held by:");
    match &follow_up.responsible {
        Some(responsible) => {
            Item::new(Style::Faint, held_by).and(Style::Plain, words::who(page.language(), responsible))
        }
        None => Item::new(Style::Near, held_by).and(Style::Near, page.say("ingen endnu", "nobody yet")),
    }
}
