-- The journal of one service: its events are the truth, everything else can be made again from them.
-- Owned by the cluster's administrator; the service's own role may read, and append through the function alone.

CREATE TABLE epochs (
    ordinal  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    epoch    uuid NOT NULL UNIQUE,
    head     bigint NOT NULL,               -- the last number when it was taken
    taken_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO epochs (epoch, head) VALUES (gen_random_uuid(), 0);

CREATE TABLE events (
    number         bigint PRIMARY KEY,      -- dense, in the order of commits
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,         -- text, as postgres-es binds it
    sequence       bigint NOT NULL,         -- the version: dense within the aggregate
    event_type     text   NOT NULL,
    event_version  text   NOT NULL,
    subject        text   NOT NULL,         -- the last token of the subject it is published on
    key            uuid   NOT NULL,         -- of the command
    fingerprint    bytea  NOT NULL,         -- HMAC of the command under the woman's key
    warnings       json   NOT NULL,         -- codes the command was answered with
    body           json   NOT NULL,         -- published verbatim; json keeps the text as it came, jsonb would not
    UNIQUE (aggregate_type, aggregate_id, sequence)
);

-- What the repository reads: the columns that postgres-es names.
CREATE VIEW serialized_events AS
    SELECT aggregate_type, aggregate_id, sequence, event_type, event_version,
           body AS payload,
           json_build_object('number', number, 'key', key, 'fingerprint', encode(fingerprint, 'hex'), 'warnings', warnings)
               AS metadata
    FROM events;

CREATE TABLE aggregates (
    aggregate_type text NOT NULL,
    aggregate_id   text NOT NULL,
    woman          uuid,
    centre         uuid,
    PRIMARY KEY (aggregate_type, aggregate_id)
);
CREATE INDEX aggregates_of_a_woman ON aggregates (woman);

-- What there is one of among all aggregates (an alarm's loan).
CREATE TABLE claims (
    key            text PRIMARY KEY,
    aggregate_type text NOT NULL,
    aggregate_id   text NOT NULL
);

-- Readers of this process group: the policies of a service keep their progress beside what they have heard.
CREATE TABLE progress (
    reader  text   NOT NULL,
    service text   NOT NULL,
    epoch   uuid   NOT NULL,
    number  bigint NOT NULL,                -- the last number taken in
    last    text,                           -- the digest of that event
    since   bigint NOT NULL,                -- reacts only to numbers above
    PRIMARY KEY (reader, service)
);
CREATE TABLE heard (
    policy text NOT NULL,
    woman  uuid NOT NULL,
    heard  jsonb NOT NULL,
    PRIMARY KEY (policy, woman)
);
CREATE INDEX heard_of_a_woman ON heard (woman);
-- Orders that were dealt with. One that is here is never given again: what it led to is history, whatever is heard anew.
CREATE TABLE orders (
    policy  text NOT NULL,
    key     uuid NOT NULL,
    outcome text NOT NULL,                  -- done, or the code of the refusal
    PRIMARY KEY (policy, key)
);
-- Events that a policy could not read, and those of the same woman and service behind them.
CREATE TABLE held_back (
    policy  text   NOT NULL,
    service text   NOT NULL,
    number  bigint NOT NULL,
    woman   uuid   NOT NULL,
    reason  text   NOT NULL,
    body    text   NOT NULL,
    PRIMARY KEY (policy, service, number)
);

-- Appends all of a command or none of it, and gives numbers in the order of commits.
--
-- The lock is held to the end of the transaction, so whoever gets it sees every number given before. Each statement below has a
-- snapshot of its own (read committed, volatile function), taken after the lock: that is what makes max() right.
-- Arrays c_… have one element per command, e_… one per event; e_command is the index of the event's command, from 1.
-- At most one command per aggregate, and at most one that takes claims, in a call.
CREATE FUNCTION append(
    c_type text[], c_id text[], c_expected bigint[], c_woman uuid[], c_centre uuid[], c_take text[], c_release text[],
    e_command integer[], e_type text[], e_version text[], e_subject text[], e_key uuid[], e_fingerprint bytea[],
    e_warnings text[], e_body text[]
) RETURNS TABLE (command integer, outcome text, first_number bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    head bigint;
    verdict text[];
BEGIN
    PERFORM pg_advisory_xact_lock(736969);

    SELECT coalesce(max(e.number), 0) INTO head FROM events e;

    SELECT array_agg(
        CASE
            WHEN c.expected <> (SELECT coalesce(max(e.sequence), 0) FROM events e
                                WHERE e.aggregate_type = c.type AND e.aggregate_id = c.id) THEN 'clash'
            WHEN EXISTS (SELECT 1 FROM json_array_elements_text(c.take::json) t JOIN claims k ON k.key = t.value
                         WHERE (k.aggregate_type, k.aggregate_id) <> (c.type, c.id)) THEN 'claimed'
            ELSE 'accepted'
        END ORDER BY c.place)
    INTO verdict
    FROM unnest(c_type, c_id, c_expected, c_take) WITH ORDINALITY AS c(type, id, expected, take, place);

    INSERT INTO aggregates (aggregate_type, aggregate_id, woman, centre)
    SELECT c.type, c.id, c.woman, c.centre
    FROM unnest(c_type, c_id, c_expected, c_woman, c_centre) WITH ORDINALITY AS c(type, id, expected, woman, centre, place)
    WHERE verdict[c.place] = 'accepted' AND c.expected = 0;

    DELETE FROM claims k
    USING unnest(c_type, c_id, c_release) WITH ORDINALITY AS c(type, id, release, place), json_array_elements_text(c.release::json) r
    WHERE verdict[c.place] = 'accepted' AND k.key = r.value AND (k.aggregate_type, k.aggregate_id) = (c.type, c.id);

    INSERT INTO claims (key, aggregate_type, aggregate_id)
    SELECT t.value, c.type, c.id
    FROM unnest(c_type, c_id, c_take) WITH ORDINALITY AS c(type, id, take, place), json_array_elements_text(c.take::json) t
    WHERE verdict[c.place] = 'accepted'
    ON CONFLICT (key) DO NOTHING;

    INSERT INTO events (number, aggregate_type, aggregate_id, sequence, event_type, event_version, subject, key, fingerprint,
                        warnings, body)
    SELECT head + row_number() OVER (ORDER BY e.place),
           c_type[e.command], c_id[e.command],
           c_expected[e.command] + row_number() OVER (PARTITION BY e.command ORDER BY e.place),
           e.type, e.version, e.subject, e.key, e.fingerprint, e.warnings::json, e.body::json
    FROM unnest(e_command, e_type, e_version, e_subject, e_key, e_fingerprint, e_warnings, e_body)
         WITH ORDINALITY AS e(command, type, version, subject, key, fingerprint, warnings, body, place)
    WHERE verdict[e.command] = 'accepted';

    RETURN QUERY
    SELECT c.place::integer, verdict[c.place],
           (SELECT e.number FROM events e
            WHERE verdict[c.place] = 'accepted'
              AND e.aggregate_type = c.type AND e.aggregate_id = c.id AND e.sequence = c.expected + 1)
    FROM unnest(c_type, c_id, c_expected) WITH ORDINALITY AS c(type, id, expected, place)
    ORDER BY c.place;
END $$;

-- A new identity for the numbering: only where the one that ends is still the present one, so two relays take one together.
CREATE FUNCTION take_epoch(ended uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    present uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(736969);
    SELECT epoch INTO present FROM epochs ORDER BY ordinal DESC LIMIT 1;
    IF present = ended THEN
        INSERT INTO epochs (epoch, head) SELECT gen_random_uuid(), coalesce(max(number), 0) FROM events RETURNING epoch INTO present;
    END IF;
    RETURN present;
END $$;

REVOKE ALL ON FUNCTION append FROM PUBLIC;
REVOKE ALL ON FUNCTION take_epoch FROM PUBLIC;
