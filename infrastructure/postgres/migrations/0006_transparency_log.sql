-- The transparency log: what was signed, and the tiles, bundles and leaves under it. Everything here only grows, but for
-- partial tiles whose full successor is there. The sequencer writes all of one step in one transaction.

CREATE SCHEMA log;

CREATE TABLE log.epochs (
    epoch integer PRIMARY KEY CHECK (epoch >= 1),
    origin text NOT NULL UNIQUE CHECK (origin <> ''),
    operator text NOT NULL CHECK (operator <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    not_continued bytea,
    begun_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE log.epochs IS
    'The logs that this registry began, by whom and why; not_continued: the last signed checkpoint that the new one leaves behind.';

CREATE TABLE log.keys (
    epoch integer NOT NULL REFERENCES log.epochs,
    vkey text NOT NULL,
    act text NOT NULL CHECK (act IN ('ADDED', 'RETIRED')),
    operator text NOT NULL CHECK (operator <> ''),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (epoch, vkey, act)
);

COMMENT ON TABLE log.keys IS 'Which keys sign, or signed, the checkpoints of an epoch; the private ones lie in the data directory.';

CREATE TABLE log.checkpoints (
    epoch integer NOT NULL REFERENCES log.epochs,
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    position bigint NOT NULL CHECK (position >= 0),
    note bytea NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (epoch, size)
);

COMMENT ON TABLE log.checkpoints IS 'Every tree head that was signed; position is that of the last event in it.';

CREATE TABLE log.cosignatures (
    epoch integer NOT NULL,
    size bigint NOT NULL,
    witness text NOT NULL,
    line text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (epoch, size, witness),
    FOREIGN KEY (epoch, size) REFERENCES log.checkpoints
);

COMMENT ON TABLE log.cosignatures IS 'What witnesses confirmed: their verifier key, and the signature line beside the checkpoint.';

CREATE TABLE log.tiles (
    epoch integer NOT NULL REFERENCES log.epochs,
    level smallint NOT NULL CHECK (level BETWEEN -1 AND 63),
    index bigint NOT NULL CHECK (index >= 0),
    width smallint NOT NULL CHECK (width BETWEEN 1 AND 256),
    content bytea NOT NULL,
    PRIMARY KEY (epoch, level, index, width)
);

COMMENT ON TABLE log.tiles IS 'Tiles by level, index and width; level -1: the bundles of entries.';

CREATE TABLE log.leaves (
    epoch integer NOT NULL REFERENCES log.epochs,
    leaf_index bigint NOT NULL CHECK (leaf_index >= 0),
    position bigint NOT NULL,
    PRIMARY KEY (epoch, leaf_index),
    UNIQUE (epoch, position)
);

COMMENT ON TABLE log.leaves IS 'Which leaf an event is: positions have gaps, leaves have none.';

CREATE TABLE log.halts (
    epoch integer NOT NULL REFERENCES log.epochs,
    reason text NOT NULL CHECK (reason <> ''),
    rewound boolean NOT NULL DEFAULT false,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    lifted_by text,
    lifted_at timestamptz,
    PRIMARY KEY (epoch, reason)
);

COMMENT ON TABLE log.halts IS 'Why an epoch is signed no further, where a witness or a server (rewound) knows more of it than this database; an operator may lift it.';

-- Partial tiles are dropped here and nowhere else, and only once the full one is there (C2SP tlog-tiles, "Partial Tiles").
CREATE FUNCTION log.drop_partial_tiles(of_epoch integer, of_level smallint[], of_index bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM log.tiles AS partial
    USING unnest(of_level, of_index) AS g (level, index)
    WHERE partial.epoch = of_epoch AND partial.level = g.level AND partial.index = g.index AND partial.width < 256
        AND EXISTS (
            SELECT FROM log.tiles AS whole
            WHERE whole.epoch = of_epoch AND whole.level = g.level AND whole.index = g.index AND whole.width = 256
        )
$$;

REVOKE ALL ON SCHEMA log FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA log FROM PUBLIC;
GRANT USAGE ON SCHEMA log TO registry_app;
GRANT SELECT ON ALL TABLES IN SCHEMA log TO registry_app;
GRANT INSERT ON log.checkpoints, log.cosignatures, log.tiles, log.leaves TO registry_app;
GRANT INSERT (epoch, reason, rewound) ON log.halts TO registry_app;
GRANT EXECUTE ON FUNCTION log.drop_partial_tiles(integer, smallint[], bigint[]) TO registry_app;
