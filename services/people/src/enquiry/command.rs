//! The table of an enquiry's entries.

use super::event::Received;

kit::entries! {
    /// Somebody asks for a place, or for advice.
    ReceiveEnquiry => EnquiryReceived(Received), never;
}
