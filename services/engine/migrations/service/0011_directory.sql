-- The directory of staff and centres, as heard from people: one row for each worker of a centre, and for each centre.
CREATE TABLE directory (
    aggregate uuid PRIMARY KEY,
    centre    uuid NOT NULL,                -- that recorded it
    kind      text NOT NULL,                -- 'staff' or 'centre'
    facts     json NOT NULL,                -- one envelope under nobody's key, bound to all three
    mac       bytea                         -- over all of it
);
CREATE INDEX directory_of_a_centre ON directory (centre);
