"""A driver of the product over HTTP: five requests from complaint to rating."""

import asyncio
import secrets
import time
from typing import Any

from bench.http import Answer, Connection
from bench.load import Failed

API = "/api/v1"

# Its category is given, so that triage is automatic; one unit is responsible for it everywhere.
CITY, CATEGORY, UNIT = "tongzhou", "0204", "city-management"
COMPLAINT = {
    "city": CITY,
    "title": "小区门口路灯不亮",
    "text": "北苑街道新华西街小区东门外三盏路灯已经一周不亮，晚上老人出行不便，请尽快维修。",
    "category": CATEGORY,
    "place": {"area": "110112003", "address": "北苑街道新华西街小区东门"},
    "contact": {"name": "张女士", "phone": "13800000000"},
}
RESULT = {"reply": "已更换三盏路灯的灯头并恢复供电，今晚起正常照明。感谢您的监督。"}
RATING = {"contacted": True, "resolved": True, "grade": 5, "words": "处理及时，谢谢。"}

# 202: the answer of a slow machine, not a refusal; the driver waits, and the time counts.
_FINE = {"complaints": (201, 202), "complete": (200, 202), "rating": (200, 202)}
_PAUSE, _LOOKS = 0.1, 300


class ProductDriver:
    """One citizen and one officer, on one connection."""

    def __init__(self, connection: Connection, officer: str) -> None:
        self._connection = connection
        self._officer = {"Authorization": f"Bearer {officer}"}

    async def live(self) -> float:
        """Drive one ticket to its end; return the seconds until its receipt."""
        begun = time.perf_counter()
        receipt = (await self._file()).json()
        accepted = time.perf_counter() - begun
        ticket = f"{API}/tickets/{receipt['number']}"
        if receipt["stage"] != "handle":
            await self._until(ticket, {"Access-Code": receipt["access_code"]}, "handle")
        await self._ask(f"{ticket}/sign", {}, self._officer)
        # With a note: all filings are of one phone, whose budget of contacts is soon spent.
        contacted = {"reached": True, "note": "已电话联系"}
        await self._ask(f"{ticket}/contact", contacted, self._officer)
        assignment = f"{API}/assignments/{receipt['number']}-1"
        citizen = {"Access-Code": receipt["access_code"]}
        completed = await self._ask(f"{assignment}/complete", RESULT, self._officer)
        if completed.status == 202:
            await self._until(ticket, citizen, "rate")
        rated = await self._ask(f"{ticket}/rating", RATING, citizen)
        if rated.status == 202:
            await self._until(ticket, citizen, "ended")
        return accepted

    async def file(self) -> float:
        """Only file a complaint; return the seconds until its receipt."""
        begun = time.perf_counter()
        await self._file()
        return time.perf_counter() - begun

    async def _file(self) -> Answer:
        key = {"Idempotency-Key": secrets.token_hex(16)}
        return await self._ask(f"{API}/complaints", COMPLAINT, key)

    async def _until(self, ticket: str, citizen: dict[str, str], stage: str) -> None:
        """Poll the ticket until it is at `stage`, after a 202."""
        for _ in range(_LOOKS):
            seen = await self._connection.get(ticket, citizen)
            if seen.status == 200 and seen.json()["stage"] == stage:
                return
            await asyncio.sleep(_PAUSE)
        raise Failed(f"the ticket is not at {stage}")

    async def _ask(self, path: str, body: Any, headers: dict[str, str]) -> Answer:
        step = path.rpartition("/")[2]
        try:
            answer = await self._connection.post(path, body, headers)
        except (OSError, EOFError) as error:
            raise Failed(f"{step}: {type(error).__name__}") from error
        if answer.status not in _FINE.get(step, (200,)):
            raise Failed(f"{step}: {answer.status} {_code(answer)}")
        return answer


def _code(answer: Answer) -> str:
    try:
        return str(answer.json().get("code", ""))
    except ValueError:
        return ""
