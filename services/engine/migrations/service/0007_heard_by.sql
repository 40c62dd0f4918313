-- How far each service has taken this one's events in, as it said when it asked for its last lease: a revocation is acknowledged by it.
CREATE TABLE heard_by (
    service text PRIMARY KEY,
    epoch   uuid,                           -- none: it has taken nothing in yet
    number  bigint NOT NULL,
    at      timestamptz NOT NULL
);
