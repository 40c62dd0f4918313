-- Claims are each centre's own, and some are of what there is one of everywhere (an alarm). Whoever takes such a one learns nothing of another
-- centre that holds the same; the one that holds it is warned, once: the note of it comes with the events that took it.
ALTER TABLE claims ADD COLUMN everywhere text;   -- a digest that is the same at each centre; none where nobody else is concerned
CREATE INDEX claims_everywhere ON claims (everywhere) WHERE everywhere IS NOT NULL;

-- Who holds what was taken at another centre for another woman, and is still to be warned. Nothing tells which centre, or for whom.
CREATE TABLE keepers_to_warn (
    key            uuid PRIMARY KEY,             -- the key of the command that warns: carried out again, it happens once
    aggregate_type text NOT NULL,
    aggregate_id   text NOT NULL,
    everywhere     text NOT NULL
);

-- The service makes the digests of the claims that it holds already when it starts.
INSERT INTO claims_to_retake SELECT DISTINCT aggregate_type, aggregate_id FROM claims ON CONFLICT DO NOTHING;

DROP FUNCTION retake;
-- As in the tenth migration, with the digests; what is held already stays so.
CREATE FUNCTION retake(a_type text, a_id text, keys text[], digests text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    DELETE FROM claims_to_retake r WHERE (r.aggregate_type, r.aggregate_id) = (a_type, a_id);
    IF FOUND THEN
        INSERT INTO claims AS k (key, everywhere, aggregate_type, aggregate_id)
        SELECT t.key, t.everywhere, a_type, a_id FROM unnest(keys, digests) AS t(key, everywhere)
        ON CONFLICT (key) DO UPDATE SET everywhere = excluded.everywhere
        WHERE (k.aggregate_type, k.aggregate_id) = (a_type, a_id);
    END IF;
END $$;

REVOKE ALL ON FUNCTION retake FROM PUBLIC;

-- As in the eighth migration, with what there is one of everywhere.
CREATE OR REPLACE FUNCTION append(
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
            WHEN EXISTS (SELECT 1 FROM json_array_elements(c.take::json) t JOIN claims k ON k.key = t.value ->> 'key'
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

    INSERT INTO keepers_to_warn (key, aggregate_type, aggregate_id, everywhere)
    SELECT gen_random_uuid(), k.aggregate_type, k.aggregate_id, k.everywhere
    FROM unnest(c_type, c_id, c_woman, c_centre, c_take) WITH ORDINALITY AS c(type, id, woman, centre, take, place)
    CROSS JOIN json_array_elements(c.take::json) t
    JOIN claims k ON k.everywhere = t.value ->> 'everywhere'
    JOIN aggregates a ON (a.aggregate_type, a.aggregate_id) = (k.aggregate_type, k.aggregate_id)
    WHERE verdict[c.place] = 'accepted' AND a.centre <> c.centre AND a.woman <> c.woman;

    INSERT INTO claims (key, everywhere, aggregate_type, aggregate_id)
    SELECT t.value ->> 'key', t.value ->> 'everywhere', c.type, c.id
    FROM unnest(c_type, c_id, c_take) WITH ORDINALITY AS c(type, id, take, place), json_array_elements(c.take::json) t
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
