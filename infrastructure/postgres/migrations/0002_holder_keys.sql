-- The data keys of holders and the keyed digests by which a person is found. Both are no part of history: what is destroyed here
-- makes the personal data in registry.events unreadable, for good.

CREATE TABLE registry.holder_keys (
    holder_ref uuid PRIMARY KEY,
    wrapped_key bytea,
    master_key_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CHECK ((wrapped_key IS NULL) = (destroyed_at IS NOT NULL))
)
-- One destroyed key is reason enough to vacuum: its bytes shall not linger in a dead row.
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1);

COMMENT ON TABLE registry.holder_keys IS
    'Data keys wrapped by a master key; a row without a key is the tombstone of an erased holder and stays.';

-- A rotation and a check for what is left of it look for the few rows of other master keys.
CREATE INDEX holder_keys_master ON registry.holder_keys (master_key_id, holder_ref) WHERE wrapped_key IS NOT NULL;

CREATE FUNCTION registry.keep_tombstone() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the key of an erased holder stays destroyed' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER keep_tombstone BEFORE UPDATE ON registry.holder_keys
    FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION registry.keep_tombstone();

-- A master key that was dropped wraps nothing any more. Whoever still has it in hand is told so by this trigger, in the
-- statement that would keep a key under it: the lock is shared by all who keep one, and held alone while a key is dropped.
CREATE TABLE registry.dropped_master_keys (
    id text PRIMARY KEY,
    dropped_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE registry.dropped_master_keys IS 'Master keys that were dropped: an erasure is final once its key was wrapped by one.';

CREATE FUNCTION registry.refuse_dropped_master_key() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7310573000000000009);
    IF EXISTS (SELECT FROM registry.dropped_master_keys AS d WHERE d.id = NEW.master_key_id) THEN
        RAISE EXCEPTION 'the master key % was dropped', NEW.master_key_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER refuse_dropped_master_key BEFORE INSERT ON registry.holder_keys
    FOR EACH ROW WHEN (NEW.wrapped_key IS NOT NULL) EXECUTE FUNCTION registry.refuse_dropped_master_key();

CREATE TABLE registry.lookups (
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    case_id uuid NOT NULL,
    holder_ref uuid NOT NULL,
    PRIMARY KEY (digest, case_id)
);

COMMENT ON TABLE registry.lookups IS
    'Keyed digests by which somebody is found: of identity type and number to the holder (case_id is nil), of a certificate''s
number to its cases. Erasure removes a holder''s rows.';

CREATE INDEX lookups_holder_ref ON registry.lookups (holder_ref);

CREATE TABLE registry.officers (
    subject text PRIMARY KEY,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    registered_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE registry.officers IS
    'Who an officer is, as the keyed digest by which the same person is found as a holder; compared when they decide.';

REVOKE ALL ON FUNCTION registry.keep_tombstone() FROM PUBLIC;
REVOKE ALL ON FUNCTION registry.refuse_dropped_master_key() FROM PUBLIC;
GRANT SELECT, INSERT ON registry.dropped_master_keys TO registry_app;
GRANT SELECT, INSERT, UPDATE (wrapped_key, master_key_id, destroyed_at) ON registry.holder_keys TO registry_app;
GRANT SELECT, INSERT, DELETE ON registry.lookups TO registry_app;
GRANT SELECT, INSERT, UPDATE (digest, registered_at) ON registry.officers TO registry_app;
