//! What an event means to readers who do not know its type: how heavy it is, whom it is about, what it leaves open.
//!
//! Facets are decided once, when the event is recorded, and stored with it. Deliberately absent: any domain's words.

use crate::{
    ActorId, ChildId, Class,
    deadlines::{Basis, Deadlines},
    when::{Day, DueBy},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::Date;

/// What readers need of an event besides its facts. Members that a newer program adds are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facets {
    /// How it stands out on the timeline.
    #[serde(default)]
    pub weight: Weight,
    /// The children it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<ChildId>,
    /// What it opens, moves and closes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follow_ups: Vec<FollowUpChange>,
}

/// How an event stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// One of many.
    #[default]
    Routine,
    /// A turn in her course.
    Milestone,
    /// Somebody must look at once.
    Alert,
}

/// One change to one follow-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FollowUpChange {
    /// Which one, within its aggregate: a code with opaque ids, such as `offer/<id>/answer`.
    pub key: String,
    /// What happens to it. `opened` on an open key replaces it.
    pub change: Change,
    /// What is to be done, as a code; its labels stand in the contract. Given when it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// By when. None: without a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DueBy>,
    /// The class of what the date derives from: it governs to whom the date is shown.
    #[serde(default = "personal", skip_serializing_if = "is_personal")]
    pub class: Class,
    /// Who holds it. None: nobody yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<ActorId>,
    /// Why that date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Whether whoever opens it is not the one to deal with it: it is nobody's until somebody is named. Only while it is decided.
    #[serde(skip)]
    pub others: bool,
    /// Who opened it and must not deal with it: it tells the others of what they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_by: Option<ActorId>,
}

/// What happens to a follow-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It begins, or is replaced.
    Opened,
    /// Another date.
    Moved,
    /// Another holder.
    Assigned,
    /// It is done, or no longer needed.
    Closed,
    /// It is open again, as it stood.
    Reopened,
}

fn personal() -> Class {
    Class::Personal
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_personal(class: &Class) -> bool {
    *class == Class::Personal
}

impl FollowUpChange {
    /// A follow-up that begins.
    pub fn opened(key: impl Into<String>, what: impl Into<&'static str>) -> Self {
        Self { what: Some(what.into().to_owned()), ..Self::new(key, Change::Opened) }
    }

    /// A bare change.
    pub fn new(key: impl Into<String>, change: Change) -> Self {
        Self {
            key: key.into(),
            change,
            what: None,
            due: None,
            class: Class::Personal,
            responsible: None,
            basis: None,
            others: false,
            not_by: None,
        }
    }

    /// One that ends.
    pub fn closed(key: impl Into<String>) -> Self {
        Self::new(key, Change::Closed)
    }

    /// Due on a day that a fact names.
    #[must_use]
    pub fn due(mut self, due: DueBy) -> Self {
        self.due = Some(due);
        self
    }

    /// Due on a day that a fact names, where the fact is there.
    #[must_use]
    pub fn due_on(self, day: Option<&Day>) -> Self {
        match day {
            Some(day) => self.due(DueBy::On(*day)),
            None => self,
        }
    }

    /// Not for whoever opens it.
    #[must_use]
    pub fn for_others(mut self) -> Self {
        self.others = true;
        self
    }

    /// The date derives from a fact of this class.
    #[must_use]
    pub fn of_class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// Due by a configured deadline, counted from `base`. An unknown base leaves it without a date.
    #[must_use]
    pub fn due_by(mut self, deadlines: &Deadlines, deadline: &str, base: Option<Date>) -> Self {
        if let Some(due) = base.and_then(|base| deadlines.due(deadline, base)) {
            self.due = Some(DueBy::On(due.date.into()));
            self.basis = Some(due.basis);
        }
        self
    }
}

impl Facets {
    /// An event like many.
    #[must_use]
    pub fn routine() -> Self {
        Self::default()
    }

    /// A turn in her course.
    #[must_use]
    pub fn milestone() -> Self {
        Self { weight: Weight::Milestone, ..Self::default() }
    }

    /// Adds a change to a follow-up.
    #[must_use]
    pub fn with(mut self, change: FollowUpChange) -> Self {
        self.follow_ups.push(change);
        self
    }
}
