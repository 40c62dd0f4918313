-- A follow-up is shown only as far as this timeline made it of events: the signature is over all other columns. What was made before is made
-- again, for the services' numberings begin anew when their events are signed.
ALTER TABLE follow_ups ADD COLUMN mac bytea;

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
