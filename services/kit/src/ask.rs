//! What is asked of a case, and what it answers: the same for every domain.
//!
//! Deliberately absent: how it is decided ([`crate::case`]).

use crate::{
    Class, Happened,
    access::Right,
    decider::Code,
    entry::{CaseOpened, Common, Entry},
    facts::BadFact,
};
use serde_json::Value;
use std::collections::BTreeSet;
use strum::VariantArray as _;

/// What is asked of a case. Not `Debug`: a correction holds facts in clear.
#[derive(Clone)]
pub enum Ask<C> {
    /// A new case.
    Open(CaseOpened),
    /// A domain's command.
    Record(C),
    /// Several of them, each on what the ones before it have made: all of them or none.
    Together(Vec<C>),
    /// A change to an earlier entry.
    Correct(Correction),
    /// One of the common events.
    Common(Common),
}

/// A change to an earlier entry. Not `Debug`: it holds facts in clear.
#[derive(Clone, Default)]
pub struct Correction {
    /// The entry.
    pub version: u64,
    /// What changes: a JSON Merge Patch (RFC 7396) of the facts as they stand.
    pub patch: Value,
    /// When it really happened; none: as it stands.
    pub when: Option<Happened>,
    /// The entry's latest correction that whoever corrects has seen.
    pub seen: Option<u64>,
    /// The facts as they stand, opened in every class, with marks where they were erased. The engine looks them up; none: as the case
    /// knows them.
    pub stands: Option<Value>,
    /// The classes that whoever corrects may not see: nothing in an answer tells of what stands there.
    pub hidden: BTreeSet<Class>,
}

/// What a case answers.
#[derive(Debug, Clone)]
pub struct Decided<E> {
    /// What happens, in order.
    pub entries: Vec<Entry<E>>,
    /// Codes of what the worker is told.
    pub warnings: Vec<&'static str>,
}

/// What a worker is told beside a decision that stands, whatever the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CommonWarning {
    /// Somebody else has corrected the same entry, and whoever corrects it now does not show that they know.
    CorrectedMeanwhile,
    /// The follow-up was closed before: nothing was recorded.
    ClosedAlready,
    /// Something that was recorded with the entry that is taken back stays: it is taken back by itself, or not at all.
    SomethingStays,
}

/// Why a command is refused whatever the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CommonRejection {
    /// What is recorded lies in the future.
    #[error("what is recorded has not happened yet")]
    InTheFuture,
    /// The version names no entry of this case.
    #[error("there is no such entry in this case")]
    NoSuchEntry,
    /// Corrections are for facts; a common event is answered by another one.
    #[error("this kind of entry is not corrected")]
    NotCorrectable,
    /// The case was opened in error, and something stands in it: that is taken back first.
    #[error("something stands in the case")]
    CaseNotEmpty,
    /// The case was opened in error: nothing more is recorded in it.
    #[error("the case was opened in error")]
    CaseInError,
    /// The entry was taken back.
    #[error("the entry was recorded in error already")]
    RecordedInErrorAlready,
    /// The key names no follow-up of this case.
    #[error("there is no such follow-up in this case")]
    NoSuchFollowUp,
    /// Moving, handing over or closing needs an open one.
    #[error("the follow-up is not open")]
    FollowUpNotOpen,
    /// At its place the corrected entry would be nothing new.
    #[error("corrected so, nothing of the entry is left; record it in error instead")]
    NothingLeft,
    /// The claim is held by another aggregate.
    #[error("another case holds it")]
    ClaimTaken,
    /// Who would hold something must see nothing of her.
    #[error("there is a conflict of interest")]
    ConflictOfInterest,
    /// It tells the others of what the actor did.
    #[error("whoever did it does not deal with it")]
    NotByWhoeverDidIt,
    /// The directory knows nobody of this id at the centre, or they have left.
    #[error("nobody of this id works at the centre")]
    UnknownWorker,
    /// The directory knows no centre of this id, or it has closed.
    #[error("there is no such centre, or it has closed")]
    UnknownCentre,
    /// Her contact person, whoever is on duty and the leader do this.
    #[error("only her contact person, whoever is on duty or the leader does this")]
    NeedsClose,
    /// Those who answer for the house do this.
    #[error("only whoever is on duty or the leader does this")]
    NeedsAnswers,
    /// The leader does this.
    #[error("only the leader does this")]
    NeedsLeader,
    /// A rule does this, and no person.
    #[error("only a rule records this")]
    OnlyByRule,
}

impl CommonRejection {
    /// The refusal of somebody who lacks a right.
    #[must_use]
    pub fn lacking(right: Right) -> Self {
        match right {
            // Nobody gets this far without the first: to them there is nothing here.
            Right::Record | Right::Close => Self::NeedsClose,
            Right::Answers => Self::NeedsAnswers,
            Right::Leader => Self::NeedsLeader,
            Right::Rule => Self::OnlyByRule,
        }
    }

    /// Whether the actor lacks a right, and nothing is wrong with what was asked.
    #[must_use]
    pub fn is_of_rights(code: &str) -> bool {
        Right::VARIANTS.iter().any(|right| <&str>::from(Self::lacking(*right)) == code)
    }
}

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal<R: std::error::Error> {
    /// By the domain.
    #[error(transparent)]
    Domain(R),
    /// By every case.
    #[error(transparent)]
    Common(CommonRejection),
    /// A correction's facts cannot be read.
    #[error(transparent)]
    Fact(BadFact),
}

impl<R: std::error::Error + Code> Refusal<R> {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Domain(rejection) => rejection.clone().into(),
            Self::Common(rejection) => (*rejection).into(),
            Self::Fact(BadFact { mistake, .. }) => (*mistake).into(),
        }
    }
}
