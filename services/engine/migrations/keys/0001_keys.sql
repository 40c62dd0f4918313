-- Data keys, wrapped by the master key. A service reaches them through two functions, each for the classes granted to its role.

CREATE TABLE data_keys (
    key_id     uuid PRIMARY KEY,
    subject    uuid NOT NULL,
    class      text NOT NULL,
    wrapped    bytea NOT NULL,
    UNIQUE (subject, class)
);
-- Keeps an erased key from being made again, and tells what was erased from what was lost.
CREATE TABLE tombstones (
    subject    uuid NOT NULL,
    class      text NOT NULL,
    key_id     uuid UNIQUE,                 -- none where there never was a key
    erased_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, class)
);
CREATE TABLE grants (
    role_name  name NOT NULL,
    class      text NOT NULL,
    PRIMARY KEY (role_name, class)
);
-- One wrapped known value: whoever has another master key is told at start, not at the first fact.
CREATE TABLE master_check (
    only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    wrapped    bytea NOT NULL
);

-- The key of a subject and class; the offered one where there is none yet; nothing where it was erased.
CREATE FUNCTION key_for(for_subject uuid, for_class text, offered_id uuid, offered bytea)
RETURNS TABLE (key_id uuid, wrapped bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT 1 FROM grants g WHERE g.role_name = session_user AND g.class = for_class) THEN
        RAISE EXCEPTION 'class not granted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- The same lock as an erasure: no key is made beside a tombstone that is being written.
    PERFORM pg_advisory_xact_lock(hashtextextended(for_subject::text || for_class, 0));
    RETURN QUERY SELECT k.key_id, k.wrapped FROM data_keys k WHERE k.subject = for_subject AND k.class = for_class;
    IF FOUND OR EXISTS (SELECT 1 FROM tombstones t WHERE t.subject = for_subject AND t.class = for_class) THEN
        RETURN;
    END IF;
    INSERT INTO data_keys (key_id, subject, class, wrapped) VALUES (offered_id, for_subject, for_class, offered);
    RETURN QUERY SELECT offered_id, offered;
END $$;

-- Keys by their ids. Nothing is wrapped where the key was erased or is not granted; one that nobody knows is left out.
CREATE FUNCTION keys_by_id(wanted uuid[])
RETURNS TABLE (key_id uuid, subject uuid, class text, wrapped bytea, erased boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT k.key_id, k.subject, k.class, CASE WHEN g.class IS NULL THEN NULL ELSE k.wrapped END, false
    FROM data_keys k LEFT JOIN grants g ON g.class = k.class AND g.role_name = session_user
    WHERE k.key_id = ANY (wanted)
    UNION ALL
    SELECT t.key_id, t.subject, t.class, NULL, true FROM tombstones t WHERE t.key_id = ANY (wanted)
$$;

REVOKE ALL ON FUNCTION key_for FROM PUBLIC;
REVOKE ALL ON FUNCTION keys_by_id FROM PUBLIC;
