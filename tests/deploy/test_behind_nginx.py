"""The registry behind nginx, with the file that is shipped: TLS, the caller's own address, nothing of the operators, long and large requests."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.api.conftest import Api, Clock, opened
from tests.people import resident_number
from tests.sources import ROOT

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian's package nginx-light)")


def certificate(folder: Path) -> ssl.SSLContext:
    """A key and a certificate for localhost; what trusts it."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(*form))
    return ssl.create_default_context(cafile=str(folder / "fullchain.pem"))


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def proxied(folder: Path, upstream: str) -> Iterator[tuple[str, ssl.SSLContext]]:
    """Nginx with the shipped file, on ports of its own; its address, and what trusts it."""
    plain, secure = free_port(), free_port()
    trust = certificate(folder)
    (folder / "upstream.conf").write_text(f"server {upstream};\n")
    site = (ROOT / "deploy" / "nginx" / "recognition.conf").read_text("utf-8")
    for pattern, value in (
        (r"listen 80;", f"listen 127.0.0.1:{plain};"),
        (r"listen 443 ssl http2;", f"listen 127.0.0.1:{secure} ssl http2;"),
        (r"/etc/nginx/recognition-upstream\.conf", str(folder / "upstream.conf")),
        (r"/etc/nginx/tls/", f"{folder}/"),
    ):
        site, count = re.subn(pattern, value, site)
        assert count, pattern
    (folder / "site.conf").write_text(site)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\nworker_processes 1;\nevents {{ worker_connections 256; }}\n"
        f"http {{ access_log off;\n{paths}include {folder}/site.conf; }}\n"
    )
    command = [str(NGINX), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf", "-g", "daemon off;"]
    tested = subprocess.run([*command[:-2], "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    with subprocess.Popen(command) as nginx:
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", secure), 0.5):
                    break
                time.sleep(0.02)
            yield f"https://localhost:{secure}", trust
        finally:
            nginx.terminate()
            nginx.wait(10)


def caller(address: str, trust: ssl.SSLContext, source: str) -> httpx.Client:
    """A client at an address of this machine's own network."""
    return httpx.Client(base_url=address, transport=httpx.HTTPTransport(verify=trust, local_address=source), timeout=30)


@pytest.fixture
def api(database: Any, tmp_path: Path) -> Iterator[Api]:
    """A registry that believes a proxy at 127.0.0.1, and takes one request in two seconds from an address, so that no slow machine is too slow."""
    with opened(database, tmp_path / "data", Clock(), trusted_proxies=("127.0.0.1/32",), rate_per_address=0.5) as api:
        yield api


def test_callers_are_told_apart_and_nothing_is_shown_of_the_operators(api: Api, tmp_path: Path) -> None:
    """Whoever asks too often is refused under their own address, whatever they write into a header; others are not.

    Figures and readiness are not there; HTTPS is strict; evidence of several megabytes passes, and more than the limit does not.
    """
    upstream = f"127.0.0.1:{httpx.URL(api.client.base_url).port}"
    folder = tmp_path / "nginx"
    folder.mkdir()
    with (
        proxied(folder, upstream) as (address, trust),
        caller(address, trust, "127.0.0.2") as one,
        caller(address, trust, "127.0.0.3") as other,
    ):
        health = other.get("/healthz")
        assert health.json()["status"] == "ok"
        assert "max-age" in health.headers["strict-transport-security"]
        assert other.get("/metrics").status_code == 404
        assert other.get("/readyz").status_code == 404
        query = {"query": "{ catalogs { code } }"}
        spoofed = {"X-Forwarded-For": "127.0.0.3", "X-Real-IP": "127.0.0.3", "Forwarded": "for=127.0.0.3"}
        statuses = [one.post("/graphql", json=query, headers=spoofed).status_code for _ in range(12)]
        assert 429 in statuses
        assert statuses[0] == 200
        assert other.post("/graphql", json=query).status_code == 200
    # The same proxy, another registry's settings: large bodies.
    content = b"%PDF-1.7 " + bytes(4 * 1024 * 1024)
    headers = {
        "Authorization": f"Bearer {api.token('APPLICANT')}",
        "Content-Type": "application/pdf",
        "X-Holder-Id-Number": resident_number(909),
    }
    with proxied(folder, upstream) as (address, trust), caller(address, trust, "127.0.0.4") as third:
        sent = third.post("/evidence", content=content, headers=headers)
        assert (sent.status_code, sent.json()["sha256"]) == (201, hashlib.sha256(content).hexdigest())
        assert third.post("/evidence", content=bytes(23 * 1024 * 1024), headers=headers).status_code == 413


def test_who_is_no_proxy_is_not_believed(api: Api) -> None:
    """Asked directly from another address, what stands in the header is nobody's."""
    port = httpx.URL(api.client.base_url).port
    transport = httpx.HTTPTransport(local_address="127.0.0.9")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport) as direct:
        statuses = [
            direct.get("/graphql?query={catalogs{code}}", headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code
            for n in range(12)
        ]
    assert 429 in statuses
