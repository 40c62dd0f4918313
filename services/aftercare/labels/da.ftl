service-aftercare = Efterværn

event-AftercareOffered = Efterværn tilbudt
event-AftercareAccepted = Takket ja til efterværn
event-AftercareDeclined = Takket nej til efterværn

action-offer-aftercare = Tilbyd efterværn
    .help = Når hun får tilbudt efterværn. Åbner en opfølgning: spørg til svaret.
action-accept-aftercare = Tak ja til efterværn
    .help = Når hun siger ja til efterværn. Lukker opfølgningen på tilbuddet.
action-decline-aftercare = Tak nej til efterværn
    .help = Når hun siger nej. Lukker opfølgningen; efterværn kan altid tilbydes igen.

fact-contact_worker = Kontaktperson i efterværnet
fact-until = Til og med

follow-up-answer_aftercare_offer = Spørg til svaret på tilbuddet om efterværn. Det kan altid tilbydes igen

warning-not_offered = Der er ikke registreret et tilbud om efterværn. Svaret er registreret alligevel.
warning-offered_already = Et tilbud om efterværn venter allerede på svar. Det nye er registreret ved siden af.
warning-accepted_already = Der er allerede takket ja til efterværn.

rejection-second_outcome = Tilbuddet er allerede besvaret på en anden måde. Tilbyd efterværn igen, eller ret den tidligere registrering.
