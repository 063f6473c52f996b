"""Tests of the job that grants rewards: run twice, cut short, and every sign of abuse."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.rewards import Rewarding
from domain.actors import Role
from domain.facts.intake import Accepted
from domain.policy.rewards import RewardReason, RewardState
from domain.ticket.complaint import Channel, Filer, Kind
from domain.ticket.files import FileKind, Purpose
from domain.ticket.rules_snapshot import Rules
from media.likeness import mark_of
from packs.registry import PackRegistry
from store.db.engine import Store
from store.files import files
from store.files.files import Attaching, Claim, FileRow
from store.files.objects import Objects, thumbnail_key
from store.identity import accounts, sign_in_places
from store.packs.archive import ArchivedPacks
from store.rewards import checks, grants, ledger, redemptions, signs
from store.secrets.vault import Person, Vault
from store.tickets import erasure, intake
from tests.packs.pack_folders import plain_pack
from tests.store.rewarding import SUPERVISOR, a_choice, purse_of
from tests.store.stories import START, Story, complaint, project
from tests.support.engine import RING
from tests.support.media import a_photo

CITY, NOW, DAY = "demo", START + timedelta(days=2), timedelta(days=1)


class City:
    """A city that rewards snapshots, its store, and the job."""

    def __init__(self, folder: Path, store: Store) -> None:
        registry = PackRegistry(folder)
        self.pack, self.store = registry.get(CITY), store
        self.vault, self.objects = Vault(RING), Objects.open("memory:")
        self.looks = 0
        packs = ArchivedPacks(registry, store)
        self.job = Rewarding(packs, registry, store, self.vault, self.objects, self._looked)

    def _looked(self, picture: bytes) -> str:
        self.looks += 1
        return mark_of(picture)

    async def run(self, now: datetime = NOW) -> int:
        return sum([count async for count in self.job.due(now)])

    async def report(self, photo: bytes = b"", minutes: float = 0, **more: object) -> Story:
        """Record a snapshot that was handled and closed; with a photo, if there is one."""
        told = {"channel": Channel.SNAPSHOT, "filed_at": START + timedelta(minutes=minutes)}
        filed = complaint(city=CITY, **told | more)  # type: ignore[arg-type]
        story = Story(filed)
        version = self.pack.version
        rules = Rules.model_validate({"pack": CITY, "pack_version": version})
        accepted = story.tell(Accepted(rules=rules, lifecycle=story.lifecycle, clocks=[]))
        life = [story.classified(), story.assigned("water"), story.signed(), story.contacted(),
                story.handled(), story.replied(), story.rated(), story.closed()]  # fmt: skip
        await project(self.store, [accepted, *life])
        if photo:
            await self.photo(story.number, photo)
        return story

    async def photo(self, number: str, content: bytes) -> None:
        key = f"{number}-photo"
        row = FileRow(
            f"f{number}", key, FileKind.PHOTO, "image/jpeg", len(content), 64, 48, "0" * 64,
            Purpose.COMPLAINT, START, Role.CITIZEN, "", None, NOW + DAY,
        )  # fmt: skip
        await files.record(self.store, row)
        caps = dict.fromkeys(FileKind, 9)
        wanted = Attaching([Claim(row.id, None)], caps, START)
        await files.attach_to(self.store, number, wanted)
        await self.objects.put(thumbnail_key(key), content)

    async def became(self, story: Story) -> grants.Grant:
        found = await grants.get(self.store, story.number)
        assert found is not None
        return found


@pytest.fixture
def city(tmp_path: Path, store: Store) -> City:
    plain_pack(tmp_path / "cities", CITY)
    return City(tmp_path / "cities", store)


@pytest.fixture
def town(tmp_path: Path, sqlite_store: Store) -> City:
    plain_pack(tmp_path / "cities", CITY)
    return City(tmp_path / "cities", sqlite_store)


async def test_a_right_report_earns_what_the_first_rule_says(city: City) -> None:
    story = await city.report()
    assert await city.run() > 0
    grant = await city.became(story)
    assert (grant.state, grant.rule, grant.points) == (RewardState.GRANTED, "R02", 10)
    assert grant.until == NOW + 365 * DAY
    assert await checks.faults(city.store, CITY) == []


async def test_run_twice_it_grants_once(city: City) -> None:
    await city.report()
    await city.run()
    assert await city.run() == 0
    assert await city.run(NOW + DAY) == 0


async def test_cut_short_it_goes_on_where_it_was(town: City) -> None:
    stories = [await town.report(a_photo((64 + n, 48)), minutes=n) for n in range(3)]

    class Killed(Exception):
        pass

    for steps in (1, 2, 1, 3):
        running = town.job.due(NOW)
        with pytest.raises(Killed):
            async for _ in running:
                steps -= 1
                if steps == 0:
                    raise Killed
        await running.aclose()  # type: ignore[attr-defined]
    await town.run()
    states = [(await town.became(story)).state for story in stories]
    assert RewardState.GRANTED in states
    assert await checks.faults(town.store, CITY) == []
    assert town.looks <= 4, "a photo was looked at again and again"


async def test_what_does_not_count_earns_nothing(town: City) -> None:
    hotline = await town.report(channel=Channel.HOTLINE)
    question = await town.report(kind=Kind.CONSULTATION)
    await town.run()
    assert await grants.get(town.store, hotline.number) is None
    assert (await town.became(question)).state is RewardState.NONE


async def test_a_report_of_wrongdoing_leaves_no_trace_in_the_rewards(town: City) -> None:
    report = await town.report(a_photo(), kind=Kind.REPORT)
    await town.run()
    assert await grants.get(town.store, report.number) is None
    assert town.looks == 0


@pytest.mark.must_work("jinan", "abuse")
async def test_a_picture_sent_by_two_people_is_rewarded_once(city: City) -> None:
    copy = a_photo(quality=40)
    first = await city.report(a_photo(), minutes=0)
    second = await city.report(copy, minutes=60)
    await city.run()
    assert (await city.became(first)).state is RewardState.GRANTED
    held = await city.became(second)
    assert (held.state, held.reasons) == (RewardState.HELD, (RewardReason.SAME_PICTURE,))
    assert held.alike == (first.number,)


async def test_it_is_compared_with_reports_that_are_still_open(town: City) -> None:
    open_one = Story(complaint(city=CITY, channel=Channel.SNAPSHOT))
    await project(town.store, [open_one.accepted(), open_one.classified()])
    await town.photo(open_one.number, a_photo())
    second = await town.report(a_photo(quality=40), minutes=5)
    await town.run()
    assert (await town.became(second)).reasons == (RewardReason.SAME_PICTURE,)


async def test_a_photo_whose_bytes_are_gone_stops_nothing(town: City) -> None:
    story = await town.report(a_photo())
    await town.objects.drop(thumbnail_key(f"{story.number}-photo"))
    await town.run()
    assert (await town.became(story)).state is RewardState.GRANTED


async def test_the_same_place_shortly_before_is_looked_at(town: City) -> None:
    place = {"address": "水景路1号"}
    await town.report(place=place, channel=Channel.HOTLINE)
    story = await town.report(place=place, minutes=30)
    await town.run()
    assert (await town.became(story)).reasons == (RewardReason.SAME_PLACE,)


@pytest.mark.parametrize(
    ("filer", "looked_at"),
    [
        (Filer(role=Role.OFFICER, account="a1", unit="gov"), True),
        (Filer(role=Role.DESK, account="a1"), True),
        (Filer(role=Role.OFFICER, account="t1", unit="water", program=True), True),
        (Filer(role=Role.DESK, account="t1", program=True), False),
        (Filer(role=Role.CITIZEN), False),
        (None, False),
    ],
)
async def test_what_staff_filed_is_looked_at(
    town: City, filer: Filer | None, looked_at: bool
) -> None:
    story = await town.report(filed_by=filer)
    await town.run()
    reasons = (RewardReason.FILED_BY_STAFF,) if looked_at else ()
    assert (await town.became(story)).reasons == reasons


async def test_what_comes_from_the_units_own_network_is_looked_at(town: City) -> None:
    officer = await accounts.create(town.store, "worker", Role.OFFICER, unit="water", city=CITY)
    await sign_in_places.note(town.store, officer.id, "their network", START)
    planted, honest = await town.report(), await town.report()
    await signs.note_network(town.store, planted.number, "their network", START)
    await signs.note_network(town.store, honest.number, "another", START)
    await town.run()
    assert (await town.became(planted)).reasons == (RewardReason.UNIT_NETWORK,)
    assert (await town.became(honest)).state is RewardState.GRANTED


async def test_many_reports_from_one_network_are_looked_at(town: City) -> None:
    stories = [await town.report(minutes=n) for n in range(12)]
    for n, story in enumerate(stories):
        await signs.note_network(town.store, story.number, "one", START + timedelta(minutes=n))
    await town.run()
    states = [(await town.became(story)).state for story in stories]
    assert states == [RewardState.GRANTED] * 10 + [RewardState.HELD] * 2


@pytest.mark.must_work("jinan", "abuse")
async def test_one_phone_with_many_names_is_looked_at(town: City) -> None:
    now = datetime.now(UTC)
    for n, name in enumerate(("甲", "乙", "丙", "丙", None)):
        person = Person(name=name, phone="010-00012345")
        await intake.keep_person(town.store, town.vault, f"p{n}", person, now)
    story = await town.report(person="p0")
    other = await town.report(person="nobody")
    await town.run()
    assert (await town.became(story)).reasons == (RewardReason.MANY_NAMES,)
    assert (await town.became(other)).state is RewardState.GRANTED


async def test_unfetched_prizes_come_back_and_networks_are_forgotten(town: City) -> None:
    story = await town.report()
    await signs.note_network(town.store, story.number, "net", START)
    await town.run()
    salt = town.pack.prize("salt")
    assert salt is not None
    purse = purse_of(story.ticket)
    choice = replace(a_choice("c1", salt), valid_until=NOW + DAY)
    await redemptions.choose(town.store, purse, choice, NOW)
    await town.run(NOW + 40 * DAY)
    assert (await redemptions.of_purse(town.store, purse))[0].state == "expired"
    assert await signs.forget_networks(town.store, NOW + 40 * DAY) == 0


async def test_erasing_a_report_takes_what_was_said_of_its_reward(town: City) -> None:
    story = await town.report(filed_by=Filer(role=Role.OFFICER, account="a1", unit="water"))
    await town.run()
    await grants.decide(
        town.store, story.number, release=True, by=SUPERVISOR, reason="王某本人拍摄", at=NOW
    )
    (_, before) = await ledger.lines(town.store, CITY, NOW - DAY, NOW + DAY, 10)
    assert before.reason == "王某本人拍摄"
    await erasure.erase(town.store, story.number, NOW)
    (_, after) = await ledger.lines(town.store, CITY, NOW - DAY, NOW + DAY, 10)
    assert (after.kind, after.actor, after.reason) == ("release", "supervisor-1", "")


async def test_erasing_a_report_takes_its_signs_and_leaves_its_points(town: City) -> None:
    story = await town.report(a_photo())
    copy = await town.report(a_photo(quality=40), minutes=5)
    async for _ in town.job._marked(town.pack, ["snapshot"], NOW):
        pass
    await erasure.erase(town.store, story.number, NOW)
    await town.run()
    assert (await town.became(copy)).state is RewardState.GRANTED
    assert await checks.faults(town.store, CITY) == []
