-- A value counts only where the event stands that tells of it. It is written here first, in a transaction of its own; the event is
-- appended under the command's key; and whoever looks at her vault next moves what counts by then to where it stands. Killed anywhere
-- in between, the value and its event are both there or neither is. A value whose event never came is shown to nobody.
CREATE TABLE vault_waiting (
    key         uuid PRIMARY KEY,           -- of the value, as vault_answers keeps it
    command     uuid NOT NULL,              -- the key of the command whose event makes it count
    reference   uuid NOT NULL UNIQUE,       -- what the event names
    woman       uuid NOT NULL,
    child       uuid,
    centre      uuid NOT NULL,
    slot        text NOT NULL,
    sealed      json NOT NULL,              -- bound to version 0: which one it will be is not known yet
    since       timestamptz NOT NULL,
    fingerprint bytea NOT NULL
);
CREATE INDEX vault_waiting_of_a_woman ON vault_waiting (woman, centre);

-- The number of the event, for whoever waits for it; none: kept before its changes were events.
ALTER TABLE vault_answers ADD COLUMN number bigint;

-- Who has just checked her code word, and was told that it is right: as long as she counts as recognised.
CREATE TABLE vault_checked (
    woman  uuid NOT NULL,
    centre uuid NOT NULL,
    actor  text NOT NULL,
    at     timestamptz NOT NULL,
    PRIMARY KEY (woman, centre, actor)
);

-- Wrong words count by worker. Those that are there count for ten minutes, and nobody knows whose they are.
DELETE FROM vault_wrong_words;
ALTER TABLE vault_wrong_words ADD COLUMN actor text NOT NULL;
