-- What access follows from is signed under a key that no database holds: who writes here without it makes nothing that counts.
-- What was stored before is signed once, by the program that brings the data along; none here means that it was not.

ALTER TABLE events ADD COLUMN mac bytea;          -- over everything the row says but number and chain
ALTER TABLE aggregates ADD COLUMN mac bytea;      -- over all of the row

-- The chain as the service saw it at some of its numbers: it publishes nothing without one at its end.
CREATE TABLE checkpoints (
    number bigint PRIMARY KEY,
    chain  bytea NOT NULL,
    mac    bytea NOT NULL
);

-- As in the first migration. The body goes as text: signatures are over its bytes.
DROP VIEW serialized_events;
CREATE VIEW serialized_events AS
    SELECT aggregate_type, aggregate_id, sequence, event_type, event_version,
           to_json(body::text) AS payload,
           json_build_object('number', number, 'key', key, 'fingerprint', encode(fingerprint, 'hex'), 'warnings', warnings::text,
                             'subject', subject, 'mac', encode(mac, 'hex')) AS metadata
    FROM events;

DROP FUNCTION append;
-- As in the fourth migration, with the signatures.
CREATE FUNCTION append(
    c_type text[], c_id text[], c_expected bigint[], c_woman uuid[], c_centre uuid[], c_take text[], c_release text[],
    c_mac bytea[], e_command integer[], e_type text[], e_version text[], e_subject text[], e_key uuid[], e_fingerprint bytea[],
    e_warnings text[], e_body text[], e_mac bytea[]
) RETURNS TABLE (command integer, outcome text, first_number bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    head bigint;
    last bytea;
    verdict text[];
BEGIN
    PERFORM pg_advisory_xact_lock(736969);

    SELECT e.number, e.chain INTO head, last FROM events e ORDER BY e.number DESC LIMIT 1;
    head := coalesce(head, 0);
    last := coalesce(last, decode(repeat('00', 32), 'hex'));

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

    INSERT INTO aggregates (aggregate_type, aggregate_id, woman, centre, mac)
    SELECT c.type, c.id, c.woman, c.centre, c.mac
    FROM unnest(c_type, c_id, c_expected, c_woman, c_centre, c_mac) WITH ORDINALITY AS c(type, id, expected, woman, centre, mac, place)
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
                        warnings, body, chain, mac)
    SELECT e.number, e.aggregate_type, e.aggregate_id, e.sequence, e.type, e.version, e.subject, e.key, e.fingerprint,
           e.warnings::json, e.body::json,
           chained(last, e.number, e.aggregate_type, e.aggregate_id, e.sequence, e.type, e.version, e.subject, e.key,
                   e.fingerprint, e.warnings, e.body) OVER (ORDER BY e.number ROWS UNBOUNDED PRECEDING),
           e.mac
    FROM (
        SELECT head + row_number() OVER (ORDER BY e.place) AS number,
               c_type[e.command] AS aggregate_type, c_id[e.command] AS aggregate_id,
               c_expected[e.command] + row_number() OVER (PARTITION BY e.command ORDER BY e.place) AS sequence, e.*
        FROM unnest(e_command, e_type, e_version, e_subject, e_key, e_fingerprint, e_warnings, e_body, e_mac)
             WITH ORDINALITY AS e(command, type, version, subject, key, fingerprint, warnings, body, mac, place)
        WHERE verdict[e.command] = 'accepted'
    ) e;

    RETURN QUERY
    SELECT c.place::integer, verdict[c.place],
           (SELECT e.number FROM events e
            WHERE verdict[c.place] = 'accepted'
              AND e.aggregate_type = c.type AND e.aggregate_id = c.id AND e.sequence = c.expected + 1)
    FROM unnest(c_type, c_id, c_expected) WITH ORDINALITY AS c(type, id, expected, place)
    ORDER BY c.place;
END $$;

REVOKE ALL ON FUNCTION append FROM PUBLIC;

-- What was heard is signed, row by row, and all of it together with the progress it belongs to. It is heard again.
ALTER TABLE relations ADD COLUMN mac bytea;
ALTER TABLE duties ADD COLUMN mac bytea;
ALTER TABLE progress ADD COLUMN counter bigint NOT NULL DEFAULT 0, ADD COLUMN sum bytea, ADD COLUMN mac bytea;
DELETE FROM relations;
DELETE FROM duties;
DELETE FROM progress WHERE reader = 'relations';
DELETE FROM held_back WHERE reader = 'relations';

CREATE FUNCTION micros(moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE AS 'SELECT (extract(epoch FROM moment) * 1000000)::bigint';

-- As in the migration that made them, but that duties and relations come with their signatures: the service looks at those itself.
DROP FUNCTION ties;
CREATE FUNCTION ties(women uuid[], at_centre uuid, of_worker text, at_moment timestamptz)
RETURNS TABLE (of_woman uuid, people json, aftercare json, held_back boolean, epoch uuid, number bigint, duties json)
LANGUAGE sql STABLE AS $$
    SELECT w.woman,
           (SELECT json_build_object('row', r.relation::text, 'mac', encode(r.mac, 'hex')) FROM relations r
            WHERE r.woman = w.woman AND r.centre = at_centre AND r.service = 'people'),
           (SELECT json_build_object('row', r.relation::text, 'mac', encode(r.mac, 'hex')) FROM relations r
            WHERE r.woman = w.woman AND r.centre = at_centre AND r.service = 'aftercare'),
           EXISTS (SELECT 1 FROM held_back h WHERE h.reader = 'relations' AND h.woman = w.woman)
               OR NOT coalesce(p.number >= p.until, false),
           p.epoch, p.number,
           (SELECT json_agg(json_build_object(
                'aggregate', d.aggregate, 'centre', d.centre, 'worker', d.worker, 'kind', d.kind, 'entry', d.entry,
                'since', micros(d.since), 'until', micros(d.until), 'ended', micros(d.ended), 'ending', d.ending,
                'mac', encode(d.mac, 'hex')))
            FROM duties d WHERE d.centre = at_centre AND d.worker = of_worker
            AND at_moment >= d.since AND at_moment < least(d.until, d.ended))
    FROM unnest(women) AS w(woman)
    LEFT JOIN progress p ON p.reader = 'relations' AND p.service = 'people'
$$;
