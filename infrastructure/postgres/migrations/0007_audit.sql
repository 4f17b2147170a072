-- The runs of the audit, and what they found. Everything here only grows: a run that is there is never made to look otherwise.

CREATE TABLE registry.audit_runs (
    run bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    checked_through bigint NOT NULL CHECK (checked_through >= 0),
    events bigint NOT NULL CHECK (events >= 0),
    begun_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE registry.audit_runs IS 'Runs of the audit over everything: up to which position each reads every event.';

CREATE TABLE registry.audit_parts (
    run bigint NOT NULL REFERENCES registry.audit_runs,
    part integer NOT NULL CHECK (part >= 0),
    ends_run boolean NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run, part)
);

COMMENT ON TABLE registry.audit_parts IS
    'Which parts of a run are done, so that one that was interrupted goes on; the part that ends the run is its last.';

CREATE TABLE registry.audit_findings (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run bigint NOT NULL REFERENCES registry.audit_runs,
    code text NOT NULL,
    rule text NOT NULL,
    stream_id uuid,
    version integer,
    position bigint,
    message_en text NOT NULL,
    message_zh text NOT NULL
);

COMMENT ON TABLE registry.audit_findings IS 'What a run found unlawful, altered or missing: where, which rule, in one sentence; nothing personal.';

CREATE INDEX audit_findings_run ON registry.audit_findings (run, number);
CREATE INDEX audit_findings_stream ON registry.audit_findings (stream_id, run, number);

CREATE TABLE registry.audit_disregards (
    run bigint NOT NULL REFERENCES registry.audit_runs,
    act text NOT NULL CHECK (act <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    operator text NOT NULL CHECK (operator <> ''),
    decided_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE registry.audit_disregards IS 'What an operator did although the audit had found something: which act, why, who and when.';

GRANT SELECT, INSERT ON registry.audit_runs, registry.audit_parts, registry.audit_findings, registry.audit_disregards
    TO registry_app;

-- Backups that were made: when, up to which event, how large. An operator adds a row, over the owner's connection; the application reads.

CREATE TABLE registry.backups (
    made_at timestamptz PRIMARY KEY DEFAULT now(),
    position bigint NOT NULL CHECK (position >= 0),
    events bigint NOT NULL CHECK (events >= 0),
    bytes bigint NOT NULL CHECK (bytes > 0),
    operator text NOT NULL CHECK (operator <> '')
);

COMMENT ON TABLE registry.backups IS 'Backups that were written whole: the last event in each, and by whom; where they lie is their operator''s to know.';

REVOKE ALL ON registry.backups FROM PUBLIC;
GRANT SELECT ON registry.backups TO registry_app;
