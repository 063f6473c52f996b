"""Is this container doing its work? `healthcheck.py api` or `healthcheck.py worker`."""

import os
import sys
import urllib.request

import psutil

TIMEOUT = 5  # seconds


def api_answers() -> bool:
    """The API answers its own health page."""
    port = os.environ.get("JIESU_API_PORT", "8000")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT) as answer:
        return bool(answer.status == 200)


def worker_is_connected() -> bool:
    """A process here holds a connection to the engine: a worker that polls always does."""
    port = int(os.environ["JIESU_TEMPORAL_ADDRESS"].rpartition(":")[2])
    return any(
        connection.status == psutil.CONN_ESTABLISHED
        and connection.raddr
        and connection.raddr.port == port
        for connection in psutil.net_connections(kind="tcp")
    )


CHECKS = {"api": api_answers, "worker": worker_is_connected}

if __name__ == "__main__":
    try:
        healthy = CHECKS[sys.argv[1]]()
    except OSError as error:
        sys.exit(str(error))
    sys.exit(0 if healthy else "not connected")
