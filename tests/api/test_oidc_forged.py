"""Tests of ID tokens that are forged, borrowed or expired: nobody can sign in with them.

The provider is a real one on this machine; its answers are changed on their way out.
"""

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import flask
import httpx
import oidc_provider_mock
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey
from structlog.testing import capture_logs

from api.http.browser_sessions import COOKIE
from app.access import oidc
from store.db.engine import Store
from store.identity import accounts, sessions
from tests.api.running_api import Api, serve_api

CLIENT, SECRET = "jiesu", "a secret of the client's"  # pragma: allowlist secret
SUBJECT = "subject-of-the-provider"
"""Long enough not to occur in a random code by chance."""
CLAIMS = {"name": "王芳", "preferred_username": "wang.fang", "roles": ["12345-desk"]}
OTHER = RSAKey.generate_key()
CURVE = ECKey.generate_key()
PEOPLE = {"Accept": "text/html", "Accept-Language": "zh"}
EVIL = "https://evil.example"
DESCRIPTION = "/.well-known/openid-configuration"


class Token(NamedTuple):
    """The token that the provider was about to send, of a person who may sign in."""

    header: dict[str, Any]
    claims: dict[str, Any]
    key: RSAKey


Forge = Callable[[Token], Any]
"""A function that makes the token sent instead."""


@dataclass
class Provider:
    """An identity provider. `forge` makes the ID token, `sent` is its result; `says` and `keys`
    replace its description and its keys; `lax`: a used code gets the same answer again."""

    url: str = ""
    forge: Forge | None = None
    sent: Any = None
    lax: bool = False
    says: dict[str, str] | None = None
    keys: dict[str, Any] | None = None
    _response: bytes = b""

    def be_honest(self) -> None:
        self.forge = self.sent = self.says = self.keys = None
        self.lax, self._response = False, b""

    def before(self) -> flask.Response | None:
        again = self.lax and self._response and flask.request.path == "/oauth2/token"
        return flask.Response(self._response, mimetype="application/json") if again else None

    def after(self, answer: flask.Response) -> flask.Response:
        if flask.request.path == DESCRIPTION and self.says:
            answer.set_data(json.dumps(answer.get_json() | self.says))
        if flask.request.path == "/jwks" and self.keys is not None:
            answer.set_data(json.dumps(self.keys))
        if flask.request.path == "/oauth2/token" and answer.status_code == 200:
            self._issue(answer)
        return answer

    def _issue(self, answer: flask.Response) -> None:
        payload = answer.get_json()
        if self.forge is not None:
            header, claims, _ = payload["id_token"].split(".")
            value = flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True)
            key = RSAKey.import_key(value)
            self.sent = self.forge(Token(_opened(header), _opened(claims), key))
            answer.set_data(json.dumps(payload | {"id_token": self.sent}))
        self._response = answer.get_data()


def _opened(part: str) -> dict[str, Any]:
    opened: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return opened


def _closed(part: bytes | dict[str, Any]) -> str:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    person = oidc_provider_mock.User(sub=SUBJECT, claims=CLAIMS)
    provider = Provider()
    with oidc_provider_mock.run_server_in_thread(user_claims=[person]) as server:
        provider.url = f"http://localhost:{server.server_port}"
        app: Any = server.app
        app.before_request(lambda: provider.before())
        app.after_request(lambda answer: provider.after(answer))
        yield provider


@pytest.fixture
def provider(running: Provider) -> Iterator[Provider]:
    """Provide an honest provider, and reset it after the test."""
    yield running
    running.be_honest()


@pytest.fixture
async def api(provider: Provider, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    fields: dict[str, Any] = {
        "oidc_issuer": provider.url,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_roles": {"12345-desk": "desk"},
        "temporal_address": "127.0.0.1:1",
    }
    async with serve_api(tmp_path, sqlite_store, None, **fields) as opened:
        yield opened


async def _leave(api: Api) -> str:
    answer = await api.http.get("/staff/oidc")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def _agree(url: str) -> str:
    return httpx.post(url, data={"sub": SUBJECT}).headers["Location"]


# --- forgeries ----------------------------------------------------------------------------------


def _signed(
    token: Token, key: Any = None, claims: dict[str, Any] | None = None, **header: Any
) -> str:
    """Sign the token again, with another key, other claims or another header."""
    values = token.claims if claims is None else claims
    head = token.header | header
    return jwt.encode(head, values, key or token.key, algorithms=[head["alg"]])


def _saying(**changes: Any) -> Forge:
    """Return a `Forge` of provider-signed tokens with other claims; None removes a claim."""

    def forge(token: Token) -> str:
        values = token.claims | changes
        return _signed(token, claims={k: v for k, v in values.items() if v is not None})

    return forge


def _lasting(**seconds: int) -> Forge:
    """Return a `Forge` of provider-signed tokens with times so many seconds from their signing."""

    def forge(token: Token) -> Any:
        now = int(time.time())
        return _saying(**{name: now + distance for name, distance in seconds.items()})(token)

    return forge


def _by_mac(secret: Callable[[Token], bytes]) -> Forge:
    """Return a `Forge` of HS256 tokens, which anyone who knows the verification key could make."""

    def forge(token: Token) -> str:
        text = f"{_closed(token.header | {'alg': 'HS256'})}.{_closed(token.claims)}"
        mark = hmac.digest(secret(token), text.encode(), hashlib.sha256)
        return f"{text}.{_closed(mark)}"

    return forge


def _unsigned(alg: str) -> Forge:
    return lambda token: f"{_closed(token.header | {'alg': alg})}.{_closed(token.claims)}."


def _changed_after(token: Token) -> str:
    head, _, mark = _signed(token).split(".")
    return f"{head}.{_closed(token.claims | {'sub': 'u-2'})}.{mark}"


def _mark_of_another(token: Token) -> str:
    mine, other = _signed(token), _signed(token, claims=token.claims | {"jti": "2"})
    return ".".join([*mine.split(".")[:2], other.split(".")[2]])


def _without_mark(token: Token) -> str:
    return _signed(token).rpartition(".")[0] + "."


def _of(token: Token, payload: bytes) -> str:
    return jws.serialize_compact(token.header, payload, token.key, algorithms=["RS256"])


_PUBLIC = OTHER.as_dict(private=False)

FORGED: dict[str, dict[str, Forge]] = {
    "who signed it": {
        "another key": lambda token: _signed(token, OTHER),
        "another key, named by nobody": lambda token: _signed(token, OTHER, kid="mine"),
        "another key, which comes along": lambda token: _signed(token, OTHER, jwk=_PUBLIC),
        "another key, to be fetched elsewhere": lambda token: _signed(
            token, OTHER, jku="http://127.0.0.1:1/keys"
        ),
        "a key of another sort": lambda token: _signed(token, CURVE, alg="ES256"),
        "changed after it was signed": _changed_after,
        "the signature of another": _mark_of_another,
        "the signature cut off": _without_mark,
    },
    "how": {
        "alg none": _unsigned("none"),
        "alg None": _unsigned("None"),
        "alg empty": _unsigned(""),
        "HS256, with the public key": _by_mac(lambda token: token.key.as_pem(private=False)),
        "HS256, with the public key as JSON": _by_mac(
            lambda token: json.dumps(token.key.as_dict(private=False)).encode()
        ),
        "HS256, with the client's secret": _by_mac(lambda _: SECRET.encode()),
        "HS256, with nothing": _by_mac(lambda _: b""),
    },
    "by whom, for whom": {
        "another issuer": _saying(iss=EVIL),
        "an issuer that begins alike": lambda token: _saying(iss=f"{token.claims['iss']}.evil")(
            token
        ),
        "no issuer": _saying(iss=None),
        "another audience": _saying(aud="another"),
        "an audience of others": _saying(aud=["another", "jiesu2"]),
        "no audience": _saying(aud=None),
        "an audience of nobody": _saying(aud=[]),
        "handed to another": _saying(aud=[CLIENT, "another"], azp="another"),
    },
    "when": {
        "over": _lasting(iat=-7200, exp=-120),
        "without an end": _saying(exp=None),
        "ending some day": _saying(exp="2099-01-01"),
        "not yet": _lasting(nbf=600),
        "of tomorrow": _lasting(iat=86400),
    },
    "for which sign-in": {
        "no nonce": _saying(nonce=None),
        "an empty nonce": _saying(nonce=""),
        "a nonce that was made up": _saying(nonce="0" * 32),
    },
    "about whom": {
        "about nobody": _saying(sub=None),
        "about somebody without a name": _saying(sub=""),
        "about a number": _saying(sub=1),
    },
    "no token at all": {
        "nothing": lambda _: None,
        "a number": lambda _: 5,
        "an object": lambda token: token.claims,
        "a word": lambda _: "token",
        "two dots": lambda _: "..",
        "encrypted": lambda _: ".".join(
            [_closed({"alg": "dir", "enc": "A128GCM"}), "", "a", "b", "c"]
        ),
        "a list for claims": lambda token: _of(token, b"[]"),
    },
}


async def _refused(api: Api, back: str, *secret: Any) -> None:
    """Check that `back` ends at the sign-in page, without a session, and the log has no secrets."""
    before = api.http.cookies.get(COOKIE)
    lines: list[logging.LogRecord] = []
    listening = _Listening(lines)
    root = logging.getLogger()
    root.addHandler(listening)
    try:
        with capture_logs() as logged:
            answer = await api.http.get(back, headers=PEOPLE)
    finally:
        root.removeHandler(listening)
    assert answer.status_code == 401, answer.text
    assert "统一身份登录没有成功" in answer.text
    assert COOKIE not in answer.headers.get("Set-Cookie", "")
    assert api.http.cookies.get(COOKIE) == before
    [values] = [line for line in logged if line["event"] == "sign-in failed"]
    assert (values["log_level"], values["code"]) == ("warning", "oidc_failed")
    written = str(logged) + "".join(line.getMessage() for line in lines)
    code = parse_qs(urlsplit(back).query)["code"][0]
    for text in (code, SUBJECT, "wang.fang", "王芳", *_parts(secret)):
        assert text not in written
        assert text not in answer.text


class _Listening(logging.Handler):
    """A handler of all that the product's libraries log at any level, but not the provider's."""

    def __init__(self, lines: list[logging.LogRecord]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if record.name not in ("werkzeug", "oidc_provider_mock"):
            self._lines.append(record)


def _parts(secret: tuple[Any, ...]) -> Iterator[str]:
    """Yield the parts that are long enough to be told from other words."""
    for one in secret:
        yield from (part for part in str(one).split(".") if len(part) > 20)


@pytest.mark.parametrize("about", FORGED)
async def test_a_forged_token_lets_nobody_in(api: Api, provider: Provider, about: str) -> None:
    for which, forge in FORGED[about].items():
        provider.forge = forge
        await _refused(api, _agree(await _leave(api)), provider.sent)
        assert await accounts.listing(api.store) == [], which


async def test_the_same_token_unforged_lets_somebody_in(api: Api, provider: Provider) -> None:
    """This shows that the forgeries above are not refused for another reason."""
    for forge in (_signed, _saying(aud=[CLIENT, "another"], azp=CLIENT), _lasting(exp=-30)):
        provider.forge = forge
        answer = await api.http.get(_agree(await _leave(api)))
        assert (answer.status_code, answer.headers["Location"]) == (303, "/staff"), answer.text
        assert api.http.cookies.get(COOKIE)
    assert len(await accounts.listing(api.store)) == 1


async def test_the_nonce_of_another_sign_in_is_refused(api: Api, provider: Provider) -> None:
    nonce = parse_qs(urlsplit(await _leave(api)).query)["nonce"][0]
    provider.forge = _saying(nonce=nonce)
    await _refused(api, _agree(await _leave(api)), provider.sent, nonce)


async def test_keys_that_are_none_and_a_provider_of_another_name_are_refused(
    api: Api, provider: Provider
) -> None:
    none: list[dict[str, Any]] = [
        {},
        {"keys": []},
        {"keys": "all"},
        {"keys": [1]},
        {"keys": [{"kty": "RSA"}]},
    ]
    for keys in none:
        provider.keys = keys
        await _refused(api, _agree(await _leave(api)))
    provider.keys = None
    back = _agree(await _leave(api))
    provider.says, provider.forge = {"issuer": EVIL}, _saying(iss=EVIL)
    await _refused(api, back)


@pytest.mark.parametrize("lax", [False, True], ids=["strict", "lax"])
async def test_to_come_back_twice_is_refused(api: Api, provider: Provider, lax: bool) -> None:
    """It is refused even if the provider accepts a used code and the cookie was retained."""
    provider.lax = lax
    back = _agree(await _leave(api))
    begun = api.http.cookies[oidc.COOKIE]
    assert (await api.http.get(back)).status_code == 303
    await _refused(api, back)  # the first return removed the cookie of the sign-in
    api.http.cookies.clear()
    api.http.cookies.set(oidc.COOKIE, begun, domain="jiesu.test", path=oidc.BACK)
    await _refused(api, back)
    [account] = await accounts.listing(api.store)
    context = api.context
    assert len(await sessions.listing(api.store, account.id, context.now(), context.idle)) == 1
