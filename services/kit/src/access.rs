//! Who may do what: one pure function, and what it does not allow it denies.
//!
//! Role × centre × relation × duty × class. Purpose and break-glass come later and enter the same function. Deliberately absent: how a
//! denial is answered (what is not the asker's is answered like what does not exist), and where relations come from ([`crate::relation`]).

use crate::{
    ActorId, CentreId, Class,
    relation::{Nearness, Relation, Tie},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Their id.
    pub actor: ActorId,
    /// What they are.
    pub role: Role,
    /// Where they work; services work nowhere.
    pub centre: Option<CentreId>,
}

impl Principal {
    /// Who acts, and as what.
    #[must_use]
    pub fn acts(&self) -> (ActorId, Role) {
        (self.actor.clone(), self.role)
    }
}

/// What somebody is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::VariantArray,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Employed at a centre. Whose contact person somebody is, and who is on duty, is heard and not carried along.
    Worker,
    /// Leads a centre.
    Leader,
    /// A temp: may nothing without an engagement that still lasts.
    Temp,
    /// A volunteer: the alias of whom they help, and the tasks that they hold themselves.
    Volunteer,
    /// The national secretariat: never a person.
    Secretariat,
    /// Another service of ours: sealed events, never opened values.
    Service,
}

/// The right that an action needs, named in its row of the table of entries. Each holds the ones before it.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::VariantArray,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Right {
    /// Everybody who may record for her.
    #[default]
    Record,
    /// Her contact person, whoever is on duty, and the leader; never a temp.
    Close,
    /// Those who answer for the house: whoever is on duty, and the leader.
    Answers,
    /// The leader.
    Leader,
    /// A rule of the service, and no person.
    Rule,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Recording an entry that needs a right; correcting one and taking it back need the same.
    Write(Right),
    /// Reading facts of a class.
    Read(Class),
    /// Reading what somebody needs who helps with single tasks: her alias, and of the tasks that they hold themselves what is of a class.
    Help(Class),
    /// Reading a service's sealed events.
    Feed,
}

/// What it is about.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// Nothing yet: whether somebody of this role may do so at all.
    Anything,
    /// Something of a centre that is about nobody.
    Nobody {
        /// The centre.
        centre: CentreId,
        /// Whether the asker is on duty.
        on_duty: bool,
    },
    /// A woman whom a centre does not know yet.
    Newcomer {
        /// The centre.
        centre: CentreId,
        /// Whether the asker is on duty.
        on_duty: bool,
        /// Whether the asker is engaged as a temp.
        engaged: bool,
    },
    /// A woman, as a centre knows her.
    Woman(&'a Known),
}

/// A woman as a centre knows her, and how the asker stands to both.
#[derive(Debug, Clone)]
pub struct Known {
    /// The centre.
    pub centre: CentreId,
    /// What ties her to it; `None`: nothing, as far as is known.
    pub relation: Option<Relation>,
    /// How well that is known.
    pub heard: Heard,
    /// Whether the asker is on duty.
    pub on_duty: bool,
    /// Whether the asker is engaged as a temp.
    pub engaged: bool,
    /// Whether the asker has left the centre's staff: no tie and no duty of theirs counts any more.
    pub left: bool,
    /// Today in Copenhagen.
    pub today: time::Date,
}

impl Known {
    /// Whether the asker is this to her now.
    fn is_tied(&self, principal: &Principal, tie: Tie) -> bool {
        let tied = |relation: &Relation| relation.is_tied(&principal.actor, tie, self.today);
        !self.left && self.relation.as_ref().is_some_and(tied)
    }

    /// Whether the asker is on duty now. A duty gives a temp nothing that the role does not.
    fn is_on_duty(&self, principal: &Principal) -> bool {
        self.on_duty && !self.left && principal.role != Role::Temp
    }

    /// Whether the asker, a temp, is engaged now.
    fn is_engaged(&self) -> bool {
        self.engaged && !self.left
    }
}

/// How well a service knows what ties a woman to a centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Heard {
    /// All that was recorded.
    Whole,
    /// People has recorded more, or may have: she may be protected from somebody of whom nothing is known here.
    Behind,
    /// Something about her could not be read.
    HeldBack,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As asked.
    Allow,
    /// That there is something, but not what.
    Mask,
    /// As if there were nothing.
    Deny,
}

/// Whether `principal` may do `act`.
#[must_use]
pub fn decide(principal: &Principal, about: About<'_>, act: Act) -> Verdict {
    match act {
        Act::Feed if principal.role == Role::Service => Verdict::Allow,
        Act::Feed => Verdict::Deny,
        Act::Write(needed) => match right(principal, about) {
            Some(right) if right >= needed => Verdict::Allow,
            _ => Verdict::Deny,
        },
        Act::Read(_) | Act::Help(_) => read(principal, about, act),
    }
}

/// The highest right to write that `principal` has; `None`: nothing may be written.
#[must_use]
pub fn right(principal: &Principal, about: About<'_>) -> Option<Right> {
    let own = |centre| principal.centre == Some(centre);
    let employed = |on_duty| match principal.role {
        Role::Leader => Some(Right::Leader),
        Role::Worker if on_duty => Some(Right::Answers),
        Role::Worker => Some(Right::Record),
        _ => None,
    };
    match (principal.role, about) {
        // A temp records, and whatever else the temp is adds nothing to it.
        (Role::Temp, About::Anything) if principal.centre.is_some() => Some(Right::Record),
        (Role::Temp, About::Newcomer { centre, engaged: true, .. }) if own(centre) => Some(Right::Record),
        (Role::Temp, About::Woman(known)) if own(known.centre) && reaches(principal, known) => Some(Right::Record),
        // Whether somebody is on duty is looked up later.
        (_, About::Anything) if principal.centre.is_some() => employed(true),
        (_, About::Nobody { centre, on_duty } | About::Newcomer { centre, on_duty, .. }) if own(centre) => {
            employed(on_duty)
        }
        (_, About::Woman(known)) if own(known.centre) && reaches(principal, known) => {
            let tied = known.is_tied(principal, Tie::ContactPerson);
            employed(known.is_on_duty(principal)).map(|right| if tied { right.max(Right::Close) } else { right })
        }
        // The secretariat, volunteers, services; another centre's.
        _ => None,
    }
}

/// What is read of each class.
fn read(principal: &Principal, about: About<'_>, act: Act) -> Verdict {
    let own = |centre| principal.centre == Some(centre);
    match (principal.role, about) {
        (Role::Worker | Role::Leader | Role::Temp, About::Anything) if principal.centre.is_some() => Verdict::Allow,
        (Role::Worker | Role::Leader, About::Nobody { centre, .. } | About::Newcomer { centre, .. }) if own(centre) => {
            Verdict::Allow
        }
        (Role::Temp, About::Newcomer { centre, engaged: true, .. }) if own(centre) => Verdict::Allow,
        (Role::Worker | Role::Leader | Role::Temp, About::Woman(known)) if own(known.centre) => {
            near(principal, known, act)
        }
        (Role::Volunteer, About::Anything) if principal.centre.is_some() && matches!(act, Act::Help(_)) => {
            Verdict::Allow
        }
        (Role::Volunteer, About::Woman(known)) if own(known.centre) => help(principal, known, act),
        // The secretariat, services; another centre's.
        _ => Verdict::Deny,
    }
}

/// What a volunteer may do, as long as they help her.
fn help(principal: &Principal, known: &Known, act: Act) -> Verdict {
    let Some(relation) = &known.relation else { return Verdict::Deny };
    let live = relation.nearness(known.today) == Nearness::Live && known.heard != Heard::HeldBack;
    let helps = known.is_tied(principal, Tie::Volunteer);
    match act {
        Act::Help(class) if live && helps && !relation.conflicts_with(&principal.actor) => match class {
            Class::Open | Class::Personal => Verdict::Allow,
            Class::Narrative | Class::Identity | Class::Location => Verdict::Mask,
        },
        _ => Verdict::Deny,
    }
}

/// Whether somebody who works at the centre reaches her at all.
fn reaches(principal: &Principal, known: &Known) -> bool {
    let Some(relation) = &known.relation else { return false };
    let works = principal.role != Role::Temp || known.is_engaged();
    // She calls the lifeline, or comes back: whoever answers for the house finds her.
    works && !relation.conflicts_with(&principal.actor) && (is_live(relation, known) || answers(principal, known))
}

/// Whether somebody answers for the house: never a temp, whatever duty a temp has.
fn answers(principal: &Principal, known: &Known) -> bool {
    principal.role == Role::Leader || known.is_on_duty(principal)
}

/// Whether the centre is near her now. Where that is not known for certain it is not. She who was forgotten is as one who left: what was
/// kept of her children opens.
fn is_live(relation: &Relation, known: &Known) -> bool {
    relation.nearness(known.today) == Nearness::Live && known.heard != Heard::HeldBack
}

/// What somebody who works at the centre reads.
fn near(principal: &Principal, known: &Known, act: Act) -> Verdict {
    let (Act::Read(class) | Act::Help(class)) = act else { return Verdict::Deny };
    let Some(relation) = known.relation.as_ref().filter(|_| reaches(principal, known)) else { return Verdict::Deny };
    let leads = principal.role == Role::Leader;
    let close = answers(principal, known) || known.is_tied(principal, Tie::ContactPerson);
    let (live, current) = (is_live(relation, known), known.heard == Heard::Whole);
    let shown = |allowed: bool| if allowed { Verdict::Allow } else { Verdict::Mask };
    match class {
        Class::Open | Class::Personal => Verdict::Allow,
        // Where she went is among the places recorded here.
        Class::Location if relation.moved_away() => Verdict::Mask,
        Class::Identity => shown(close && current),
        // A confidence is masked like a place while it is not known whether somebody must not see her.
        Class::Narrative | Class::Location => shown(current && if live { close } else { leads }),
    }
}

#[cfg(test)]
mod tests;
