"""Opening the database: embedded or named, one URL or two, always with the application's rights only."""

import psycopg
import pytest
from pydantic import ValidationError

from infrastructure.postgres.database import open_database
from infrastructure.postgres.embedded import SUPERUSER
from infrastructure.postgres.errors import DatabaseUnavailableError, PrivilegeError
from infrastructure.settings import Settings


def who(connection):
    return connection.execute("SELECT current_user, session_user").fetchone()


def name_of(url):
    return psycopg.conninfo.conninfo_to_dict(url)["dbname"]


def test_without_a_url_the_embedded_server_is_opened(data_dir):
    """No DATABASE_URL: a server of its own, migrated, with two roles."""
    with open_database(Settings(data_dir=data_dir, database_url=None)) as opened:
        with opened.pool.connection() as connection:
            assert who(connection) == ("registry_app", "registry_app")
        with opened.connect_as_owner() as connection:
            assert who(connection) == ("registry_owner", "registry_owner")


@pytest.mark.parametrize("login", ["registry_owner", SUPERUSER])
def test_with_one_url_connections_step_down(postgres, empty_database, login):
    """One URL of an owner or superuser: migrations run as that, everything else with the application's rights."""
    url = postgres.url(login, name_of(empty_database.owner_url))
    with open_database(Settings(database_url=url)) as opened, opened.pool.connection() as connection:
        assert who(connection) == ("registry_app", login)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM registry.events")


def test_with_two_urls_the_application_logs_in_as_itself(postgres, empty_database):
    """Two URLs: the application's own login is given the application's role, and no more."""
    name = name_of(empty_database.owner_url)
    with psycopg.connect(postgres.url(SUPERUSER, name), autocommit=True) as connection:
        connection.execute("CREATE ROLE some_web LOGIN")
    settings = Settings(database_url=postgres.url("some_web", name), database_owner_url=postgres.url(SUPERUSER, name))
    with open_database(settings) as opened, opened.pool.connection() as connection:
        assert who(connection) == ("some_web", "some_web")
        assert connection.execute("SELECT count(*) FROM registry.events").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM registry.events")


def test_an_application_login_that_may_do_too_much_is_refused(postgres, database):
    """Two URLs that both name an owner: refused, since events could be rewritten."""
    superuser = postgres.url(SUPERUSER, name_of(database.owner_url))
    for login in (database.owner_url, superuser):
        settings = Settings(database_url=login, database_owner_url=database.owner_url)
        with pytest.raises((PrivilegeError, DatabaseUnavailableError)), open_database(settings):
            pass


def test_an_unknown_application_login_is_refused_with_the_statement(postgres, database):
    """A login that isn't there: the error is the statement that makes it."""
    settings = Settings(
        database_url=postgres.url("stranger", name_of(database.owner_url)),
        database_owner_url=postgres.url(SUPERUSER, name_of(database.owner_url)),
    )
    with pytest.raises(PrivilegeError, match="CREATE ROLE stranger LOGIN"), open_database(settings):
        pass


def test_settings_come_from_the_environment(monkeypatch):
    """The customary names for the URLs, the project's prefix for the rest; a wrong value names its variable."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db/registry")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner@db/registry")
    monkeypatch.setenv("RECOGNITION_POOL_MAX_SIZE", "7")
    settings = Settings()
    assert settings.database_url == "postgresql://app@db/registry"
    assert settings.database_owner_url == "postgresql://owner@db/registry"
    assert settings.pool_max_size == 7
    monkeypatch.setenv("RECOGNITION_POOL_MAX_SIZE", "many")
    with pytest.raises(ValidationError, match="pool_max_size"):
        Settings()
