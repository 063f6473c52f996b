"""Headers of every answer: restrictions on the browser, and the name of this system."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Tells pages that this system answered, and not a network on the way with a page of its own.
    "Served-By": "jiesu",
}
_STAY_WITH_HTTPS = "max-age=31536000; includeSubDomains"


class SecurityHeaders:
    """ASGI middleware, outermost, so that every refusal has the headers."""

    def __init__(self, app: ASGIApp, https: bool = False) -> None:
        self.app, self.https = app, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                context = getattr(scope["app"].state, "context", None)
                if context is not None and context.simulated.cities:
                    headers["Jiesu-Simulated"] = " ".join(context.simulated.cities)
                if self.https or scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", _STAY_WITH_HTTPS)
            await send(message)

        await self.app(scope, receive, guarded)
