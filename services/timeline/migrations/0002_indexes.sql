-- Measured with 100,000 women: what is asked for one woman or one centre reads no other's rows.

-- Her follow-ups are asked for whether open or not: their keys are told in words.
DROP INDEX follow_ups_of_a_woman;
CREATE INDEX follow_ups_of_a_woman ON follow_ups (woman, centre);
-- In the order in which a centre's are listed.
DROP INDEX follow_ups_of_a_centre;
CREATE INDEX follow_ups_of_a_centre ON follow_ups (centre, due_day, due, service, aggregate, key) WHERE open;
DROP INDEX held_back_of_a_woman;
CREATE INDEX held_back_of_a_woman ON held_back (woman, service);
