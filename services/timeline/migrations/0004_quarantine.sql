-- One shape of quarantine for every reader, and a mark for those that are to be tried again.
ALTER TABLE held_back ADD COLUMN reader text NOT NULL DEFAULT 'timeline', ADD COLUMN retry boolean NOT NULL DEFAULT false;
ALTER TABLE held_back ALTER COLUMN reader DROP DEFAULT, DROP CONSTRAINT held_back_pkey, ADD PRIMARY KEY (reader, service, number);
