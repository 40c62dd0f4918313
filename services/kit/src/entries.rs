//! The table of a domain's entries: which command records which event, with which facts, and how far it may travel.

/// Declares a domain's commands and events in one table:
///
/// ```text
/// kit::entries! {
///     MakeOffer => HousingOfferMade(Offer), feed, withhold [answer_by];
///     FetchBelongings => BelongingsFetched(Belongings), never;
///     RecordHousingBenefitDecision => HousingBenefitGranted(BenefitDecision), request, past [BenefitDecisionV1];
///     RecordDeath => PersonDied(Death), never, needs close;
/// }
/// ```
///
/// It makes the enums `Command` and `Event`. Sharing is `never` (the fact that it exists is dangerous), `request` (only inside a
/// request to a partner) or `feed`; `withhold` names facts that stay here even where the event is shared. The action in the URL is
/// the command's name in kebab-case. The first column's documentation is the action's.
///
/// `needs` names the right that the action takes ([`crate::access::Right`]): `record` unless it is said, `close`, `answers`, `leader` or
/// `rule`. Correcting the entry and taking it back need the same.
///
/// `past` lists the facts of earlier versions, the first first; each turns `Into` today's facts. What is stored stays as it is and is
/// brought to today's form whenever it is read; readers find its schema and words in the contract.
#[macro_export]
macro_rules! entries {
    ($($(#[$doc:meta])* $command:ident => $event:ident($facts:ty), $sharing:ident $(, needs $right:ident)? $(, withhold [$($withheld:ident),+])? $(, past [$($past:ty),+])?;)+) => {
        /// What can be asked: each command has the facts of the event that records it.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Command {
            $($(#[$doc])* $command($facts),)+
        }

        /// What can have happened.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($(#[$doc])* $event($facts),)+
        }

        impl $crate::decider::Commands for Command {
            type Event = Event;

            fn read(action: &str, facts: $crate::serde_json::Value) -> Option<Result<Self, $crate::facts::BadFact>> {
                $(if action == $crate::contract::kebab(stringify!($command)) {
                    return Some($crate::facts::read(facts).map(Self::$command));
                })+
                None
            }

            fn read_again(action: &str, facts: $crate::serde_json::Value) -> Option<Result<Self, $crate::facts::BadFact>> {
                $(if action == $crate::contract::kebab(stringify!($command)) {
                    return Some($crate::facts::read_again(facts).map(Self::$command));
                })+
                None
            }

            fn record(self) -> Event {
                match self { $(Self::$command(facts) => Event::$event(facts),)+ }
            }

            fn again(event: Event) -> Self {
                match event { $(Event::$event(facts) => Self::$command(facts),)+ }
            }

            fn right(&self) -> $crate::access::Right {
                match self { $(Self::$command(_) => $crate::right!($($right)?),)+ }
            }

            fn action_of(event: &str) -> Option<String> {
                match event {
                    $(stringify!($event) => Some($crate::contract::kebab(stringify!($command))),)+
                    _ => None,
                }
            }

            fn describe() -> Vec<$crate::contract::EntryDescription> {
                vec![$($crate::contract::EntryDescription {
                    action: $crate::contract::kebab(stringify!($command)),
                    event: stringify!($event),
                    version: $crate::contract::version_after(&[$($(stringify!($past)),+)?]),
                    past: vec![$($($crate::schema::clear::<$past>()),+)?],
                    sharing: $crate::contract::Sharing::parse(stringify!($sharing)),
                    right: $crate::right!($($right)?),
                    withheld: &[$($(stringify!($withheld)),+)?],
                    facts: $crate::schema::clear::<$facts>(),
                },)+]
            }
        }

        impl $crate::decider::Events for Event {
            fn name(&self) -> &'static str {
                match self { $(Self::$event(_) => stringify!($event),)+ }
            }

            fn schema_version(&self) -> u16 {
                match self { $(Self::$event(_) => $crate::contract::version_after(&[$($(stringify!($past)),+)?]),)+ }
            }

            fn to_facts(&self) -> Result<$crate::serde_json::Value, $crate::serde_json::Error> {
                match self { $(Self::$event(facts) => $crate::serde_json::to_value(facts),)+ }
            }

            fn from_facts(name: &str, facts: $crate::serde_json::Value) -> Result<Self, $crate::serde_json::Error> {
                match name {
                    $(stringify!($event) => $crate::serde_json::from_value(facts).map(Self::$event),)+
                    _ => Err($crate::serde::de::Error::custom("no event of this name")),
                }
            }

            fn upcast(
                name: &str,
                version: u16,
                facts: $crate::serde_json::Value,
            ) -> Result<$crate::serde_json::Value, $crate::serde_json::Error> {
                match name {
                    $(stringify!($event) => {
                        $(
                            let mut past = 0;
                            $(
                                past += 1;
                                if version == past {
                                    let facts: $facts = $crate::serde_json::from_value::<$past>(facts)?.into();
                                    return $crate::sealed::exposing(|| $crate::serde_json::to_value(&facts));
                                }
                            )+
                        )?
                        $crate::contract::known_version(version, &[$($(stringify!($past)),+)?]).map(|()| facts)
                    })+
                    _ => Err($crate::serde::de::Error::custom("no event of this name")),
                }
            }
        }
    };
}

/// The right that a row of the table names; any other word does not compile.
#[doc(hidden)]
#[macro_export]
macro_rules! right {
    () => {
        $crate::access::Right::Record
    };
    (record) => {
        $crate::access::Right::Record
    };
    (close) => {
        $crate::access::Right::Close
    };
    (answers) => {
        $crate::access::Right::Answers
    };
    (leader) => {
        $crate::access::Right::Leader
    };
    (rule) => {
        $crate::access::Right::Rule
    };
}

/// Declares coded choices of facts: enums that are their `snake_case` code wherever they are written. Codes are published and stay;
/// their words stand in the labels.
#[macro_export]
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $choice:ident,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq,
            $crate::serde::Serialize, $crate::serde::Deserialize, $crate::schemars::JsonSchema)]
        #[serde(rename_all = "snake_case", crate = "kit::serde")]
        #[schemars(crate = "kit::schemars")]
        pub enum $name { $($(#[$about])* $choice,)+ }
    )+};
}
