"""Which tokens are believed, and that every other is refused with its code and without a word of its content."""

import base64
import contextlib
import http.server
import json
import pickle
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from application.ports import IdentityProviderUnavailable
from domain.values import Actor, Role
from infrastructure.claim_paths import ClaimPaths
from infrastructure.identity import AUDIENCE, DevelopmentIssuer, Identity, TokenRefused, TokenVerifier
from infrastructure.jwks import JwksMalformedError, JwksUnavailableError, KeySet, file_source, parse_jwks
from infrastructure.jwks_over_http import url_source

ISSUER = "https://id.example"
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
STRANGER = OKPKey.generate_key("Ed25519", {"kid": "ed"})
NOW = 1_700_000_000


def jwks(*keys):
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


class AnyAlgorithm(JWSRegistry):
    """Signs with whatever it is told, as a forger would."""

    def get_alg(self, name):
        return self.algorithms[name]


def claims(**changes):
    given = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "role": "REVIEWER", "iat": NOW, "exp": NOW + 60, **changes}
    return {name: value for name, value in given.items() if value is not ...}


def token(key=ED, alg="EdDSA", header=None, **changes):
    head = {"alg": alg, "kid": key.kid, **(header or {})}
    head = {name: value for name, value in head.items() if value is not ...}
    return jwt.encode(head, claims(**changes), key, registry=AnyAlgorithm(strict_check_header=False))


def raw(header, payload, signature=b""):
    return b".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=")
        for part in (
            json.dumps(header).encode(),
            payload if isinstance(payload, bytes) else json.dumps(payload).encode(),
            signature,
        )
    ).decode()


@pytest.fixture
def verifier():
    return TokenVerifier(KeySet(lambda: jwks(ED, EC, RSA)), issuer=ISSUER, leeway=30, clock=lambda: NOW)


def code_of(verifier, value):
    with pytest.raises(TokenRefused) as refused:
        verifier.verify(value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    for part in value.split("."):
        assert len(part) < 4 or part not in str(refused.value)
    return refused.value.code


@pytest.mark.parametrize(("key", "alg"), [(ED, "EdDSA"), (ED, "Ed25519"), (EC, "ES256"), (RSA, "RS256")])
def test_a_good_token_is_an_identity(verifier, key, alg):
    """Each accepted algorithm, with every claim: subject, role, authority, holder, and the client of a service account."""
    holder = uuid4()
    value = token(key, alg, authority="330100-HR", holder=str(holder), client_id="hr-system", extra=["ignored"])
    actor = Actor(subject="u-1", role=Role.REVIEWER, authority_code="330100-HR", holder_ref=holder)
    assert verifier.verify(value) == Identity(actor, "hr-system")


def test_the_authorized_party_is_the_client(verifier):
    """``azp`` names the client where both are there; without either there is none."""
    assert verifier.verify(token(azp="a", client_id="b")).client == "a"
    assert verifier.verify(token()).client is None


@pytest.mark.parametrize(
    "changes",
    [{"aud": ["other", AUDIENCE]}, {"exp": NOW - 29}, {"nbf": NOW + 30}, {"exp": NOW + 0.5}, {"iat": ...}],
)
def test_what_is_within_bounds_is_accepted(verifier, changes):
    """Several audiences, clocks that differ by no more than the leeway, fractions of seconds, no time of issue."""
    assert verifier.verify(token(**changes)).actor.subject == "u-1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": NOW - 30}, "token-expired"),
        ({"nbf": NOW + 31}, "token-not-yet-valid"),
        ({"iat": NOW + 31}, "token-not-yet-valid"),
        ({"iss": "https://id.example/"}, "token-issuer"),
        ({"iss": [ISSUER]}, "token-issuer"),
        ({"aud": "other"}, "token-audience"),
        ({"aud": []}, "token-audience"),
        ({"aud": AUDIENCE + "x"}, "token-audience"),
        *[({name: ...}, "token-claims") for name in ("iss", "aud", "exp", "sub", "role")],
        ({"exp": "2100-01-01"}, "token-claims"),
        ({"exp": float("nan")}, "token-claims"),
        ({"exp": True}, "token-claims"),
        ({"nbf": "soon"}, "token-claims"),
        ({"sub": ""}, "token-claims"),
        ({"sub": 7}, "token-claims"),
        ({"sub": "a\nb"}, "token-claims"),
        ({"sub": "a" * 201}, "token-claims"),
        ({"role": "SUPERUSER"}, "token-claims"),
        ({"role": "reviewer"}, "token-claims"),
        ({"role": ["SUPERUSER", "SYSTEM", 7]}, "token-claims"),
        ({"role": ["REVIEWER", "auditor"]}, "token-several"),
        ({"authority": ["330100-HR", "330106-EI"]}, "token-several"),
        ({"authority": {"code": "330100-HR"}}, "token-claims"),
        ({"role": "SYSTEM"}, "token-claims"),
        ({"holder": "11010519491231002X"}, "token-claims"),
        ({"authority": "x y"}, "token-claims"),
    ],
)
def test_wrong_claims_are_refused(verifier, changes, code):
    """Expired, early, for or from somebody else, missing, malformed, of an unknown role, or posing as the system itself."""
    assert code_of(verifier, token(**changes)) == code


KEYCLOAK = {
    "realm_access": {"roles": ["offline_access", "default-roles-gov", "registry-privacy-officer"]},
    "groups": ["/staff", "/authorities/330100-HR"],
    "attributes": {"holder.ref": "8c0f3a52-3f0f-4a57-9a0c-3a9a9a2d1c11"},
}
PATHS = ClaimPaths(
    role="realm_access.roles",
    role_prefix="registry-",
    authority="groups",
    authority_prefix="/authorities/",
    holder="/attributes/holder.ref",
)


def proving(paths):
    return TokenVerifier(KeySet(lambda: jwks(ED)), issuer=ISSUER, paths=paths, clock=lambda: NOW)


def test_claims_are_found_where_the_provider_states_them():
    """Roles among others in a list within an object, the authority as a group, a name with a dot in it, the subject elsewhere."""
    verifier = proving(PATHS)
    found = verifier.verify(token(role=..., **KEYCLOAK)).actor
    assert (found.role, found.authority_code) == (Role.PRIVACY_OFFICER, "330100-HR")
    assert str(found.holder_ref) == KEYCLOAK["attributes"]["holder.ref"]
    entra = proving(ClaimPaths(subject="oid", role="roles", authority="extension_authority"))
    actor = entra.verify(token(role=..., roles=["Reviewer"], oid="00-7", extension_authority="330106-EI")).actor
    assert (actor.subject, actor.role, actor.authority_code) == ("00-7", Role.REVIEWER, "330106-EI")
    namespaced = proving(ClaimPaths(role="https://registry.example/role"))
    assert namespaced.verify(token(role=..., **{"https://registry.example/role": "AUDITOR"})).actor.role is Role.AUDITOR


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"realm_access": {"roles": ["REVIEWER", "registry-"]}}, "token-claims"),
        ({"realm_access": {"roles": ["registry-SYSTEM"]}}, "token-claims"),
        ({"realm_access": {"roles": ["registry-reviewer", "registry-auditor"]}}, "token-several"),
        ({"realm_access": {"roles": "registry-nobody"}}, "token-claims"),
        ({"realm_access": ["registry-reviewer"]}, "token-claims"),
        ({"groups": ["/authorities/330100-HR", "/authorities/330106-EI"]}, "token-several"),
        ({"groups": ["/authorities/330100-HR "]}, "token-claims"),
        ({"attributes": {"holder.ref": "nobody"}}, "token-claims"),
    ],
)
def test_what_is_stated_elsewhere_or_twice_is_no_right(changes, code):
    """A role without its prefix, two roles, two authorities, another shape: nobody is let act by a guess."""
    assert code_of(proving(PATHS), token(role="REVIEWER", **{**KEYCLOAK, **changes})) == code


def test_a_forged_signature_is_refused(verifier):
    """Another key under the right id, a changed payload, and no signature at all."""
    good = token()
    head, _, signature = good.split(".")
    changed = base64.urlsafe_b64encode(json.dumps(claims(role="ADMINISTRATOR")).encode()).rstrip(b"=").decode()
    for forged in (
        token(STRANGER),
        f"{head}.{changed}.{signature}",
        good.rsplit(".", 1)[0] + ".",
        good[:-6] + "AAAAAA",
    ):
        assert code_of(verifier, forged) == "token-signature"


@pytest.mark.parametrize(
    "name", ["none", "None", "NONE", "", "HS256", "HS512", "PS256", "ES384", "RSA1_5", None, 1, ["EdDSA"]]
)
def test_only_the_fixed_algorithms_are_looked_at(verifier, name):
    """``none`` in any spelling, symmetric algorithms and everything else is refused by its name."""
    assert code_of(verifier, raw({"alg": name, "kid": "ed"}, claims())) == "token-algorithm"


@pytest.mark.parametrize("key", [RSA, EC, ED])
def test_a_public_key_is_no_shared_secret(verifier, key):
    """HMAC keyed with the public key, as PEM, DER or JWK, is refused."""
    der = key.public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for secret in (base64.b64encode(der), der, json.dumps(key.as_dict(private=False)).encode()):
        value = token(OctKey.import_key(base64.urlsafe_b64encode(secret).decode()), "HS256", {"kid": key.kid})
        assert code_of(verifier, value) == "token-algorithm"


def test_a_key_works_with_its_own_algorithm_only(verifier):
    """An accepted algorithm that isn't the key's is refused before any mathematics."""
    for kid, alg in [("rsa", "ES256"), ("ec", "RS256"), ("ed", "RS256"), ("rsa", "EdDSA")]:
        assert code_of(verifier, raw({"alg": alg, "kid": kid}, claims(), b"x" * 64)) == "token-algorithm"


@pytest.mark.parametrize(
    "member",
    [
        {"jwk": STRANGER.as_dict(private=False)},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"b64": False},
        {"zip": "DEF"},
        {"typ": "logout+jwt"},
        {"typ": 1},
    ],
)
def test_a_header_brings_nothing_along(verifier, member):
    """A key, an address, a certificate, an extension or another type of token in the header refuses the token."""
    assert code_of(verifier, raw({"alg": "EdDSA", "kid": "ed", **member}, claims(), b"x" * 64)) == "token-header"


@pytest.mark.parametrize("kid", ["unknown", "../../etc/passwd", "ed'; DROP TABLE x", "", None, ["ed"]])
def test_an_unknown_key_is_refused(verifier, kid):
    """A key id that isn't in the set, whatever it tries to be."""
    header = {"alg": "EdDSA", "kid": kid}
    assert code_of(verifier, raw({k: v for k, v in header.items() if v is not ...}, claims())) == "token-key-unknown"


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b",
        "a.b.c.d.e",
        "é.é.é",
        raw([], {}),
        raw({}, {})[:-2] + "\x00.",
        "Bearer " + raw({}, {}),
    ],
)
def test_what_is_no_token_is_refused(verifier, value):
    """Anything but three parts with a JSON object in the first."""
    assert code_of(verifier, value) in {"token-malformed", "token-algorithm"}


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b"\xff", b"{", b"[" * 4000])
def test_a_signed_payload_must_be_an_object(verifier, payload):
    """Even what the issuer signed is refused when it is no JSON object, or is nested to exhaust the parser."""
    from joserfc import jws

    value = jws.serialize_compact({"alg": "Ed25519", "kid": "ed"}, payload, ED, algorithms=["Ed25519"])
    assert code_of(verifier, value) == "token-malformed"


def test_an_oversized_token_is_not_looked_at(verifier):
    """A megabyte is refused by its length, before anything is decoded."""
    assert code_of(verifier, token(pad="x" * 9000)) == "token-too-large"
    assert code_of(verifier, "x" * (1 << 20)) == "token-too-large"


def test_a_refusal_crosses_processes():
    """Code and sentence survive pickling."""
    again = pickle.loads(pickle.dumps(TokenRefused("token-expired")))
    assert (again.code, str(again)) == ("token-expired", str(TokenRefused("token-expired")))


class Provider:
    """A key set that changes, fails and hangs on demand, and counts how often it was asked."""

    def __init__(self, *keys):
        self.keys, self.asked, self.down, self.now = keys, 0, False, 0.0
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self):
        self.asked += 1
        self.answers.wait(60)
        if self.down:
            raise OSError
        return jwks(*self.keys)

    def key_set(self, patience=30.0):
        """A set of this provider's; patient enough for a machine that is busy."""
        return KeySet(self, max_age=600, min_interval=30, max_stale=3600, patience=patience, clock=lambda: self.now)


def eventually(holds):
    """Wait until something holds that a fetch brings about."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def document(*members):
    return json.dumps({"keys": list(members)}).encode()


def public(key, **changes):
    """A key as a provider publishes it; a change to ... leaves a member out."""
    return {name: value for name, value in (key.as_dict(private=False) | changes).items() if value is not ...}


class TestKeySet:
    """Keys come, go, and are not asked for more than needed."""

    def test_is_fetched_once_while_fresh(self):
        """A thousand tokens within the age ask the provider once."""
        provider = Provider(ED, EC)
        keys = provider.key_set()
        assert all(keys.find(kid) for kid in ["ed", "ec"] * 500)
        assert provider.asked == 1

    def test_finds_a_new_key_at_its_first_use(self):
        """A rotated-in key is fetched when a token names it."""
        provider = Provider(ED)
        keys = provider.key_set()
        keys.find("ed")
        provider.keys, provider.now = (ED, EC), 30.0
        assert keys.find("ec")
        assert provider.asked == 2

    def test_asks_no_more_than_once_an_interval_for_unknown_keys(self):
        """A flood of made-up key ids doesn't become a flood of requests."""
        provider = Provider(ED)
        keys = provider.key_set()
        assert not any(keys.find(f"k{n}") for n in range(100))
        assert provider.asked == 1
        provider.now = 30.0
        assert not any(keys.find(f"k{n}") for n in range(100))
        assert provider.asked == 2

    def test_lets_a_removed_key_go(self):
        """A rotated-out key is refused as soon as a fetch after the set's age has shown that it is gone."""
        provider = Provider(ED, EC)
        keys = provider.key_set()
        keys.find("ec")
        provider.keys, provider.now = (ED,), 600.0
        assert keys.find("ec")
        eventually(lambda: not keys.find("ec"))

    def test_outlasts_a_short_outage_and_no_long_one(self):
        """While the provider is down its last keys serve for an hour, then nothing does; afterwards all is well."""
        provider = Provider(ED)
        keys = provider.key_set()
        keys.find("ed")
        provider.down, provider.now = True, 3599.0
        assert keys.find("ed")
        assert keys.trouble() is None
        eventually(
            lambda: (
                list(map(str, keys.remarks()))
                == [
                    "it can't be fetched anew, and the keys known serve for 60 min at most: the answer broke off (OSError)"
                ]
            )
        )
        provider.now = 3600.0
        with pytest.raises(JwksUnavailableError):
            keys.find("ed")
        assert keys.trouble() is not None
        provider.down, provider.now = False, 3630.0
        assert keys.find("ed")
        assert keys.trouble() is None
        assert keys.remarks() == []

    def test_without_any_fetch_blames_no_token(self):
        """A provider that was never reached is an outage, not an unknown key."""
        provider = Provider(ED)
        provider.down = True
        verifier = TokenVerifier(provider.key_set(), issuer=ISSUER, clock=lambda: NOW)
        with pytest.raises(IdentityProviderUnavailable):
            verifier.verify(token())

    def test_answers_from_the_keys_it_has_while_a_fetch_hangs(self):
        """Known keys wait for nothing; an unknown one may be new, so that its token is not blamed; many such do not queue up."""
        provider = Provider(ED)
        keys = provider.key_set(patience=0.05)
        keys.fetch()
        verifier = TokenVerifier(keys, issuer=ISSUER, clock=lambda: NOW)
        provider.answers.clear()
        provider.now = 601.0
        try:
            for _ in range(50):
                assert verifier.verify(token()).actor.subject == "u-1"
            with ThreadPoolExecutor(16) as pool:
                asked = [pool.submit(verifier.verify, token(EC, "ES256")) for _ in range(64)]
                assert {type(each.exception(30)) for each in asked} == {IdentityProviderUnavailable}
            assert provider.asked == 2
        finally:
            provider.keys = (ED, EC)
            provider.answers.set()
        eventually(lambda: keys.find("ec"))
        assert verifier.verify(token(EC, "ES256")).actor.subject == "u-1"

    def test_of_a_file_is_read_again(self, tmp_path):
        """A file is a source like any other."""
        path = tmp_path / "jwks.json"
        path.write_bytes(jwks(ED))
        keys = KeySet(file_source(path), max_age=0, min_interval=0)
        keys.fetch()
        path.write_bytes(jwks(EC))
        assert keys.find("ed")
        eventually(lambda: not keys.find("ed"))
        assert keys.find("ec")

    def test_uses_what_can_be_used_and_names_the_rest(self, caplog):
        """Symmetric, encryption, weak, misdeclared and unknown keys are left out, each with its reason, said once in the log."""
        weak = RSAKey.generate_key(2048, {"kid": "weak"}).as_dict(private=False) | {"n": "AQAB"}
        others = [
            OctKey.generate_key(256, {"kid": "oct"}).as_dict(private=True),
            ECKey.generate_key("P-384", {"kid": "p384"}).as_dict(private=False),
            public(ED, kid="enc", use="enc"),
            public(ED, kid="ops", key_ops=["sign"]),
            public(ED, kid="alg", alg="HS256"),
            public(ED, kid="x", x="AA"),
            {"kty": "EC", "crv": "P-256", "kid": "half", "x": "AA"},
            {"kty": "RSA", "kid": 7},
            weak,
            "text",
        ]
        found = parse_jwks(document(*others, *map(public, (ED, EC, RSA))))
        assert {key.kid for key in found.keys} == {"ed", "ec", "rsa"}
        assert len(found.left_out) == len(others)
        assert "key 2 (p384): its type is none of Ed25519, P-256 and RSA" in list(map(str, found.left_out))
        keys = KeySet(lambda: document(*others, public(ED)), max_age=0)
        keys.fetch()
        keys.fetch()
        assert [record for record in caplog.messages if "p384" in record] == [caplog.messages[0]]
        assert keys.remarks() == list(found.left_out)

    @pytest.mark.parametrize(
        "content", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[]}', b'{"keys":[7]}', b" " * (1 << 21)]
    )
    def test_without_a_usable_key_is_none(self, content):
        """Whatever is no key set, or holds nothing to check a signature with."""
        with pytest.raises(JwksMalformedError):
            parse_jwks(content)

    def test_may_give_one_id_to_several_keys(self):
        """Keys of different types, and of one type, under one id (RFC 7517, section 4.5): each token finds its own."""
        other = OKPKey.generate_key("Ed25519", {"kid": "one"})
        content = document(*(public(key, kid="one") for key in (ED, EC, RSA)), public(other))
        verifier = TokenVerifier(KeySet(lambda: content), issuer=ISSUER, clock=lambda: NOW)
        for key, alg in ((ED, "EdDSA"), (EC, "ES256"), (RSA, "RS256"), (other, "EdDSA")):
            assert verifier.verify(token(key, alg, {"kid": "one"})).actor.subject == "u-1"
        assert code_of(verifier, token(STRANGER, "EdDSA", {"kid": "one"})) == "token-signature"

    @pytest.mark.parametrize("kid", ["ed", "any", ...])
    def test_of_one_key_needs_no_ids(self, kid):
        """A key without an id serves tokens with one or none; a token without one needs a single key of its algorithm."""
        content = document(public(ED, kid=...))
        verifier = TokenVerifier(KeySet(lambda: content), issuer=ISSUER, clock=lambda: NOW)
        assert verifier.verify(token(header={"kid": kid})).actor.subject == "u-1"

    def test_of_several_keys_without_ids_tells_nothing(self):
        """Which key a token without an id means is not guessed among several of its algorithm."""
        content = document(public(ED, kid=...), public(STRANGER, kid=...), public(EC, kid=...))
        verifier = TokenVerifier(KeySet(lambda: content), issuer=ISSUER, clock=lambda: NOW)
        assert code_of(verifier, token(header={"kid": ...})) == "token-key-unknown"
        assert verifier.verify(token(EC, "ES256", {"kid": ...})).actor.subject == "u-1"


class TestUrlSource:
    """A key set over the network."""

    @pytest.fixture
    def address(self):
        stop, calls = threading.Event(), []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/slow-head":
                    self.trickle(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 5_000)
                    return
                self.send_response({"/moved": 302, "/gone": 404, "/busy": 503}.get(self.path, 200))
                self.send_header("Location", "/jwks")
                self.end_headers()
                calls.append(self.path)
                if self.path == "/slow-body" or calls.count("/slow-then") > 1:
                    self.trickle(b" " * 5_000)
                self.wfile.write(b" " * (1 << 21) if self.path == "/large" else jwks(ED))

            def trickle(self, content):
                with contextlib.suppress(OSError):
                    for byte in content:
                        self.wfile.write(bytes([byte]))
                        if stop.wait(0.05):
                            return

            def log_message(self, *args):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            stop.set()
            server.shutdown()
            thread.join()

    def test_is_fetched(self, address):
        """A document that the provider serves is used."""
        assert KeySet(url_source(f"{address}/jwks")).find("ed")

    @pytest.mark.parametrize(
        ("path", "error", "words"),
        [
            ("moved", JwksMalformedError, "points elsewhere"),
            ("gone", JwksMalformedError, "404"),
            ("busy", JwksUnavailableError, "503"),
            ("large", JwksMalformedError, "bytes"),
        ],
    )
    def test_is_nothing_else(self, address, path, error, words):
        """A redirect, which could lead anywhere, another status, and what is too large: each says what it is."""
        with pytest.raises(error, match=words) as raised:
            KeySet(url_source(f"{address}/{path}")).fetch()
        assert type(raised.value) is error

    @pytest.mark.parametrize("path", ["slow-head", "slow-body"])
    def test_has_one_time_for_the_whole_answer(self, address, path):
        """A server that goes on sending, byte for byte, is given up when the time is over, whatever arrived meanwhile."""
        with pytest.raises(JwksUnavailableError, match="within"):
            url_source(f"{address}/{path}", timeout=0.5)()

    def test_that_trickles_delays_nobody(self, address):
        """While a server sends its keys byte for byte, known keys serve at once and unknown ones are answered as an outage."""
        now = [0.0]
        source = url_source(f"{address}/slow-then", timeout=20)
        keys = KeySet(source, max_age=600, min_interval=30, patience=0.05, clock=lambda: now[0])
        keys.fetch()
        verifier = TokenVerifier(keys, issuer=ISSUER, clock=lambda: NOW)
        now[0] = 601.0
        with ThreadPoolExecutor(16) as pool:
            known = [pool.submit(verifier.verify, token()) for _ in range(200)]
            unknown = [pool.submit(verifier.verify, token(EC, "ES256")) for _ in range(50)]
            assert {each.result(15).actor.subject for each in known} == {"u-1"}
            assert {type(each.exception(15)) for each in unknown} == {IdentityProviderUnavailable}

    def test_that_nobody_serves_is_said_so(self):
        """A port where nobody listens."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(JwksUnavailableError, match="nobody answers"):
            url_source(f"http://127.0.0.1:{port}/jwks")()

    @pytest.mark.parametrize(
        "url", ["http://id.example/jwks", "file:///etc/passwd", "ftp://x", "https://", "https://[", "https://x:99999/"]
    )
    def test_is_https_or_this_machine(self, url):
        """Any other address is refused when it is set."""
        with pytest.raises(ValueError, match="https"):
            url_source(url)


class TestDevelopmentIssuer:
    """Tokens without an identity provider: short-lived, and only for the one data directory."""

    def test_issues_what_its_verifier_believes(self, tmp_path):
        """Role, authority, holder, subject and client arrive as they were given."""
        issuer, holder = DevelopmentIssuer(tmp_path), uuid4()
        value = issuer.issue(Role.REVIEWER, "me", "330100-HR", holder, 60, "cli")
        actor = Actor(subject="me", role=Role.REVIEWER, authority_code="330100-HR", holder_ref=holder)
        assert DevelopmentIssuer(tmp_path).verifier().verify(value) == Identity(actor, "cli")

    def test_makes_up_a_new_person_each_time(self, tmp_path):
        """Two tokens without subjects are two people, so that two officers really are two."""
        issuer = DevelopmentIssuer(tmp_path)
        subjects = {issuer.verifier().verify(issuer.issue(Role.PRIVACY_OFFICER)).actor.subject for _ in range(3)}
        assert len(subjects) == 3
        assert all(subject.startswith("dev-privacy-officer-") for subject in subjects)

    def test_is_believed_by_nobody_else(self, tmp_path):
        """Another data directory's verifier refuses the token."""
        value = DevelopmentIssuer(tmp_path / "a").issue(Role.AUDITOR)
        assert code_of(DevelopmentIssuer(tmp_path / "b").verifier(), value) == "token-key-unknown"

    def test_ends_in_time(self, tmp_path):
        """A token lives as long as asked, at most the maximum, and not a second longer."""
        now = [float(NOW)]
        issuer = DevelopmentIssuer(tmp_path, clock=lambda: now[0])
        verifier, value = issuer.verifier(), issuer.issue(Role.AUDITOR)
        now[0] += 8 * 3600 - 1
        assert verifier.verify(value)
        now[0] += 1
        assert code_of(verifier, value) == "token-expired"

    @pytest.mark.parametrize("lifetime", [0, -1, 8 * 3600 + 1])
    def test_refuses_a_lifetime_out_of_bounds(self, tmp_path, lifetime):
        """No token without an end, or with one too far."""
        with pytest.raises(ValueError, match="between 1 and 28800"):
            DevelopmentIssuer(tmp_path).issue(Role.AUDITOR, lifetime=lifetime)

    def test_never_speaks_for_the_system(self, tmp_path):
        """SYSTEM is no role to sign in with."""
        with pytest.raises(ValueError, match="SYSTEM"):
            DevelopmentIssuer(tmp_path).issue(Role.SYSTEM)

    def test_keeps_its_key_private(self, tmp_path):
        """The key's file is its owner's alone, the published set has no private part, and a wider mode is refused."""
        issuer = DevelopmentIssuer(tmp_path)
        (path,) = tmp_path.iterdir()
        assert path.stat().st_mode & 0o777 == 0o600
        assert "d" not in json.loads(issuer.jwks())["keys"][0]
        path.chmod(0o644)
        with pytest.raises(PermissionError, match="chmod 600"):
            DevelopmentIssuer(tmp_path)


def test_nothing_is_logged(verifier, caplog):
    """Neither a good nor a bad token leaves a line in the log."""
    caplog.set_level(0)
    verifier.verify(token())
    code_of(verifier, token(STRANGER))
    assert not caplog.records
