//! The table of aftercare's entries. Who her contact is stays here: it is an id of ours.

use super::event::{Acceptance, Offer, Refusal};

kit::entries! {
    /// Aftercare is offered.
    OfferAftercare => AftercareOffered(Offer), feed, withhold [contact_worker, until];
    /// She takes aftercare.
    AcceptAftercare => AftercareAccepted(Acceptance), feed, withhold [contact_worker, until];
    /// She does not take aftercare.
    DeclineAftercare => AftercareDeclined(Refusal), feed;
}
