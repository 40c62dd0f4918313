-- Each policy signs its rows, and all of them together with how far it is. Policies hear everything again from the first event; orders that were carried out are known by the events that they led to.
DROP TABLE heard;
CREATE TABLE heard (
    policy text NOT NULL,
    woman  uuid NOT NULL,
    heard  json NOT NULL,                   -- one envelope: it is made of other services' personal facts. As text: it is signed as it stands
    mac    bytea NOT NULL,                  -- over all of the row
    PRIMARY KEY (policy, woman)
);
CREATE INDEX heard_of_a_woman ON heard (woman);

CREATE TABLE policies (
    policy  text PRIMARY KEY,
    counter bigint NOT NULL,                -- how often it was signed
    sum     bytea NOT NULL,                 -- over the signatures of what was heard
    mac     bytea NOT NULL                  -- over the row, the policy's progress and what it holds back
);

DELETE FROM orders;
ALTER TABLE orders ADD COLUMN mac bytea;    -- over all of the row; one without counts for nothing
DELETE FROM progress WHERE reader NOT IN ('relations', 'erase_keys');
DELETE FROM held_back WHERE reader NOT IN ('relations', 'erase_keys');
