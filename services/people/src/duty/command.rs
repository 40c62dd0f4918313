//! The table of a duty's entries.

use super::event::{Ended, Started};

kit::entries! {
    /// A duty begins.
    StartDuty => DutyStarted(Started), never, needs answers;
    /// It ends sooner.
    EndDuty => DutyEnded(Ended), never, needs answers;
}
