"""`jiesu mail`: the mail door."""

import asyncio
import signal

from app.access.rate_limits import RateLimits
from app.context import AppContext
from app.sending.engine_gateway import Engine
from app.sending.read_your_writes import Watch
from cli.city import usable_packs
from cli.installation import OpenInstallation, installation
from cli.terminal import err, fail, run
from media.upload_service import Uploads
from packs.registry import PackRegistry
from runtime.logs import set_up_logs
from runtime.settings import Settings
from store.db.errors import StoreError
from store.files.objects import Objects
from store.secrets.vault import Vault
from workers.mail_in import serving_mail


def mail() -> None:
    """Run the mail door: mails to the cities' addresses become complaints.

    Needs JIESU_MAIL_PORT and JIESU_MAIL_ADDRESSES; see docs/how-to/mail.md.
    """
    settings = Settings()
    if settings.mail_port is None:
        fail("no port for mails: set JIESU_MAIL_PORT")
    packs = usable_packs(settings)
    unknown = sorted(set(settings.mail_addresses.values()) - set(packs.ids()))
    if unknown or not settings.mail_addresses:
        named = f"; there is no city {', '.join(unknown)}" if unknown else ""
        fail(f"JIESU_MAIL_ADDRESSES names the city of each address{named}")
    set_up_logs(settings.log_format, settings.log_level)
    try:
        run(_serve(settings, packs, settings.mail_port))
    except StoreError as error:
        fail(str(error))
    except OSError as error:
        fail(f"port {settings.mail_port} cannot be used: {error.strerror}", 1)


async def _serve(settings: Settings, packs: PackRegistry, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with installation(settings) as here:
        context = context_of(here, packs)
        async with serving_mail(context, settings, port):
            err.print(f"mails are taken at {settings.mail_host}:{port}")
            await stop.wait()
        await context.limits.close()


def context_of(here: OpenInstallation, packs: PackRegistry) -> AppContext:
    """Return what the acts of the application need, in a process of its own."""
    settings = here.settings
    return AppContext(
        settings=settings,
        store=here.store,
        engine=Engine(here.engine, timeout=settings.engine_timeout),
        packs=packs,
        vault=Vault(here.ring),
        keys=here.keys,
        uploads=Uploads(settings, here.store, Objects.open(settings.files), here.ring.root_key),
        archive=here.archive,
        record=Watch(settings.record_wait),
        limits=RateLimits(settings, here.store),
    )
