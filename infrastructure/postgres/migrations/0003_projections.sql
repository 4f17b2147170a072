-- How far each projection is. The tables it fills are generated from the views (infrastructure/projections/schema.py);
-- `shape` is the digest of their definition, so that rows are never written into tables of another release's shape.

CREATE TABLE registry.projection_positions (
    name text PRIMARY KEY,
    position bigint NOT NULL CHECK (position >= 0),
    shape text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    error text,
    failed_at timestamptz
);

COMMENT ON TABLE registry.projection_positions IS
    'The last event each projection has in its rows; committed with them. error: why it stands still, nothing personal.';

-- The row itself is made, and its shape changed, by the owner, together with the tables.
GRANT SELECT, UPDATE (position, updated_at, error, failed_at) ON registry.projection_positions TO registry_app;

-- Which catalogs there are is asked at every match; of millions of events a handful published one.
CREATE INDEX events_catalogs ON registry.events (position) WHERE starts_with(topic, 'catalog.');

-- Events that cannot be read, set aside by an operator so that the others go on. What was decided is never taken back here:
-- a release that reads the event again projects it at the next rebuild.
CREATE TABLE registry.quarantine (
    position bigint PRIMARY KEY,
    reason text NOT NULL CHECK (reason <> ''),
    operator text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE registry.quarantine IS 'Unreadable events that an operator set aside: which, why, who and when; it only grows.';

GRANT SELECT ON registry.quarantine TO registry_app;
