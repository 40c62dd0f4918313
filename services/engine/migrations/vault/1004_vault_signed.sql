-- The service's role may write to these tables, and they must still show only what the service kept. So every row is signed,
-- and what stands in a slot is compared with what her own signed events tell of last ([`engine::vault`]).

ALTER TABLE vault ADD COLUMN mac bytea;
ALTER TABLE vault_history ADD COLUMN mac bytea;
ALTER TABLE vault_waiting ADD COLUMN mac bytea;

-- The program signs the rows of before once; a row here says that it did. The service's role may not read or write it.
CREATE TABLE vault_signed (at timestamptz NOT NULL);
INSERT INTO vault_signed SELECT now()
WHERE NOT EXISTS (SELECT FROM vault) AND NOT EXISTS (SELECT FROM vault_history) AND NOT EXISTS (SELECT FROM vault_waiting);

-- Who is recognised is so by one word: a row of before tells nothing about the next one. Those that are there count for ten minutes.
DELETE FROM vault_checked;
ALTER TABLE vault_checked
    ADD COLUMN word uuid NOT NULL,          -- the reference of the word that was right
    ADD COLUMN mac  bytea NOT NULL;

-- Wrong words are counted by rows that the service's role may add, and neither change nor take away. A leader takes words again by a row of
-- its own: wrong ones up to its moment do not count any more.
DELETE FROM vault_wrong_words;
ALTER TABLE vault_wrong_words ADD COLUMN mac bytea NOT NULL;
CREATE TABLE vault_unlocked (
    woman  uuid NOT NULL,
    centre uuid NOT NULL,
    actor  text,                            -- from whom words are taken again; none: from everybody
    at     timestamptz NOT NULL,
    mac    bytea NOT NULL
);
CREATE INDEX vault_unlocked_of_a_woman ON vault_unlocked (woman, centre);

-- Those that count for nothing go after a day, by this database's own clock, whoever asks.
CREATE FUNCTION old_wrong_words_go() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    DELETE FROM vault_wrong_words WHERE at < now() - interval '1 day';
    DELETE FROM vault_unlocked WHERE at < now() - interval '1 day';
$$;
REVOKE ALL ON FUNCTION old_wrong_words_go FROM PUBLIC;
