# What all kinds of cases have in common.
event-CaseOpened = Case opened
event-EntryCorrected = Corrected
event-RecordedInError = Recorded in error
event-NoteWritten = Note
event-FollowUpMoved = Follow-up moved
event-FollowUpAssigned = Follow-up handed over
event-FollowUpClosed = Follow-up ended
event-FollowUpReopened = Follow-up reopened

action-open-case = Open a case
action-correct-entry = Correct an entry
action-record-in-error = Mark as recorded in error
action-write-note = Write a note
action-move-follow-up = Move a follow-up
action-assign-follow-up = Hand a follow-up over
action-close-follow-up = End a follow-up
action-reopen-follow-up = Reopen a follow-up

fact-woman = Woman
fact-centre = Crisis centre
fact-before_us = From before
fact-version = Entry no.
fact-event = Kind of entry
fact-facts = Facts
fact-reason = Reason
fact-text = Note
fact-key = Follow-up
fact-due = Due
fact-responsible = Responsible
fact-outcome = Outcome
choice-FollowUpClosed-outcome-done = Done
choice-FollowUpClosed-outcome-not_needed = No longer needed

choice-granted = Granted
choice-partly_granted = Partly granted
choice-refused = Refused
choice-contact_person = Contact person
choice-worker = Another worker
choice-volunteer = Volunteer
choice-family_or_friend = Family or a friend
choice-nobody = Nobody

rejection-in_the_future = What you record has not happened yet.
rejection-no_such_entry = There is no such entry in this case.
rejection-not_correctable = This kind of entry cannot be corrected.
rejection-recorded_in_error_already = The entry is already marked as recorded in error.
rejection-no_such_follow_up = There is no such follow-up in this case.
rejection-follow_up_not_open = The follow-up is not open.
rejection-nothing_left = Corrected so, nothing of the entry is left; mark it as recorded in error instead.
rejection-claim_taken = Another case holds it already.
rejection-unknown_fact = A fact does not belong here.
rejection-missing_fact = A fact is missing.
rejection-wrong_type = A fact has the wrong form.
rejection-invalid_value = A fact has a value that it cannot have.
