-- Aliases and alarms' numbers are claimed in a form that does not depend on how they are spelled. Only digests of what was claimed are
-- stored, so as in the tenth migration: the aggregates that hold some are noted, and the service takes their claims again, as they stand,
-- before it listens. Where two hold the same by now, the one that is taken first has it.
INSERT INTO claims_to_retake SELECT DISTINCT aggregate_type, aggregate_id FROM claims ON CONFLICT DO NOTHING;
DELETE FROM claims;
