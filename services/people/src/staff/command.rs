//! The table of a worker's entries in the directory.

use super::event::{Change, Leaving, Registration};

kit::entries! {
    /// Somebody works at the centre.
    RegisterWorker => WorkerRegistered(Registration), never, needs leader;
    /// The name, the role or the last day is otherwise now.
    ChangeWorker => WorkerChanged(Change), never, needs leader;
    /// Somebody works there no more.
    EndWork => WorkerLeft(Leaving), never, needs leader;
}
