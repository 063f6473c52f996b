"""The day's digest for staff: what burns today, to each unit or supervisor with an address."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from domain.actors import Role
from domain.messaging.addresses import mail_address
from domain.messaging.states import DIGEST, NoticeState, WayOut
from domain.messaging.texts import Written
from domain.pack.pack import Pack, UnknownInPack
from packs.registry import PackError, PackRegistry
from store.db.engine import Store
from store.messaging import digests, notices
from store.messaging.notices import OutsideNotice

SUPERVISOR = "supervisor"
"""The name of a city's supervisors among its units."""

_HEADS = {
    "zh": "{who}：已超期 {late} 件，今天到期 {due} 件。",
    "en": "{who}: {late} late, {due} due today.",
}
_EACH = {"zh": "{unit} {count} 件", "en": "{unit}: {count}"}
_SUBJECT = "【{city}】今日到期工单 / What burns today"


class Digests:
    """The digests. `addresses`: by `city/unit` or `city/supervisor`."""

    def __init__(
        self, store: Store, packs: PackRegistry, addresses: Mapping[str, str], public_url: str = ""
    ) -> None:
        self._store, self._packs = store, packs
        self._addresses, self._public_url = addresses, public_url
        self._done: set[tuple[str, str]] = set()

    async def begin(self, now: datetime) -> int:
        """Begin those that are due, each once a day; return how many."""
        begun = 0
        for where in self._addresses:
            city, _, who = where.partition("/")
            try:
                pack = self._packs.get(city)
            except (PackError, LookupError):  # said by the doctor
                continue
            local = now.astimezone(pack.calendar.tz)
            at = pack.messaging.digest
            day = local.date().isoformat()
            if at is None or local.time().replace(tzinfo=None) < at or (where, day) in self._done:
                continue
            begun += await self._begin(pack, who, day, now)
            self._done.add((where, day))
        return begun

    async def _begin(self, pack: Pack, who: str, day: str, now: datetime) -> bool:
        burning = await self._burning(pack, who, now)
        if not burning.any:
            return False
        one = OutsideNotice(
            key=f"{DIGEST}/{pack.city.id}/{who}/{day}",
            number="",
            version=0,
            city=pack.city.id,
            audience=(Role.SUPERVISOR if who == SUPERVISOR else Role.OFFICER).value,
            unit=who,
            template=DIGEST,
            state=NoticeState.NEW,
            reason="",
            recipient=None,
            joined=None,
            created_at=now,
            due_at=now,
            told_at=None,
        )
        return await notices.add(self._store, one)

    def address(self, one: OutsideNotice) -> str | None:
        """Return where a digest goes."""
        return self._addresses.get(f"{one.city}/{one.unit}")

    def channel(self, one: OutsideNotice) -> WayOut | None:
        """Return by what way it goes there."""
        to = self.address(one)
        if to is None:
            return None
        return WayOut.EMAIL if mail_address(to) else WayOut.CHAT

    async def written(self, pack: Pack, one: OutsideNotice, now: datetime) -> Written:
        """Return a digest in words, as things are now. It has numbers, and nothing of tickets."""
        who = one.unit or SUPERVISOR
        burning = await self._burning(pack, who, now)
        texts = {}
        for language in ("zh", "en"):
            head = _HEADS[language].format(
                who=_name(pack, who, language), late=burning.late, due=burning.due
            )
            units = [
                _EACH[language].format(unit=_name(pack, code, language), count=count)
                for code, count in burning.units
            ]
            texts[language] = "\n".join([head, *units, *burning.numbers])
        page = "/staff/board" if who == SUPERVISOR else "/staff/inbox"
        link = f"{self._public_url}{page}" if self._public_url else ""
        return Written(_SUBJECT.format(city=pack.city.name), texts, link)

    async def _burning(self, pack: Pack, who: str, now: datetime) -> digests.Burning:
        zone = pack.calendar.tz
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        until = datetime.combine(tomorrow, time(0), zone)
        unit = None if who == SUPERVISOR else who
        return await digests.burning(self._store, pack.city.id, unit, now, until)


def _name(pack: Pack, code: str, language: str) -> str:
    chinese = language == "zh"
    if code == SUPERVISOR:
        return pack.city.name if chinese else pack.city.name_en
    try:
        unit = pack.unit(code)
    except UnknownInPack:
        return code
    return unit.name if chinese else unit.name_en
