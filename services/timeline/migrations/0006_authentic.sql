-- A follow-up is shown only as far as this timeline made it of events: the signature is over all other columns. What was made before is made
-- again, for the services' numberings begin anew when their events are signed.
ALTER TABLE follow_ups ADD COLUMN mac bytea;
