"""The server that the application runs in, and their common shutdown."""

import socket
import tempfile

import uvicorn
from fastapi import FastAPI

from api.http.app import create_app
from api.http.connections import protocol
from runtime.settings import Settings

PATIENCE = 10
"""Seconds to finish pending answers when the server is stopped."""


class Server(uvicorn.Server):
    """A server that ends the streams before it waits for them: they do not end by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            await app.state.boards.close()
            context = getattr(app.state, "context", None)
            if context is not None:
                context.closing.set()
        await super().shutdown(sockets)


def server(app: FastAPI, host: str, port: int) -> Server:
    """Return a server for the application that logs as the application does."""
    return Server(
        uvicorn.Config(
            app,
            http=protocol(app.state.settings),
            ws="none",
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            proxy_headers=False,  # `api.http.proxies` reads them
            timeout_graceful_shutdown=PATIENCE,
        )
    )


def _spool_at_home(settings: Settings) -> None:
    """Put the files of forms, while they arrive, on the disk of the home folder.

    The system's own folder for temporary files may be memory, as it is in containers.
    """
    folder = settings.home / "spool"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tempfile.tempdir = str(folder)


def serve(settings: Settings) -> None:
    """Serve until stopped."""
    _spool_at_home(settings)
    running = server(create_app(settings), settings.api_host, settings.api_port)
    running.run()
    if not running.started:
        raise SystemExit(3)  # uvicorn's own exit code for a failed start
