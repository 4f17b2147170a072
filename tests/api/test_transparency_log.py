"""The transparency log over HTTP: checkpoint, proofs and tiles, verified by nothing but what a stranger has."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from domain.log.checkpoint import TrustPolicy
from domain.log.leaf import LogLeaf
from domain.log.log_proof import LogProof
from domain.log.note_keys import from_base64
from domain.log.tile_reader import TileReader
from domain.merkle import leaf_hash, verify_consistency, verify_inclusion
from tests.api.conftest import Api

pytestmark = pytest.mark.registry("shared")

PROOF = """query ($position: Position!, $size: Int) { inclusionProof(position: $position, size: $size) {
    position leafIndex leafHash hashes checkpoint { size rootHash note } } }"""
GROWTH = "query ($from: Int!, $to: Int!) { consistencyProof(fromSize: $from, toSize: $to) { fromSize toSize hashes } }"


class HttpTiles:
    """Tiles as a stranger fetches them."""

    def __init__(self, client: httpx.Client, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    def read(self, place: Any) -> bytes:
        response = self._client.get(f"{self._prefix}/{place.path}")
        assert response.status_code == 200, response.text
        return response.content


def logged(api: Api, position: int) -> dict[str, Any]:
    """The inclusion proof of an event, once it is in the log."""
    deadline = time.monotonic() + 6
    while True:
        answer = api.post(PROOF, {"position": str(position)}).json()
        if "errors" not in answer:
            proof: dict[str, Any] = answer["data"]["inclusionProof"]
            return proof
        assert answer["errors"][0]["extensions"]["code"] == "LOG_BEHIND", answer
        assert time.monotonic() < deadline, "an event is in the log within 5 s"
        time.sleep(0.05)


def policy_of(api: Api) -> TrustPolicy:
    [epoch] = api.client.get("/log").json()["epochs"]
    return TrustPolicy.of(*epoch["vkeys"])


def stored(api: Api, position: int) -> LogLeaf:
    with api.registry.database.pool.connection() as connection:
        row = connection.execute(
            "SELECT originator_id, originator_version, topic, state FROM registry.events WHERE position = %s",
            [position],
        ).fetchone()
    assert row is not None
    return LogLeaf.of(row[0], row[1], row[2], position, bytes(row[3]))


def test_a_recorded_event_is_proved_within_five_seconds_to_whoever_asks(api: Api) -> None:
    """An event is a leaf within 5 s; its proof, asked without a token, leads to the root that the log signed."""
    position = int(api.approved()["position"])
    proof = logged(api, position)
    trusted = policy_of(api).open(proof["checkpoint"]["note"].encode()).checkpoint
    assert (trusted.size, trusted.root) == (
        proof["checkpoint"]["size"],
        from_base64(proof["checkpoint"]["rootHash"]),
    )
    leaf = leaf_hash(stored(api, position).encode())
    assert from_base64(proof["leafHash"]) == leaf
    hashes = [from_base64(each) or b"" for each in proof["hashes"]]
    verify_inclusion(leaf, proof["leafIndex"], trusted.size, hashes, trusted.root)
    assert api.ask("{ checkpoint { size } }")["checkpoint"]["size"] >= trusted.size
    assert api.ask("{ status { logSize } }", None, api.token("AUDITOR"))["status"]["logSize"] >= trusted.size


def test_the_log_is_proved_to_have_only_grown(api: Api) -> None:
    """Two checkpoints, and the consistency proof between their sizes; a proof in the older one stays to be had."""
    first = logged(api, int(api.submit()["position"]))
    second = logged(api, int(api.submit()["position"]))
    old, new = first["checkpoint"], second["checkpoint"]
    assert old["size"] < new["size"]
    answer = api.ask(GROWTH, {"from": old["size"], "to": new["size"]})["consistencyProof"]
    roots = [from_base64(each["rootHash"]) or b"" for each in (old, new)]
    verify_consistency(
        old["size"], roots[0], new["size"], roots[1], [from_base64(each) or b"" for each in answer["hashes"]]
    )
    again = api.ask(PROOF, {"position": first["position"], "size": old["size"]})["inclusionProof"]
    assert again == first
    assert api.code(PROOF, {"position": second["position"], "size": old["size"]}) == "BAD_USER_INPUT"
    assert api.ask(GROWTH, {"from": 0, "to": new["size"]})["consistencyProof"]["hashes"] == []
    for start, end in ((1, new["size"] + 10_000), (5, 1), (-1, 1)):
        assert api.code(GROWTH, {"from": start, "to": end}) == "BAD_USER_INPUT"
    for absent in ("9999999", "0", str(2**63 - 1)):
        assert api.code(PROOF, {"position": absent}) == "BAD_USER_INPUT"
    for size in (-1, 0, 2**31 - 1):
        assert api.code(PROOF, {"position": first["position"], "size": size}) == "BAD_USER_INPUT"


def test_the_log_is_read_whole_from_its_files(api: Api) -> None:
    """Tiles and bundles of the prefix hold every event in the order of positions, without gaps, under the signed root."""
    last = int(api.approved()["position"])
    logged(api, last)
    note = api.client.get("/log/1/checkpoint").content
    trusted = policy_of(api).open(note).checkpoint
    reader = TileReader(HttpTiles(api.client, "/log/1"), trusted.size, trusted.root)
    leaves = [LogLeaf.parse(entry) for entry in reader.entries()]
    assert leaves == [stored(api, leaf.position) for leaf in leaves]
    with api.registry.database.pool.connection() as connection:
        positions = [p for (p,) in connection.execute("SELECT position FROM registry.events ORDER BY position")]
    assert [leaf.position for leaf in leaves] == positions[: len(leaves)]
    assert last in positions[: len(leaves)]


def test_files_say_how_long_they_may_be_kept(api: Api) -> None:
    """A tile is immutable, a checkpoint is asked for anew, and a 404 is kept by nobody: a tile may be there tomorrow."""
    logged(api, int(api.submit()["position"]))
    note = api.client.get("/log/checkpoint")
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    assert note.headers["cache-control"] == "no-cache"
    assert note.content == api.client.get("/log/1/checkpoint").content
    same = api.client.get("/log/checkpoint", headers={"If-None-Match": note.headers["etag"]})
    assert same.status_code in {200, 304}
    size = int(note.text.split("\n")[1])
    tile = api.client.get(f"/log/1/tile/0/000.p/{size}")
    assert tile.status_code == 200
    assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert tile.headers["content-type"] == "application/octet-stream"
    assert len(tile.content) == 32 * size
    led = api.client.get(f"/log/tile/0/000.p/{size}")
    assert (led.status_code, led.headers["location"]) == (307, f"/log/1/tile/0/000.p/{size}")
    assert "immutable" not in led.headers["cache-control"]
    for path in (
        "/log/1/tile/0/001",
        "/log/1/tile/0/000.p/255",
        "/log/1/tile/0/1",
        "/log/1/tile/entries/x001/000",
        "/log/2/checkpoint",
        "/log/2/tile/0/000",
        "/log/1/proof/99999999.tlog-proof",
        "/log/1/proof/nothing",
        "/log/0/checkpoint",
        "/log/99999999999999999999/tile/0/000",
    ):
        nothing = api.client.get(path)
        assert nothing.status_code == 404, path
        assert nothing.headers["cache-control"] == "no-store", path
        assert nothing.json()["errors"][0]["message"].endswith("."), path


def test_a_proof_is_a_file_that_verifies_offline(api: Api) -> None:
    """A `.tlog-proof` verifies with the key and the leaf alone, and not for another leaf."""
    position = int(api.approved()["position"])
    logged(api, position)
    file = api.client.get(f"/log/1/proof/{position}.tlog-proof")
    assert file.status_code == 200
    assert file.headers["cache-control"] == "no-cache"
    proof = LogProof.parse(file.content)
    assert proof.extra == stored(api, position).encode()
    proof.verify(stored(api, position).encode(), policy_of(api))
    with pytest.raises(ValueError, match="does not lead"):
        proof.verify(stored(api, position - 1).encode(), policy_of(api))


@pytest.mark.registry("own")
def test_a_changed_event_is_proved_to_nobody(api: Api) -> None:
    """Where what is stored is not what was logged, the answer says so instead of a proof."""
    position = int(api.submit()["position"])
    logged(api, position)
    with api.registry.database.connect_as_owner() as connection:
        connection.execute("UPDATE registry.events SET state = state || ' '::bytea WHERE position = %s", [position])
    assert api.code(PROOF, {"position": str(position)}) == "LOG_DEVIATES"
    response = api.client.get(f"/log/1/proof/{position}.tlog-proof")
    assert (response.status_code, response.headers["cache-control"]) == (409, "no-store")
    assert api.client.get("/readyz").json()["checks"]["transparency log"] == "ok"


@pytest.mark.registry("own")
def test_readyz_says_that_the_log_refuses_and_everything_else_goes_on(api: Api) -> None:
    """Cases are recorded while the log refuses; whoever looks after the registry reads why, and what to do."""
    logged(api, int(api.submit()["position"]))
    (api.registry.settings.data_dir / "log.keys").rename(api.registry.settings.data_dir / "away")
    position = int(api.submit()["position"])
    deadline = time.monotonic() + 10
    while (said := api.client.get("/readyz").json())["checks"]["transparency log"] == "ok":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "put the file log.keys" in said["checks"]["transparency log"]
    assert said["status"] == "ok"
    assert api.code(PROOF, {"position": str(position)}) == "LOG_BEHIND"
    (api.registry.settings.data_dir / "away").rename(api.registry.settings.data_dir / "log.keys")
    deadline = time.monotonic() + 10
    while api.client.get("/readyz").json()["checks"]["transparency log"] != "ok":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    logged(api, position)
