-- Claims are each centre's own. Only digests are stored, so what they are about cannot be made anew here: the aggregates that hold some are
-- noted, and the service takes their claims again, as they stand, before it listens.
CREATE TABLE claims_to_retake (
    aggregate_type text NOT NULL,
    aggregate_id   text NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id)
);
INSERT INTO claims_to_retake SELECT DISTINCT aggregate_type, aggregate_id FROM claims;
DELETE FROM claims;

-- Takes the claims of an aggregate that is noted, once.
CREATE FUNCTION retake(a_type text, a_id text, keys text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    DELETE FROM claims_to_retake WHERE (aggregate_type, aggregate_id) = (a_type, a_id);
    IF FOUND THEN
        INSERT INTO claims (key, aggregate_type, aggregate_id) SELECT unnest(keys), a_type, a_id ON CONFLICT (key) DO NOTHING;
    END IF;
END $$;

REVOKE ALL ON FUNCTION retake FROM PUBLIC;
