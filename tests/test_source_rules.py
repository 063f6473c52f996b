"""Rules about what the source may do at all, that rows of docs/reference/security.md rest on."""

import ast
import io
import json
import logging
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import structlog

from runtime.logs import set_up_logs

ROOT = Path(__file__).parents[1]
PRODUCT = (
    "activities",
    "api",
    "app",
    "audit",
    "cli",
    "domain",
    "kit",
    "media",
    "packs",
    "runtime",
    "store",
    "workers",
    "workflows",
)
_PROGRAMS = {"eval", "exec", "compile", "__import__"}
_LOADERS = {"pickle", "marshal", "shelve", "dill", "yaml", "xml", "lxml"}
SPEAKING = {"httpx", "httpx2", "requests", "aiohttp", "urllib.request", "http.client", "authlib"}


@cache
def _sources() -> list[tuple[str, ast.Module]]:
    """Return the product's modules, parsed by the one process that runs these tests."""
    return [
        (str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8")))
        for package in PRODUCT
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def _found(wrong: Callable[[ast.AST], bool]) -> list[str]:
    return [
        f"{name}:{getattr(node, 'lineno', 0)}"
        for name, tree in _sources()
        for node in ast.walk(tree)
        if wrong(node)
    ]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []


def _is_called(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in names


def _says(node: ast.AST, name: str, value: object) -> bool:
    """Return whether a call gives this argument this value."""
    return isinstance(node, ast.Call) and any(
        word.arg == name and isinstance(word.value, ast.Constant) and word.value.value == value
        for word in node.keywords
    )


def test_no_text_becomes_a_program() -> None:
    def wrong(node: ast.AST) -> bool:
        loaded = any(one.partition(".")[0] in _LOADERS for one in _imported(node))
        shell = _says(node, "shell", True) or _is_called(node, "os.system", "os.popen")
        return loaded or shell or _is_called(node, *_PROGRAMS)

    assert _found(wrong) == []


def test_no_pattern_and_no_template_is_made_of_input() -> None:
    """Patterns and templates are made when a module is loaded, of constants, or are escaped."""
    calls = {"re.compile", "re.match", "re.search", "re.fullmatch", "re.sub", "re.findall"}
    within = {
        id(node)
        for _, tree in _sources()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }

    def wrong(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call) or id(node) not in within:
            return False
        called = ast.unparse(node.func)
        if called.endswith((".from_string", ".format_map")):
            return True
        constant = bool(node.args) and isinstance(node.args[0], ast.Constant | ast.Name)
        escaped = bool(node.args) and "re.escape(" in ast.unparse(node.args[0])
        return called in calls and not constant and not escaped

    assert _found(wrong) == []


def test_only_these_modules_speak_to_others() -> None:
    """Only `runtime.outbound`, which checks it, takes an address from a user: provider, API and
    engine are settings."""
    speaking = {
        name
        for name, tree in _sources()
        for node in ast.walk(tree)
        if any(one in SPEAKING or one.partition(".")[0] in SPEAKING for one in _imported(node))
    }
    assert speaking == {
        "app/access/oidc.py",
        "cli/agent_door.py",
        "cli/doctor.py",
        "kit/jiesu_department/city.py",
        "kit/jiesu_department/codec.py",
        "runtime/outbound.py",
        "workers/stack.py",
    }


def test_no_certificate_goes_unchecked_and_no_redirect_is_followed() -> None:
    def wrong(node: ast.AST) -> bool:
        unchecked = _says(node, "verify", False) or _says(node, "check_hostname", False)
        blind = isinstance(node, ast.Attribute) and node.attr == "CERT_NONE"
        return unchecked or blind or _says(node, "follow_redirects", True)

    assert _found(wrong) == []


def test_secrets_are_drawn_by_the_operating_system() -> None:
    """`random` draws ports and pauses, and nothing that somebody must not guess."""
    using = {
        name
        for name, tree in _sources()
        for node in ast.walk(tree)
        if any(one == "random" for one in _imported(node))
    }
    assert using == {"app/sending/sending.py", "runtime/ports.py"}


def test_cryptography_is_of_the_named_libraries() -> None:
    """AES-GCM, HKDF with SHA-256, HMAC, Argon2id, P-256 for push, and what known libraries do."""
    known = {
        "cryptography.exceptions",
        "cryptography.hazmat.primitives.ciphers.aead",
        "cryptography.hazmat.primitives.hashes",
        "cryptography.hazmat.primitives.kdf.hkdf",
        # the key pair by which push services know who sends (RFC 8292)
        "cryptography.hazmat.primitives.asymmetric",
        "cryptography.hazmat.primitives.serialization",
    }
    used = {
        one
        for _, tree in _sources()
        for node in ast.walk(tree)
        for one in _imported(node)
        if one.partition(".")[0] in ("cryptography", "Crypto", "nacl", "rsa")
    }
    assert used == known

    def weak(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr in ("md5", "sha1", "ECB", "CBC")

    assert _found(weak) == []
    imported = {
        alias.name
        for _, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in known
        for alias in node.names
    }
    assert imported == {"AESGCM", "AESSIV", "HKDF", "SHA256", "InvalidTag"} | {
        "ec",
        "Encoding",
        "PublicFormat",
    }


def test_no_time_is_without_its_zone() -> None:
    def wrong(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return False
        called = ast.unparse(node.func)
        if called.endswith((".utcnow", ".utcfromtimestamp")):
            return True
        return called == "datetime.now" and not node.args and not node.keywords

    assert _found(wrong) == []


def test_logs_can_be_read_by_machines_and_no_text_forges_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    try:
        set_up_logs("json")
        handler = root.handlers[0]
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(stream)
        forged = 'said\n{"event": "signed in"}'
        structlog.stdlib.get_logger("jiesu.test").warning("refused", key=forged)
        logging.getLogger("elsewhere").warning("plain %s", forged)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**configured)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"].partition(" ")[0] for line in lines] == ["refused", "plain"]
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_refusals_are_logged() -> None:
    """`permit`, which every act asks, says who was refused what."""
    tree = ast.parse((ROOT / "app/access/permission.py").read_text(encoding="utf-8"))
    [permit] = [
        node
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "permit"
    ]
    [refusing] = [
        node
        for node in ast.walk(permit)
        if isinstance(node, ast.If) and "caller.may(right)" in ast.unparse(node.test)
    ]
    assert ast.unparse(refusing.body[0]).startswith("logger.warning('refused'")


def test_every_library_is_pinned_with_its_hash() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^[A-Za-z0-9_.\[\]-]+==", text, re.MULTILINE)
    hashed = re.findall(r"^[A-Za-z0-9_.\[\]-]+==[^\n]*\\\n\s+--hash=sha256:", text, re.MULTILINE)
    assert len(pinned) == len(hashed) > 50


def test_only_these_scripts_keep_anything_in_the_browser() -> None:
    """Drafts (without who somebody is), whether keys work, and what grid workers and walkers have
    not sent; see `send.js`, `ticket.js` and `phone.js`."""
    keeping = {
        path.name
        for path in sorted((ROOT / "api/pages").rglob("*.js"))
        if re.search(
            r"localStorage|sessionStorage|indexedDB|document\.cookie", path.read_text("utf-8")
        )
    }
    assert keeping == {
        "citizen.js",
        "inbox.js",
        "phone.js",
        "send.js",
        "signed_out.js",
        "ticket.js",
    }
    send = (ROOT / "api/pages/citizen/static/send.js").read_text(encoding="utf-8")
    [personal] = re.findall(r"^(?:var|const) PERSONAL = (\[.*\]);$", send, re.MULTILINE)
    form = (ROOT / "api/pages/citizen/templates/report.html").read_text(encoding="utf-8")
    assert {"name", "phone", "address", "lat", "lon"} == set(json.loads(personal))
    known = {"name", "phone", "address", "lat", "lon", "text", "kind", "category", "area"}
    asked = set(re.findall(r'(?:field|area)\(form, "(\w+)"', form)) | set(
        re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', form)
    )
    harmless = {"city", "stamp", "website", "public", "anonymous", "key", "photo", "same", "crs"}
    assert asked <= known | harmless, "is it personal? then it belongs in PERSONAL of send.js"
