service-aftercare = Aftercare

event-AftercareOffered = Aftercare offered
event-AftercareAccepted = Aftercare accepted
event-AftercareDeclined = Aftercare declined

action-offer-aftercare = Offer aftercare
    .help = When she is offered aftercare. Opens a follow-up: ask about the answer.
action-accept-aftercare = Accept aftercare
    .help = When she says yes to aftercare. Closes the follow-up on the offer.
action-decline-aftercare = Decline aftercare
    .help = When she says no. Closes the follow-up; aftercare can always be offered again.

fact-contact_worker = Contact in aftercare
fact-until = Until and including

follow-up-answer_aftercare_offer = Ask about the answer to the offer of aftercare. It can always be offered again

warning-not_offered = No offer of aftercare is recorded. The answer is recorded all the same.
warning-offered_already = An offer of aftercare is waiting for its answer already. The new one is recorded beside it.
warning-accepted_already = Aftercare has been accepted already.

rejection-second_outcome = The offer was answered in another way already. Offer aftercare again, or correct the earlier entry.
