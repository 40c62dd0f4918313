-- Which master key a data key is wrapped with; the erasure of somebody's keys; the ledger of erasures.

-- A master key's code tells it from others and nothing about it. None: from before there were codes.
ALTER TABLE data_keys ADD COLUMN master text;
-- The one that new keys are wrapped with.
ALTER TABLE master_check ADD COLUMN master text;

-- Statistics hold samples of a column, and no key may be among them. The rewriting takes away those that there are.
ALTER TABLE data_keys ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE data_keys ALTER COLUMN wrapped TYPE bytea USING wrapped || ''::bytea;

-- Whose keys were destroyed. Rows are added and never changed; a restore applies them to the keys that it brings back.
CREATE TABLE erasures (
    subject    uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('woman', 'child')),
    decided    timestamptz NOT NULL,
    destroyed  timestamptz NOT NULL
);

-- The key of a subject and class; the offered one where there is none yet; nothing where it was erased.
DROP FUNCTION key_for(uuid, text, uuid, bytea);
CREATE FUNCTION key_for(for_subject uuid, for_class text, offered_id uuid, offered bytea, offered_master text)
RETURNS TABLE (key_id uuid, wrapped bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    present text;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM grants g WHERE g.role_name = session_user AND g.class = for_class) THEN
        RAISE EXCEPTION 'class not granted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- The same lock as an erasure: no key is made beside a tombstone that is being written.
    PERFORM pg_advisory_xact_lock(hashtextextended(for_subject::text, 0));
    RETURN QUERY SELECT k.key_id, k.wrapped FROM data_keys k WHERE k.subject = for_subject AND k.class = for_class;
    IF FOUND OR EXISTS (SELECT 1 FROM tombstones t WHERE t.subject = for_subject AND t.class = for_class)
             OR EXISTS (SELECT 1 FROM erasures e WHERE e.subject = for_subject) THEN
        RETURN;
    END IF;
    -- Locked until the key is there: none is wrapped with a master key that has been put away meanwhile.
    SELECT c.master INTO present FROM master_check c FOR SHARE;
    IF present IS NOT NULL AND present IS DISTINCT FROM offered_master THEN
        RAISE EXCEPTION 'another master key' USING ERRCODE = 'LV001';
    END IF;
    INSERT INTO data_keys (key_id, subject, class, wrapped, master)
    VALUES (offered_id, for_subject, for_class, offered, offered_master);
    RETURN QUERY SELECT offered_id, offered;
END $$;

-- Destroys the keys of a subject, of every class, and keeps any from being made again; tells when. Done again it changes nothing, unless
-- keys have come back from a backup.
CREATE FUNCTION erase(for_subject uuid, of_kind text, when_decided timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    known timestamptz;
BEGIN
    IF for_subject = '00000000-0000-0000-0000-000000000000' THEN
        RAISE EXCEPTION 'what services share is nobody''s' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(for_subject::text, 0));
    -- At once as strongly as the rewriting needs it: whoever wraps keys anew holds a weaker lock, and waits for rows.
    LOCK TABLE data_keys IN ACCESS EXCLUSIVE MODE;
    SELECT e.destroyed INTO known FROM erasures e WHERE e.subject = for_subject;
    IF known IS NOT NULL AND NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.subject = for_subject) THEN
        RETURN known;
    END IF;
    INSERT INTO tombstones (subject, class, key_id)
    SELECT for_subject, class, (array_agg(key_id))[1]
    FROM (SELECT k.class, k.key_id FROM data_keys k WHERE k.subject = for_subject
          UNION ALL SELECT DISTINCT g.class, NULL::uuid FROM grants g) every
    WHERE key_id IS NOT NULL
       OR NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.subject = for_subject AND k.class = every.class)
    GROUP BY class
    ON CONFLICT (subject, class) DO UPDATE SET key_id = coalesce(excluded.key_id, tombstones.key_id);
    DELETE FROM data_keys WHERE subject = for_subject;
    -- A deleted row stays in its page until something takes its place. The table is written anew, with its indexes, into other files.
    EXECUTE 'ALTER TABLE data_keys ALTER COLUMN wrapped TYPE bytea USING wrapped || ''''::bytea';
    INSERT INTO erasures (subject, kind, decided, destroyed)
    VALUES (for_subject, of_kind, when_decided, clock_timestamp()) ON CONFLICT DO NOTHING;
    RETURN coalesce(known, (SELECT e.destroyed FROM erasures e WHERE e.subject = for_subject));
END $$;

-- After an erasure: the log that still has the keys is closed and goes, but for what a backup has not fetched yet.
CREATE FUNCTION let_the_log_go() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM pg_switch_wal();
    CHECKPOINT;
END $$;

-- What the ledger says of a subject.
CREATE FUNCTION erasure_of(for_subject uuid) RETURNS SETOF erasures
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT * FROM erasures e WHERE e.subject = for_subject $$;

REVOKE ALL ON FUNCTION key_for FROM PUBLIC;
REVOKE ALL ON FUNCTION erase FROM PUBLIC;
REVOKE ALL ON FUNCTION let_the_log_go FROM PUBLIC;
REVOKE ALL ON FUNCTION erasure_of FROM PUBLIC;
