//! What changes in the vault, and who is told of it: her contact persons, where somebody else changed it.
//!
//! The vault keeps the values, and a route of the service's own records these entries beside them ([`crate::shown`]): nobody records one
//! by itself, corrects it or takes it back. Deliberately absent: values, and whether a code word is right.

use super::{
    choices::Recognition,
    command::{Command, Event},
    event::SafeContactId,
    follow_ups::{FollowUp, alert, ended},
    rules::Rejection,
    state::{Woman, Word},
};
use crate::VaultRef;
use kit::{ActorId, ChildId, Context, Facets, Location, OfChild, Personal, facets::FollowUpChange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kit::choices! {
    /// What is kept in the vault.
    Protected {
        /// Where somebody lives now.
        Address,
        /// The number or address of a safe contact.
        Contact,
        /// The code word.
        CodeWord,
    }
}

/// Something in the vault is another value now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueChange {
    /// What it is.
    pub slot: Protected,
    /// Of which safe contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<SafeContactId>,
    /// Of which child, where it is not hers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<ChildId>,
    /// Where hers lies in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Location<VaultRef>>,
    /// Where the child's lies: sealed under the child's own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub childs_reference: Option<OfChild<Location<VaultRef>>>,
    /// How it was made sure that it is she, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recognised: Option<Recognition>,
}

/// Wrong code words are not taken any more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockOut {
    /// From whom; left out: from anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<Personal<ActorId>>,
}

/// They are taken again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockOutLifted {
    /// From whom; left out: from everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<Personal<ActorId>>,
}

/// How soon a change is looked at.
pub(super) const CHANGE: &str = "vault_change_looked_at";
/// How soon a lock-out is.
pub(super) const LOCKED: &str = "code_word_lock_out_looked_at";
/// Below which follow-ups on changes stand.
pub(super) const VAULT: &str = "vault/";
/// Below which those on lock-outs do.
pub(super) const LOCK_OUT: &str = "code-word/locked";

impl ValueChange {
    /// One for each place where a value stands: the next change takes the place of the last one's follow-up.
    fn key(&self) -> String {
        let whose = self.child.map(|child| format!("child/{child}/")).unwrap_or_default();
        let what = match (self.slot, self.contact) {
            (Protected::Address, _) => "address".to_owned(),
            (Protected::CodeWord, _) => "code-word".to_owned(),
            (Protected::Contact, contact) => format!("contact/{}", contact.unwrap_or_default()),
        };
        format!("{VAULT}{whose}{what}")
    }
}

/// How a command says that she was recognised.
pub(super) fn recognised(command: &Command) -> Option<Recognition> {
    match command {
        Command::ChangeVaultValue(change) => change.recognised,
        Command::RequestErasure(request) => Some(request.recognised),
        Command::CancelErasure(cancellation) => cancellation.recognised,
        _ => None,
    }
}

impl Woman {
    /// Refuses what rests on a code word that whoever acts has not just checked, and another word for whom nobody has recognised.
    pub(super) fn is_recognised(&self, command: &Command, context: &Context<'_>) -> Result<(), Rejection> {
        let how = recognised(command);
        if how == Some(Recognition::CodeWord) && !context.word_checked {
            return Err(Rejection::NotRecognised);
        }
        match command {
            Command::ChangeVaultValue(change) if change.slot == Protected::CodeWord && change.child.is_none() => {
                let another = self.word == Word::Agreed && how.is_none();
                if another { Err(Rejection::RecognitionMissing) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// What such an event means to readers; none: it is another one.
    pub(super) fn vault_facets(&self, event: &Event, context: &Context<'_>) -> Option<Facets> {
        let routine = Facets::routine();
        Some(match event {
            Event::VaultValueChanged(change) => {
                let facets = Facets { about: change.child.into_iter().collect(), ..routine };
                let own = self.relation.is_contact_person(&context.actor, context.today);
                let told = self.tells_others(&change.key(), FollowUp::LookAtChangedField, CHANGE, context);
                let told = told.into_iter().filter(|told| !own || told.responsible.is_some()).collect::<Vec<_>>();
                let heavy = !told.is_empty() && change.slot != Protected::Contact;
                let facets = told.into_iter().fold(facets, Facets::with);
                if heavy { alert(facets) } else { facets }
            }
            Event::CodeWordLockedOut(_) => {
                let told = self.tells_others(LOCK_OUT, FollowUp::LookAtLockOut, LOCKED, context);
                alert(told.into_iter().fold(routine, Facets::with))
            }
            Event::CodeWordUnlocked(_) => {
                let others = ended(context, &[&format!("{LOCK_OUT}/")]);
                others.into_iter().fold(routine.with(FollowUpChange::closed(LOCK_OUT)), Facets::with)
            }
            _ => return None,
        })
    }

    /// One follow-up for each of her contact persons but whoever acts; where there is none it is nobody's, and so the leader's.
    fn tells_others(&self, key: &str, what: FollowUp, deadline: &str, context: &Context<'_>) -> Vec<FollowUpChange> {
        let others: Vec<&ActorId> = self.contact_persons(context.today).filter(|who| **who != context.actor).collect();
        let tell = |number: usize, who: Option<&ActorId>| {
            let key = if number == 0 { key.to_owned() } else { format!("{key}/{}", number + 1) };
            let told = FollowUpChange::opened(key, what).due_by(context.deadlines, deadline, Some(context.today));
            FollowUpChange { responsible: who.cloned(), ..told.for_others() }
        };
        if others.is_empty() {
            return vec![tell(0, None)];
        }
        others.into_iter().enumerate().map(|(number, who)| tell(number, Some(who))).collect()
    }
}
