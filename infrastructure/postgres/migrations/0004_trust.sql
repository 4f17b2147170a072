-- Who read personal data in clear, when, and why; never what stood there. The application adds and reads, nothing else.

CREATE TABLE registry.access_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    subject text NOT NULL,
    role text NOT NULL,
    authority_code text,
    client text,
    request_id text,
    reason text NOT NULL,
    operation text NOT NULL,
    holders uuid[] NOT NULL,
    fields jsonb NOT NULL
);

COMMENT ON TABLE registry.access_log IS
    'One row a request that showed personal data in clear: holders by random reference, kinds of fields, no values.';

CREATE INDEX access_log_holders ON registry.access_log USING gin (holders);
CREATE INDEX access_log_subject ON registry.access_log (subject, id);

REVOKE ALL ON registry.access_log FROM PUBLIC;
GRANT SELECT, INSERT ON registry.access_log TO registry_app;

-- An erasure that a crash interrupted is found at every start; there are few, among millions of other events.
CREATE INDEX events_erasures ON registry.events (originator_id)
    WHERE topic IN ('holder.erased', 'holder.destruction-completed');
