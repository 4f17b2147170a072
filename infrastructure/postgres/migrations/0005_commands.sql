-- What a command reads before it decides, each in one statement, and what it enters beside its events in the transaction that
-- stores them. All run with the rights of whoever calls them.

-- A reference that the state of an event names at its top level; NULL where it names none, or cannot be read: whoever decodes
-- the event says what is wrong with it.
CREATE FUNCTION registry.stated(state bytea, field text) RETURNS uuid
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (convert_from(state, 'UTF8')::jsonb ->> field)::uuid;
EXCEPTION
    WHEN data_exception THEN
        RETURN NULL;
END
$$;

-- What was decided about a person's data as a whole is asked at every act about them; of millions of events few say so.
CREATE INDEX events_holders ON registry.events (registry.stated(state, 'holder_ref'), originator_version)
    WHERE starts_with(topic, 'holder.');

-- The first row of an answer says of catalogs, officer, holder and key; each further row is an event, stream by stream.
CREATE TYPE registry.briefing AS (
    catalog_head bigint,
    officer_known boolean,
    officer_ref uuid,
    holder_ref uuid,
    key_known boolean,
    wrapped_key bytea,
    master_key_id text,
    originator_id uuid,
    originator_version integer,
    topic text,
    state bytea
);

-- The events of some streams, and of what was decided about a holder's data as a whole. A stable function sees what its
-- caller's statement sees, so all of a briefing is of one instant.
CREATE FUNCTION registry.briefed(head registry.briefing, streams uuid[]) RETURNS SETOF registry.briefing
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- a plan made while a table was small must not scan it when it is large
AS $$
BEGIN
    SELECT coalesce(max(e.position), 0) INTO head.catalog_head
    FROM registry.events AS e WHERE starts_with(e.topic, 'catalog.');

    IF head.holder_ref IS NOT NULL THEN
        SELECT true, k.wrapped_key, k.master_key_id INTO head.key_known, head.wrapped_key, head.master_key_id
        FROM registry.holder_keys AS k WHERE k.holder_ref = head.holder_ref;
    END IF;
    RETURN NEXT head;

    RETURN QUERY
    SELECT
        NULL::bigint, NULL::boolean, NULL::uuid, NULL::uuid, NULL::boolean, NULL::bytea, NULL::text,
        e.originator_id, e.originator_version, e.topic, e.state
    FROM registry.events AS e WHERE e.originator_id = ANY (streams)
    ORDER BY e.originator_id, e.originator_version;

    IF head.holder_ref IS NOT NULL THEN
        RETURN QUERY
        SELECT
            NULL::bigint, NULL::boolean, NULL::uuid, NULL::uuid, NULL::boolean, NULL::bytea, NULL::text,
            e.originator_id, e.originator_version, e.topic, e.state
        FROM registry.events AS e
        WHERE starts_with(e.topic, 'holder.') AND registry.stated(e.state, 'holder_ref') = head.holder_ref
        ORDER BY e.originator_version;
    END IF;
END
$$;

-- Before a submission: who the person is, by the digest of their number (or by the reference, where the look-ups lie in
-- another database), and the streams that it would begin or go on.
CREATE FUNCTION registry.before_submission(identity bytea, holder uuid, streams uuid[]) RETURNS SETOF registry.briefing
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    head registry.briefing;
BEGIN
    head.holder_ref := coalesce(
        holder,
        (
            SELECT l.holder_ref FROM registry.lookups AS l
            WHERE l.digest = identity AND l.case_id = '00000000-0000-0000-0000-000000000000'
        )
    );
    RETURN QUERY SELECT * FROM registry.briefed(head, streams);
END
$$;

-- Before a decision: the case, its holder, its claim where that may change, and who the officer is.
CREATE FUNCTION registry.before_decision(decided uuid, officer text, with_claim boolean) RETURNS SETOF registry.briefing
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    head registry.briefing;
    first bytea;
    streams uuid[] := ARRAY[decided];
BEGIN
    IF officer IS NOT NULL THEN
        SELECT true, l.holder_ref INTO head.officer_known, head.officer_ref
        FROM registry.officers AS o
        LEFT JOIN registry.lookups AS l
            ON l.digest = o.digest AND l.case_id = '00000000-0000-0000-0000-000000000000'
        WHERE o.subject = officer;
    END IF;

    SELECT e.state INTO first FROM registry.events AS e WHERE e.originator_id = decided AND e.originator_version = 1;
    head.holder_ref := registry.stated(first, 'holder_ref');
    IF with_claim THEN
        streams := streams || registry.stated(first, 'claim_id');
    END IF;
    RETURN QUERY SELECT * FROM registry.briefed(head, streams);
END
$$;

-- Append the events of several saves as registry.append does, and enter with some of them what lets a person be found and
-- their data be sealed: digests that lead to a holder (case_id is nil) or to a case, and the wrapped key of a new holder. The
-- digests are parallel arrays, and so are the keys; each element says which save it belongs to, and is stored with it or not at
-- all. A save is overtaken, and stores nothing, where the person's number leads to another holder by now, or where the
-- holder's key was destroyed.
CREATE FUNCTION registry.append_entering(
    saves integer[],
    originator_ids uuid[],
    originator_versions integer[],
    topics text[],
    states bytea[],
    recorded_at timestamptz[],
    actor_subjects text[],
    actor_roles text[],
    actor_authorities text[],
    clients text[],
    digest_saves integer[],
    digests bytea[],
    case_ids uuid[],
    holder_refs uuid[],
    key_saves integer[],
    key_holder_refs uuid[],
    wrapped_keys bytea[],
    master_key_ids text[],
    OUT refused integer[],
    OUT positions bigint[],
    OUT overtaken integer[]
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    entered_digests bytea[];
    entered_cases uuid[];
    dropped integer[];
BEGIN
    -- The lock of registry.append, taken before anything is looked up: two who bring the same new person meet here.
    PERFORM pg_advisory_xact_lock(7310573000000000001);

    WITH entered AS (
        INSERT INTO registry.lookups AS l (digest, case_id, holder_ref)
        SELECT g.digest, g.case_id, g.holder_ref
        FROM unnest(digests, case_ids, holder_refs) AS g (digest, case_id, holder_ref)
        ON CONFLICT (digest, case_id) DO NOTHING
        RETURNING l.digest, l.case_id
    )
    SELECT array_agg(entered.digest), array_agg(entered.case_id) INTO entered_digests, entered_cases FROM entered;

    SELECT coalesce(array_agg(DISTINCT g.save), '{}') INTO overtaken
    FROM unnest(digest_saves, digests, case_ids, holder_refs) AS g (save, digest, case_id, holder_ref)
    WHERE
        (
            g.case_id = '00000000-0000-0000-0000-000000000000' AND EXISTS (
                SELECT FROM registry.lookups AS l
                WHERE l.digest = g.digest AND l.case_id = g.case_id AND l.holder_ref <> g.holder_ref
            )
        )
        OR EXISTS (
            SELECT FROM registry.holder_keys AS k WHERE k.holder_ref = g.holder_ref AND k.destroyed_at IS NOT NULL
        );

    IF overtaken = '{}' THEN
        SELECT a.refused, a.positions INTO refused, positions
        FROM registry.append(
            saves, originator_ids, originator_versions, topics, states,
            append_entering.recorded_at, actor_subjects, actor_roles, actor_authorities, clients
        ) AS a;
    ELSE
        SELECT a.refused, a.positions INTO refused, positions
        FROM (
            SELECT
                array_agg(g.save ORDER BY g.place) AS saves,
                array_agg(g.originator_id ORDER BY g.place) AS originator_ids,
                array_agg(g.originator_version ORDER BY g.place) AS originator_versions,
                array_agg(g.topic ORDER BY g.place) AS topics,
                array_agg(g.state ORDER BY g.place) AS states,
                array_agg(g.recorded_at ORDER BY g.place) AS recorded_at,
                array_agg(g.actor_subject ORDER BY g.place) AS actor_subjects,
                array_agg(g.actor_role ORDER BY g.place) AS actor_roles,
                array_agg(g.actor_authority ORDER BY g.place) AS actor_authorities,
                array_agg(g.client ORDER BY g.place) AS clients
            FROM unnest(
                saves, originator_ids, originator_versions, topics, states,
                append_entering.recorded_at, actor_subjects, actor_roles, actor_authorities, clients
            ) WITH ORDINALITY AS g (
                save, originator_id, originator_version, topic, state,
                recorded_at, actor_subject, actor_role, actor_authority, client, place
            )
            WHERE g.save <> ALL (overtaken)
        ) AS kept
        CROSS JOIN LATERAL registry.append(
            kept.saves, kept.originator_ids, kept.originator_versions, kept.topics, kept.states,
            kept.recorded_at, kept.actor_subjects, kept.actor_roles, kept.actor_authorities, kept.clients
        ) AS a;
    END IF;

    -- What belongs to a save that stores nothing goes again; what stood there before stays.
    dropped := refused || overtaken;
    IF dropped <> '{}' THEN
        DELETE FROM registry.lookups AS l
        USING
            unnest(digest_saves, digests, case_ids) AS g (save, digest, case_id),
            unnest(entered_digests, entered_cases) AS entered (digest, case_id)
        WHERE
            g.save = ANY (dropped)
            AND entered.digest = g.digest AND entered.case_id = g.case_id
            AND l.digest = g.digest AND l.case_id = g.case_id;
    END IF;

    INSERT INTO registry.holder_keys (holder_ref, wrapped_key, master_key_id)
    SELECT g.holder_ref, g.wrapped_key, g.master_key_id
    FROM unnest(key_saves, key_holder_refs, wrapped_keys, master_key_ids) AS g (save, holder_ref, wrapped_key, master_key_id)
    WHERE g.save <> ALL (dropped);
END
$$;

REVOKE ALL ON FUNCTION registry.stated(bytea, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION registry.briefed(registry.briefing, uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION registry.before_submission(bytea, uuid, uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION registry.before_decision(uuid, text, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION registry.append_entering(
    integer[], uuid[], integer[], text[], bytea[], timestamptz[], text[], text[], text[], text[],
    integer[], bytea[], uuid[], uuid[], integer[], uuid[], bytea[], text[]
) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION registry.stated(bytea, text) TO registry_app;
GRANT EXECUTE ON FUNCTION registry.briefed(registry.briefing, uuid[]) TO registry_app;
GRANT EXECUTE ON FUNCTION registry.before_submission(bytea, uuid, uuid[]) TO registry_app;
GRANT EXECUTE ON FUNCTION registry.before_decision(uuid, text, boolean) TO registry_app;
GRANT EXECUTE ON FUNCTION registry.append_entering(
    integer[], uuid[], integer[], text[], bytea[], timestamptz[], text[], text[], text[], text[],
    integer[], bytea[], uuid[], uuid[], integer[], uuid[], bytea[], text[]
) TO registry_app;
