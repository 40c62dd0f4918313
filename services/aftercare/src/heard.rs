//! What aftercare has heard of her course: the alarms and orders that protect her, and when she moved.
//!
//! It does not end while one of them has no owner (the fifth interlock). Deliberately absent: what they are, where they hold and
//! against whom; and what another centre recorded, which is not known here.

use crate::case::{Aftercare, ProtectionId};
use kit::{
    CentreId, Day, Personal, Policy,
    policy::{Heard, Standing},
    sealed::known,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::Date;

/// Keeps what aftercare must know of her course. It commands nothing: the case asks it.
#[derive(Debug)]
pub struct KnowCourse;

/// What it needs of the events it hears.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum Foreign {
    /// Safety: an alarm is with her.
    #[serde(alias = "AlarmRenewed")]
    AlarmIssued {
        /// The loan.
        loan: ProtectionId,
    },
    /// Safety: it is not any more.
    #[serde(alias = "AlarmLost")]
    AlarmReturned {
        /// The loan.
        loan: ProtectionId,
    },
    /// Legal: an order of any kind, or more time for it.
    #[serde(alias = "AreaBanIssued", alias = "ExpulsionOrdered")]
    #[serde(alias = "RestrainingOrderExtended", alias = "ExpulsionExtended")]
    RestrainingOrderIssued {
        /// The order.
        order: ProtectionId,
        /// Its last day.
        until: Option<Personal<Day>>,
    },
    /// Legal: it holds no more.
    RestrainingOrderEnded {
        /// The order.
        order: ProtectionId,
    },
    /// Housing: she lives in a home of her own.
    MovedIn {},
}

/// What is kept of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Known {
    /// It protects her, from now on until this day or without a known end.
    Protects(ProtectionId, Option<Day>),
    /// It does so no more.
    Over(ProtectionId),
    /// She moved.
    Moved,
}

/// Her course as far as aftercare has heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Course(Standing<Known>);

impl Course {
    /// Whether an alarm or an order protects her of which the police do not know that it is theirs. On its last day an order still
    /// does.
    #[must_use]
    pub fn without_owner(&self, centre: CentreId, today: Date, informed: &[ProtectionId]) -> bool {
        let mut protects = BTreeMap::new();
        for stood in self.0.at(centre) {
            match stood.what {
                Known::Protects(id, until) => drop(protects.insert(id, until)),
                Known::Over(id) => drop(protects.remove(&id)),
                Known::Moved => {}
            }
        }
        let mut protects = protects.into_iter().filter(|(_, until)| until.is_none_or(|until| until.date() >= today));
        protects.any(|(id, _)| !informed.contains(&id))
    }

    /// The day she moved into a home of her own, the latest where there are several.
    #[must_use]
    pub fn moved(&self, centre: CentreId) -> Option<Date> {
        let moves = self.0.at(centre).filter(|stood| stood.what == Known::Moved);
        moves.filter_map(|stood| stood.happened.day().map(Day::date)).max()
    }
}

impl Policy for KnowCourse {
    const NAME: &'static str = "know-course";
    const HEARS: &'static [&'static str] = &["safety", "legal", "housing"];
    // An alarm that was out before the rule is out still.
    const FROM_THE_BEGINNING: bool = true;
    type Heard = Course;
    type Foreign = Foreign;
    type Decider = Aftercare;

    fn hear(heard: &mut Course, event: &Heard<Foreign>) {
        heard.0.take(event, |foreign| {
            Some(match foreign {
                Foreign::AlarmIssued { loan } => Known::Protects(*loan, None),
                Foreign::RestrainingOrderIssued { order, until } => Known::Protects(*order, known(until.as_ref())),
                Foreign::AlarmReturned { loan: id } | Foreign::RestrainingOrderEnded { order: id } => Known::Over(*id),
                Foreign::MovedIn {} => Known::Moved,
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::given::heard;
    use serde_json::{Value, json};
    use time::macros::date;
    use uuid::Uuid;

    const TODAY: Date = date!(2026 - 11 - 20);
    const CENTRE: CentreId = CentreId(Uuid::from_u128(1));

    fn id(number: u128) -> ProtectionId {
        ProtectionId(Uuid::from_u128(number))
    }

    /// What is kept of these events of a service.
    fn course(events: &[(&str, Value)]) -> Course {
        let mut course = Course::default();
        for (version, (event, facts)) in (2..).zip(events) {
            KnowCourse::hear(
                &mut course,
                &heard::<KnowCourse>("any", version, event, facts.clone()).expect("it is heard"),
            );
        }
        course
    }

    fn unowned(events: &[(&str, Value)], today: Date) -> bool {
        course(events).without_owner(CENTRE, today, &[])
    }

    #[test]
    fn an_alarm_needs_an_owner_until_it_is_back_or_lost() {
        let loan = || json!({ "loan": id(1) });
        assert!(!unowned(&[], TODAY));
        for with_her in ["AlarmIssued", "AlarmRenewed"] {
            assert!(unowned(&[(with_her, loan())], date!(2099 - 1 - 1)));
            for over in ["AlarmReturned", "AlarmLost"] {
                assert!(!unowned(&[(with_her, loan()), (over, loan())], TODAY), "{with_her} {over}");
            }
        }
        let issued = course(&[("AlarmIssued", loan())]);
        assert!(!issued.without_owner(CENTRE, TODAY, &[id(1)]) && issued.without_owner(CENTRE, TODAY, &[id(2)]));
        assert!(
            !issued.without_owner(CentreId::default(), TODAY, &[]),
            "what another centre recorded is not known here"
        );
    }

    #[test]
    fn an_order_needs_an_owner_through_its_last_day() {
        let until = |day: &str| json!({ "order": id(1), "until": day });
        for issued in ["RestrainingOrderIssued", "AreaBanIssued", "ExpulsionOrdered"] {
            let short = (issued, until("2026-11-20"));
            assert!(unowned(std::slice::from_ref(&short), TODAY), "{issued}");
            assert!(!unowned(std::slice::from_ref(&short), date!(2026 - 11 - 21)), "{issued}");
            for extended in ["RestrainingOrderExtended", "ExpulsionExtended"] {
                let longer = (extended, until("2027-11-20"));
                assert!(unowned(&[short.clone(), longer.clone()], date!(2027 - 11 - 20)), "{issued} {extended}");
                let ended = ("RestrainingOrderEnded", json!({ "order": id(1) }));
                assert!(!unowned(&[short.clone(), longer, ended], TODAY), "{issued} {extended}");
            }
        }
        assert!(unowned(&[("AreaBanIssued", json!({ "order": id(1) }))], date!(2099 - 1 - 1)));
    }

    #[test]
    fn each_one_needs_its_owner_and_what_is_taken_back_needs_none() {
        let both = [("AlarmIssued", json!({ "loan": id(1) })), ("AreaBanIssued", json!({ "order": id(2) }))];
        let known = course(&both);
        assert!(known.without_owner(CENTRE, TODAY, &[id(1)]) && !known.without_owner(CENTRE, TODAY, &[id(2), id(1)]));
        let [alarm, ban] = both;
        let back =
            [alarm, ban, ("RecordedInError", json!({ "version": 2 })), ("RecordedInError", json!({ "version": 3 }))];
        assert!(!unowned(&back, TODAY));
    }

    #[test]
    fn the_latest_move_counts() {
        assert_eq!(course(&[("MovedIn", json!({}))]).moved(CENTRE), Some(TODAY));
        assert_eq!(course(&[]).moved(CENTRE), None);
    }

    #[test]
    fn what_it_keeps_is_read_back() {
        let known = course(&[("AlarmIssued", json!({ "loan": id(1) })), ("MovedIn", json!({}))]);
        let kept = serde_json::to_value(&known).unwrap();
        assert_eq!(serde_json::from_value::<Course>(kept).unwrap(), known);
    }
}
