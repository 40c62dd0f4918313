-- Values that may change and be forgotten: where a woman lives, how she is reached, her code word. Events carry references to them.
-- Everything that says something is sealed; the service's role may read and write these tables, for nothing here is a record.
-- Numbered from 1001, so that the journal's own migrations can go on below.

CREATE TABLE vault (
    reference uuid PRIMARY KEY,
    woman     uuid NOT NULL,
    child     uuid,                         -- whose it is, where it is not hers
    centre    uuid NOT NULL,
    slot      text NOT NULL,                -- address, contact/<id>, code-word
    version   bigint NOT NULL,              -- counts what stood here; a value is bound to its version
    sealed    json NOT NULL,
    since     timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (woman, centre, slot, child)
);

-- What stood here before, until somebody has it forgotten.
CREATE TABLE vault_history (
    reference uuid NOT NULL REFERENCES vault ON DELETE CASCADE,
    version   bigint NOT NULL,
    sealed    json NOT NULL,
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    PRIMARY KEY (reference, version)
);

-- What was answered under which key. The fingerprint of a value that is forgotten goes with it.
CREATE TABLE vault_answers (
    key         uuid PRIMARY KEY,
    reference   uuid NOT NULL REFERENCES vault ON DELETE CASCADE,
    version     bigint NOT NULL,
    since       timestamptz NOT NULL,
    fingerprint bytea                       -- HMAC of the request under the woman's key
);
CREATE INDEX vault_answers_of_a_reference ON vault_answers (reference);

-- Wrong code words, as long as they count.
CREATE TABLE vault_wrong_words (
    woman  uuid NOT NULL,
    centre uuid NOT NULL,
    at     timestamptz NOT NULL
);
CREATE INDEX vault_wrong_words_of_a_woman ON vault_wrong_words (woman, centre);

-- A centre's own women, for whoever looks for one among them. Nothing in it tells who they are.
CREATE INDEX aggregates_of_a_centre ON aggregates (centre, aggregate_type);
