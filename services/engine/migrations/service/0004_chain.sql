-- Each event is bound to all before it: its link is a digest of the link before and of everything its row says. Who changes, removes or
-- exchanges events later breaks the chain there, and `livline verify` names the numbers.

-- The link of an event after the one before; where there is none yet, after `first`. Lengths stand before texts, so no two rows render
-- alike.
CREATE FUNCTION link(
    previous bytea, first bytea, number bigint, aggregate_type text, aggregate_id text, sequence bigint, event_type text,
    event_version text, subject text, key uuid, fingerprint bytea, warnings text, body text
) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    RETURN sha256(coalesce(previous, first) || convert_to(
        number::text || ' ' || sequence::text || ' ' || key::text || ' ' || encode(fingerprint, 'hex') || ' '
        || octet_length(aggregate_type)::text || ' ' || octet_length(aggregate_id)::text || ' '
        || octet_length(event_type)::text || ' ' || octet_length(event_version)::text || ' '
        || octet_length(subject)::text || ' ' || octet_length(warnings)::text || ' '
        || aggregate_type || aggregate_id || event_type || event_version || subject || warnings || body, 'UTF8'));
END $$;

-- The links of events one after the other, over a window.
CREATE AGGREGATE chained(bytea, bigint, text, text, bigint, text, text, text, uuid, bytea, text, text) (
    SFUNC = link, STYPE = bytea
);

-- Before the first event stand 32 zero bytes.
ALTER TABLE events ADD COLUMN chain bytea;
UPDATE events e SET chain = c.chain
FROM (
    SELECT number, chained(decode(repeat('00', 32), 'hex'), number, aggregate_type, aggregate_id, sequence, event_type, event_version,
                           subject, key, fingerprint, warnings::text, body::text)
                       OVER (ORDER BY number ROWS UNBOUNDED PRECEDING) AS chain
    FROM events
) c
WHERE c.number = e.number;
ALTER TABLE events ALTER COLUMN chain SET NOT NULL;

-- As in the first migration, with the chain.
CREATE OR REPLACE FUNCTION append(
    c_type text[], c_id text[], c_expected bigint[], c_woman uuid[], c_centre uuid[], c_take text[], c_release text[],
    e_command integer[], e_type text[], e_version text[], e_subject text[], e_key uuid[], e_fingerprint bytea[],
    e_warnings text[], e_body text[]
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
                        warnings, body, chain)
    SELECT e.number, e.aggregate_type, e.aggregate_id, e.sequence, e.type, e.version, e.subject, e.key, e.fingerprint,
           e.warnings::json, e.body::json,
           chained(last, e.number, e.aggregate_type, e.aggregate_id, e.sequence, e.type, e.version, e.subject, e.key,
                   e.fingerprint, e.warnings, e.body) OVER (ORDER BY e.number ROWS UNBOUNDED PRECEDING)
    FROM (
        SELECT head + row_number() OVER (ORDER BY e.place) AS number,
               c_type[e.command] AS aggregate_type, c_id[e.command] AS aggregate_id,
               c_expected[e.command] + row_number() OVER (PARTITION BY e.command ORDER BY e.place) AS sequence, e.*
        FROM unnest(e_command, e_type, e_version, e_subject, e_key, e_fingerprint, e_warnings, e_body)
             WITH ORDINALITY AS e(command, type, version, subject, key, fingerprint, warnings, body, place)
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

REVOKE ALL ON FUNCTION append, link, chained FROM PUBLIC;
