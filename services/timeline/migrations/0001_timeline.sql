-- Each woman's course, made from events alone: no serial ids and no clock values, so a rebuild gives the same bytes.
-- Every row belongs to one service; facts stand here as published, sealed ones as envelopes.

CREATE TABLE entries (
    service        text        NOT NULL,
    number         bigint      NOT NULL,
    woman          uuid        NOT NULL,
    centre         uuid,
    at             timestamptz NOT NULL,    -- when it happened; when it was recorded where nobody knows
    aggregate_type text        NOT NULL,
    aggregate      uuid        NOT NULL,
    version        bigint      NOT NULL,
    standing       text        NOT NULL DEFAULT 'stands' CHECK (standing IN ('stands', 'corrected', 'in_error')),
    body           json        NOT NULL,
    PRIMARY KEY (service, number)
);
CREATE INDEX entries_of_a_woman ON entries (woman, centre, at DESC, service DESC, number DESC);
CREATE UNIQUE INDEX entries_by_version ON entries (service, aggregate_type, aggregate, version);

CREATE TABLE follow_ups (
    service     text    NOT NULL,
    aggregate   uuid    NOT NULL,
    key         text    NOT NULL,
    woman       uuid    NOT NULL,
    centre      uuid,
    what        text    NOT NULL,
    due_day     date,
    due         text,                       -- the day, or day and minute, as published
    class       text    NOT NULL,           -- of what the date derives from: who may see it
    responsible text,
    basis       json,
    open        boolean NOT NULL,
    number      bigint  NOT NULL,           -- of the event that changed it last
    PRIMARY KEY (service, aggregate, key)
);
CREATE INDEX follow_ups_of_a_woman ON follow_ups (woman, centre) WHERE open;
CREATE INDEX follow_ups_of_a_centre ON follow_ups (centre, due_day) WHERE open;

-- Events that could not be applied, and those of the same woman and service behind them.
CREATE TABLE held_back (
    service text   NOT NULL,
    number  bigint NOT NULL,
    woman   uuid   NOT NULL,
    centre  uuid,                           -- none where it cannot be read
    reason  text   NOT NULL,                -- a code
    body    text   NOT NULL,
    PRIMARY KEY (service, number)
);
CREATE INDEX held_back_of_a_woman ON held_back (service, woman);

CREATE TABLE progress (
    reader  text   NOT NULL,
    service text   NOT NULL,
    epoch   uuid   NOT NULL,
    number  bigint NOT NULL,
    last    text,                           -- the digest of that event
    since   bigint NOT NULL,
    PRIMARY KEY (reader, service)
);
