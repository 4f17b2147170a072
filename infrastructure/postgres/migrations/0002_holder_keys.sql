-- The data keys of holders and the index by which a holder is found. Both are no part of history: what is destroyed here
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

CREATE TABLE registry.holder_index (
    lookup bytea PRIMARY KEY CHECK (octet_length(lookup) = 32),
    holder_ref uuid NOT NULL
);

COMMENT ON TABLE registry.holder_index IS
    'Keyed hash of identity type and number to the holder; erasure removes the row.';

CREATE INDEX holder_index_holder_ref ON registry.holder_index (holder_ref);

REVOKE ALL ON FUNCTION registry.keep_tombstone() FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE (wrapped_key, master_key_id, destroyed_at) ON registry.holder_keys TO registry_app;
GRANT SELECT, INSERT, DELETE ON registry.holder_index TO registry_app;
