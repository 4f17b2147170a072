"""The schema moves forward only, once, as a whole, and the application's role gets just what it needs."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.postgres.errors import MigrationError
from infrastructure.postgres.migrations import Migration, load_migrations, migrate

INSERT = "INSERT INTO registry.events (originator_id, originator_version, topic, state) VALUES (gen_random_uuid(), 1, 't', '')"

FORBIDDEN = [
    "UPDATE registry.events SET topic = 'other'",
    "DELETE FROM registry.events",
    "TRUNCATE registry.events",
    "DROP TABLE registry.events",
    "ALTER TABLE registry.events ADD COLUMN more text",
    "ALTER TABLE registry.events DISABLE TRIGGER ALL",
    "ALTER TABLE registry.events OWNER TO registry_app",
    "CREATE RULE no_insert AS ON INSERT TO registry.events DO INSTEAD NOTHING",
    "CREATE TRIGGER more BEFORE INSERT ON registry.events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "DROP TRIGGER lock_events ON registry.events",
    "CREATE OR REPLACE FUNCTION registry.lock_events() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE INDEX ON registry.events (topic)",
    "LOCK TABLE registry.events IN EXCLUSIVE MODE",
    "SELECT * FROM registry.events FOR UPDATE",
    "SELECT nextval('registry.events_position_seq')",
    "SELECT setval('registry.events_position_seq', 1)",
    (
        "INSERT INTO registry.events (position, originator_id, originator_version, topic, state)"
        " VALUES (1000000, gen_random_uuid(), 1, 't', '')"
    ),
    (
        "INSERT INTO registry.events (originator_id, originator_version, topic, state) VALUES (gen_random_uuid(), 1, 't', '')"
        " ON CONFLICT (originator_id, originator_version) DO UPDATE SET topic = 'other'"
    ),
    "SET session_replication_role = replica",
    "SET ROLE registry_owner",
    "CREATE TABLE registry.more ()",
    "CREATE TABLE public.more ()",
    "INSERT INTO registry.migrations (version, name, checksum) VALUES (99, 'x', 'y')",
    "DROP SCHEMA registry CASCADE",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_may_add_and_read_events_and_nothing_else(database, statement):
    """The application's role is refused everything that could change, hide or misplace what is stored."""
    with psycopg.connect(database.app_url) as connection:
        connection.execute(INSERT)
        before = connection.execute("SELECT * FROM registry.events").fetchall()
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
        connection.rollback()
        assert connection.execute("SELECT * FROM registry.events").fetchall() == before
        assert len(before) == 1


def test_migrating_again_changes_nothing(empty_database):
    """The first call applies everything, the second finds nothing to do."""
    applied = migrate(empty_database.owner_url)
    assert applied == load_migrations()
    assert applied
    assert migrate(empty_database.owner_url) == []


def test_several_processes_may_migrate_at_once(empty_database):
    """Of several that start together one migrates, the others wait and find it done."""
    with ThreadPoolExecutor(4) as threads:
        counts = sorted(len(done) for done in threads.map(migrate, [empty_database.owner_url] * 4))
    assert counts == [0, 0, 0, len(load_migrations())]


def test_a_newer_database_is_refused(database):
    """A release that doesn't know the schema's version leaves the database alone."""
    known = load_migrations()
    migrate(database.owner_url, [*known, Migration(len(known) + 1, "later", b"CREATE TABLE registry.later ()")])
    with pytest.raises(MigrationError, match="run the release that migrated it"):
        migrate(database.owner_url)


def test_a_changed_file_is_refused(database):
    """A migration that was changed after it was applied is named."""
    first, *rest = load_migrations()
    changed = Migration(first.version, first.name, first.sql + b"-- one more word")
    with pytest.raises(MigrationError, match=first.name):
        migrate(database.owner_url, [changed, *rest])


def test_a_failing_migration_leaves_the_schema_as_it_was(empty_database):
    """All that is due is one transaction: an error in the last file takes back the first."""
    known = load_migrations()
    with pytest.raises(MigrationError, match="stays as it was"):
        migrate(empty_database.owner_url, [*known, Migration(len(known) + 1, "broken", b"SELECT 1 FROM nowhere")])
    with psycopg.connect(empty_database.owner_url) as connection:
        assert connection.execute("SELECT to_regnamespace('registry')").fetchone() == (None,)


@pytest.mark.parametrize("names", [["0002_late.sql"], ["0001_a.sql", "0001_b.sql"], ["1_short.sql"]])
def test_misnumbered_files_are_refused(tmp_path, names):
    """Numbers run 1, 2, 3, … in four digits, each once."""
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(MigrationError):
        load_migrations(tmp_path)


def test_an_unreachable_database_is_named_with_a_way_out(postgres: EmbeddedPostgres):
    """A wrong URL gives one sentence that names the variables."""
    with pytest.raises(MigrationError, match="DATABASE_OWNER_URL or DATABASE_URL"):
        migrate(postgres.url("registry_owner", "nowhere"))
