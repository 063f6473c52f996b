"""Mail servers and gateways for the tests of messages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.messaging.states import WayOut
from store.db.engine import Store
from tests.messaging.gateway import Gateway, gateway
from tests.messaging.house import House, MailSink, house, mail_sink


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    async with mail_sink() as running:
        yield running


@pytest.fixture
async def at_home(store: Store, tmp_path: Path) -> House:
    """Provide a house from which nothing leaves yet."""
    return house(store, tmp_path / "cities")


@pytest.fixture
async def mailing(at_home: House, sink: MailSink) -> House:
    """Provide a house with a mail server."""
    at_home.ways[WayOut.EMAIL] = sink.way()
    return at_home


@pytest.fixture
async def sms() -> AsyncIterator[Gateway]:
    async with gateway() as running:
        yield running


@pytest.fixture
async def reaching(mailing: House, sms: Gateway) -> House:
    """Provide a house with a mail server and an SMS gateway, which comes first."""
    mailing.ways[WayOut.SMS] = sms.way(mailing.now)
    return mailing
