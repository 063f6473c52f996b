"""The server that the application runs in, and how both end together."""

import socket

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from runtime.settings import Settings

PATIENCE = 10
"""Seconds that answers under way have to be finished when the server is told to stop."""


class Server(uvicorn.Server):
    """Ends the streams before it waits for them: of themselves they would never end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            await app.state.boards.close()
        await super().shutdown(sockets)


def server(app: FastAPI, host: str, port: int) -> Server:
    """A server for the application, that logs as the application does."""
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=PATIENCE,
        )
    )


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    running = server(create_app(settings), settings.api_host, settings.api_port)
    running.run()
    if not running.started:
        raise SystemExit(3)  # as uvicorn itself says that it could not begin
