//! The table of a centre's entries in the directory.

use super::event::{Closing, Naming};

kit::entries! {
    /// There is this centre.
    RegisterCentre => CentreRegistered(Naming), never, needs leader;
    /// It is called otherwise.
    RenameCentre => CentreRenamed(Naming), never, needs leader;
    /// It takes nobody in any more.
    CloseCentre => CentreClosed(Closing), never, needs leader;
}
