-- What ties women to centres, and centres to those on duty, as heard from people and aftercare: what access follows from.
CREATE TABLE relations (
    service  text NOT NULL,                 -- from which it was heard
    woman    uuid NOT NULL,
    centre   uuid NOT NULL,
    relation json NOT NULL,                 -- one envelope under her personal key, bound to all three
    PRIMARY KEY (woman, centre, service)
);
CREATE TABLE duties (
    aggregate uuid PRIMARY KEY,
    centre    uuid NOT NULL,
    worker    text NOT NULL,
    kind      text NOT NULL,
    entry     bigint NOT NULL,              -- that began it
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    ended     timestamptz,                  -- sooner than it would have by itself
    ending    bigint                        -- the entry that ended it
);
CREATE INDEX duties_of_a_worker ON duties (centre, worker);

-- What is known of women at a centre, and how a worker stands to it, in one look.
CREATE FUNCTION ties(women uuid[], at_centre uuid, of_worker text, at_moment timestamptz)
RETURNS TABLE (
    of_woman uuid, people json, aftercare json, held_back boolean, epoch uuid, number bigint, on_duty boolean, engaged boolean
)
LANGUAGE sql STABLE AS $$
    SELECT w.woman,
           (SELECT r.relation FROM relations r WHERE r.woman = w.woman AND r.centre = at_centre AND r.service = 'people'),
           (SELECT r.relation FROM relations r WHERE r.woman = w.woman AND r.centre = at_centre AND r.service = 'aftercare'),
           EXISTS (SELECT 1 FROM held_back h WHERE h.reader = 'relations' AND h.woman = w.woman)
               OR NOT coalesce(p.number >= p.until, false),
           p.epoch, p.number,
           EXISTS (SELECT 1 FROM duties d WHERE d.centre = at_centre AND d.worker = of_worker AND d.kind = 'on_duty'
                   AND at_moment >= d.since AND at_moment < least(d.until, d.ended)),
           EXISTS (SELECT 1 FROM duties d WHERE d.centre = at_centre AND d.worker = of_worker AND d.kind = 'temp'
                   AND at_moment >= d.since AND at_moment < least(d.until, d.ended))
    FROM unnest(women) AS w(woman)
    LEFT JOIN progress p ON p.reader = 'relations' AND p.service = 'people'
$$;
