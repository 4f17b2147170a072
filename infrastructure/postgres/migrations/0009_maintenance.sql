-- Maintenance that an administrator asked for: what, who and when; and how far it is. What was asked for is never made to look
-- otherwise; the application tells of each request how it goes, and nothing else.

CREATE TABLE registry.maintenance (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind <> ''),
    although text CHECK (although <> ''),
    requested_by text NOT NULL CHECK (requested_by <> ''),
    requested_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    started_at timestamptz,
    done bigint NOT NULL DEFAULT 0 CHECK (done >= 0),
    total bigint NOT NULL DEFAULT 0 CHECK (total >= 0),
    ended_at timestamptz,
    succeeded boolean,
    outcome_en text,
    outcome_zh text,
    CHECK ((ended_at IS NULL) = (succeeded IS NULL))
);

-- Of each kind one request is open at a time: who asks again is told of the one that is.
CREATE UNIQUE INDEX maintenance_open ON registry.maintenance (kind) WHERE ended_at IS NULL;

COMMENT ON TABLE registry.maintenance IS
    'Checks and rebuilds of read models and the finishing of erasures that were asked for, with progress and outcome; nothing personal.';

REVOKE ALL ON registry.maintenance FROM PUBLIC;
GRANT SELECT ON registry.maintenance TO registry_app;
GRANT INSERT (kind, although, requested_by) ON registry.maintenance TO registry_app;
GRANT UPDATE (attempts, started_at, done, total, ended_at, succeeded, outcome_en, outcome_zh) ON registry.maintenance
    TO registry_app;
