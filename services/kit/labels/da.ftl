# Det, som alle slags sager har tilfælles.
event-CaseOpened = Sag åbnet
event-EntryCorrected = Rettet
event-RecordedInError = Fejlregistreret
event-NoteWritten = Notat
event-FollowUpMoved = Opfølgning flyttet
event-FollowUpAssigned = Opfølgning givet videre
event-FollowUpClosed = Opfølgning afsluttet
event-FollowUpReopened = Opfølgning genåbnet

action-open-case = Åbn sag
action-correct-entry = Ret registrering
action-record-in-error = Markér som fejlregistreret
action-write-note = Skriv notat
action-move-follow-up = Flyt opfølgning
action-assign-follow-up = Giv opfølgning videre
action-close-follow-up = Afslut opfølgning
action-reopen-follow-up = Genåbn opfølgning

fact-woman = Kvinde
fact-centre = Krisecenter
fact-before_us = Fra før
fact-version = Registrering nr.
fact-event = Registreringens art
fact-facts = Oplysninger
fact-reason = Begrundelse
fact-text = Notat
fact-key = Opfølgning
fact-due = Frist
fact-responsible = Ansvarlig
fact-outcome = Resultat
choice-FollowUpClosed-outcome-done = Gjort
choice-FollowUpClosed-outcome-not_needed = Ikke længere nødvendig

choice-granted = Bevilget
choice-partly_granted = Delvist bevilget
choice-refused = Afslag
choice-contact_person = Kontaktperson
choice-worker = En anden medarbejder
choice-volunteer = Frivillig
choice-family_or_friend = Familie eller en ven
choice-nobody = Ingen

rejection-in_the_future = Det, du registrerer, er ikke sket endnu.
rejection-no_such_entry = Registreringen findes ikke i sagen.
rejection-not_correctable = Den slags registrering kan ikke rettes.
rejection-recorded_in_error_already = Registreringen er allerede markeret som fejlregistreret.
rejection-no_such_follow_up = Opfølgningen findes ikke i sagen.
rejection-follow_up_not_open = Opfølgningen er ikke åben.
rejection-nothing_left = Rettet sådan er der intet tilbage af registreringen; markér den som fejlregistreret i stedet.
rejection-claim_taken = Det er allerede i brug i en anden sag.
rejection-unknown_fact = En oplysning hører ikke til her.
rejection-missing_fact = En oplysning mangler.
rejection-wrong_type = En oplysning har en forkert form.
rejection-invalid_value = En oplysning har en værdi, den ikke kan have.
