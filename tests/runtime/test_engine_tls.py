"""Tests that the connection to the engine is encrypted, to the right engine, as settings ask."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr, ValidationError

from app.installation.health_checks import connection_of
from runtime.engine import connect
from runtime.settings import Settings

NAME = "engine.example.org"


class Certificate(NamedTuple):
    """A certificate, its key, and that of the authority which signed it, as files."""

    path: Path
    key: Path
    ca: Path


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, ca: bool
) -> bytes:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(f"CA of {name.removeprefix('CA of ')}"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(by, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _certificate(folder: Path, name: str) -> Certificate:
    authority = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    files = Certificate(*(folder / f"{name}.{ending}" for ending in ("pem", "key", "ca")))
    files.path.write_bytes(_signed(name, key, authority, ca=False))
    files.ca.write_bytes(_signed(f"CA of {name}", authority, authority, ca=True))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@asynccontextmanager
async def _engine(mine: Certificate, client: Certificate | None) -> AsyncIterator[tuple[str, Any]]:
    """Listen as an engine behind TLS; yield its address and the handshakes that succeeded."""
    shaken: list[Any] = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shaken.append(writer.get_extra_info("peercert"))
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(mine.path, mine.key)
    context.set_alpn_protocols(["h2"])
    if client is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client.ca)
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"127.0.0.1:{port}", shaken


async def _try(**settings: Any) -> None:
    """Connect, which fails: whoever listens is no engine."""
    with pytest.raises(RuntimeError):
        async with asyncio.timeout(60):
            await connect(Settings(**settings))


async def test_the_engine_has_to_show_the_certificate_that_is_named(tmp_path: Path) -> None:
    right, other = _certificate(tmp_path, NAME), _certificate(tmp_path, "other.example.org")
    async with _engine(right, None) as (address, shaken):
        await _try(temporal_address=address, temporal_ca=other.ca, temporal_server_name=NAME)
        await _try(temporal_address=address, temporal_ca=right.ca, temporal_server_name="else")
        await _try(temporal_address=address)
        assert shaken == []
        await _try(temporal_address=address, temporal_ca=right.ca, temporal_server_name=NAME)
        assert shaken


async def test_an_engine_that_asks_for_a_certificate_gets_ours(tmp_path: Path) -> None:
    right, ours = _certificate(tmp_path, NAME), _certificate(tmp_path, "jiesu.example.org")
    known = {"temporal_ca": right.ca, "temporal_server_name": NAME}
    async with _engine(right, ours) as (address, shaken):
        mine = {"temporal_cert": ours.path, "temporal_cert_key": ours.key}
        await _try(temporal_address=address, **known, **mine)
        assert any(shaken)


def test_an_api_key_is_never_sent_in_the_clear() -> None:
    assert Settings(temporal_api_key=SecretStr("k")).engine_encrypted
    assert not Settings().engine_encrypted
    with pytest.raises(ValidationError, match="temporal_cert_key"):
        Settings(temporal_cert=Path("ours.pem"))


def test_doctor_says_how_the_engine_is_reached(tmp_path: Path) -> None:
    elsewhere = Settings(temporal_address="10.1.2.3:7233")
    [found] = connection_of(elsewhere)
    assert (found.state, "not encrypted" in found.says) == ("note", True)
    assert connection_of(Settings()) == []
    for local in ("localhost:7233", "[::1]:7233"):
        assert connection_of(Settings(temporal_address=local)) == []
    [found] = connection_of(elsewhere.model_copy(update={"temporal_tls": True}))
    assert found.state == "ok"
    [found] = connection_of(Settings(temporal_ca=tmp_path / "not-there.pem"))
    assert (found.state, "not-there.pem" in found.says) == ("wrong", True)
