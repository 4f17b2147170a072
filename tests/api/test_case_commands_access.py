"""``recognition case`` reads in clear, and leaves that it did."""

from __future__ import annotations

import psycopg
from typer.testing import CliRunner

from console.cli import app
from tests.api.conftest import Api


def test_an_operators_reading_is_recorded(api: Api, monkeypatch) -> None:
    """Who, what and the reason they gave; what cannot be recorded is not printed."""
    monkeypatch.setenv("DATABASE_URL", api.registry.database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", api.registry.database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(api.registry.settings.data_dir))
    number = api.submit()["case"]["caseNumber"]
    shown = CliRunner().invoke(app, ["case", "show", number, "--json", "--reason", "complaint 12"])
    assert shown.exit_code == 0, shown.output
    assert "王敏" in shown.stdout
    with psycopg.connect(api.registry.database.owner_url, autocommit=True) as owner:
        rows = owner.execute(
            "SELECT role, reason, operation FROM registry.access_log WHERE client = 'console'"
        ).fetchall()
        assert rows == [("ADMINISTRATOR", "complaint 12", "case show")]
        owner.execute("REVOKE INSERT ON registry.access_log FROM registry_app")
    refused = CliRunner().invoke(app, ["case", "history", number])
    assert refused.exit_code == 1
    assert "王敏" not in refused.output
