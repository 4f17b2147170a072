-- Attestations of titles: the keys that sign them, and the entries of their status lists. An entry leads to a title and to no
-- person; erasure takes that away too, and the entry says INVALID from then on.

CREATE SCHEMA attestation;

CREATE TABLE attestation.keys (
    kid text NOT NULL,
    act text NOT NULL CHECK (act IN ('ADDED', 'RETIRED', 'WITHDRAWN')),
    public_key jsonb NOT NULL,
    operator text NOT NULL CHECK (operator <> ''),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (kid, act)
);

COMMENT ON TABLE attestation.keys IS
    'Which keys sign attestations (ADDED), signed them and are still published (RETIRED), or are not to be believed any more (WITHDRAWN); the private ones lie in the data directory.';

CREATE TABLE attestation.lists (
    list integer PRIMARY KEY CHECK (list >= 1),
    size integer NOT NULL CHECK (size > 0 AND size % 8 = 0),
    begun_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE attestation.lists IS 'The status lists; a further one begins when half of the indices of the last are taken.';

-- What the attestation states of the title stands beside it, so that it is not good any more once the title is another.
CREATE TABLE attestation.entries (
    list integer NOT NULL REFERENCES attestation.lists,
    index integer NOT NULL CHECK (index >= 0),
    title_id uuid,
    expires_at timestamptz NOT NULL,
    title text,
    level text,
    field text,
    recognized_on date,
    authority_code text,
    valid_for_appointment boolean,
    valid_for_promotion boolean,
    counted_experience_months integer,
    PRIMARY KEY (list, index)
);

COMMENT ON TABLE attestation.entries IS
    'An entry an attestation, at an index drawn at random; title_id is taken away with the erasure of its holder. Expired ones are removed.';

CREATE INDEX entries_title ON attestation.entries (title_id);
CREATE INDEX entries_expires ON attestation.entries (expires_at);

REVOKE ALL ON SCHEMA attestation FROM PUBLIC;
GRANT USAGE ON SCHEMA attestation TO registry_app;
GRANT SELECT ON ALL TABLES IN SCHEMA attestation TO registry_app;
GRANT INSERT ON attestation.lists, attestation.entries TO registry_app;
GRANT DELETE ON attestation.entries TO registry_app;
GRANT UPDATE (
    title_id, title, level, field, recognized_on, authority_code, valid_for_appointment, valid_for_promotion,
    counted_experience_months
) ON attestation.entries TO registry_app;
