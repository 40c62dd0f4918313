-- One shape of quarantine for every reader, and a mark for those that are to be tried again.
ALTER TABLE held_back RENAME COLUMN policy TO reader;
ALTER TABLE held_back ADD COLUMN centre uuid, ADD COLUMN retry boolean NOT NULL DEFAULT false;
CREATE INDEX held_back_of_a_woman ON held_back (woman, reader, service);
