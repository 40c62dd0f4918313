-- A corrected entry is filed under when it happened as it stands now, and reads as its latest correction says.
ALTER TABLE entries ADD COLUMN said_by bigint;      -- the number of that correction; none: the entry itself
-- It is about somebody else: its words, and those of its corrections, are the leader's alone.
ALTER TABLE entries ADD COLUMN wrong_person boolean NOT NULL DEFAULT false;

UPDATE entries e SET said_by = c.number,
    at = coalesce((c.body->>'time')::timestamptz, (e.body->>'recordedtime')::timestamptz)
FROM (
    SELECT DISTINCT ON (service, aggregate_type, aggregate, about) *
    FROM (SELECT service, aggregate_type, aggregate, number, body, (body->'data'->'facts'->>'version')::bigint AS about
          FROM entries WHERE body->>'type' LIKE 'dk.livline.%.EntryCorrected.v%') AS corrections
    ORDER BY service, aggregate_type, aggregate, about, number DESC
) AS c
WHERE (e.service, e.aggregate_type, e.aggregate, e.version) = (c.service, c.aggregate_type, c.aggregate, c.about);
