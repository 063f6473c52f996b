"""Incidents begin: proposed by the rate of reports, joined by those from before."""

from datetime import datetime, timedelta
from hashlib import sha256

from activities.incident_crowds import IncidentCrowds
from domain.incident.incident import Incident, IncidentScope, IncidentState, MemberState
from domain.incident.judging import Verdict, judge
from domain.incident.rate import Crowd, common_places, common_words, unusual
from domain.incident.reports import report_of
from domain.pack.incidents import IncidentPolicy
from domain.pack.pack import Pack
from domain.ticket.complaint import Complaint
from store.db.engine import Store
from store.incidents import book, marks, members
from store.incidents.marks import ReportKind

_READ = 300
"""The reports that are read of a crowd, and looked through at a time."""


class IncidentBeginnings:
    """The beginning of incidents, a little at each step of the job."""

    def __init__(self, store: Store) -> None:
        self._store, self._crowds = store, IncidentCrowds(store)
        self._swept: dict[str, str] = {}  # by incident, the last report that was looked through

    async def propose(self, pack: Pack, policy: IncidentPolicy, now: datetime) -> int:
        """Propose an incident for each unusual crowd of reports; return how many."""
        window = timedelta(minutes=policy.minutes)
        city = pack.city.id

        async def known(kind: ReportKind) -> bool:
            incidents = await book.known(self._store, city, now - window)
            return any(_covers(one, kind, now - window) for one in incidents)

        crowds = await self._crowds.large(city, now, window, policy.reports, known)
        return sum([await self._put(pack, one, now, window) for one in unusual(policy, crowds)])

    async def _put(self, pack: Pack, crowd: Crowd, now: datetime, window: timedelta) -> bool:
        city = pack.city.id
        reports = await marks.reports_of(
            self._store, city, now - window, _READ, category=crowd.category, area=crowd.area
        )
        if not reports:
            return False
        category = pack.category(crowd.category)
        texts = [f"{one.place.address}。{one.title}。{one.text}" for one in reports]
        first = min(reports, key=lambda one: one.filed_at)
        places = common_places(texts)
        street = pack.street_of(crowd.area)
        where = "、".join(places[:2]) or (street.name if street else pack.city.name)
        cause = f"{city}/{crowd.category}/{crowd.area}/{first.number}"
        areas = [crowd.area] if crowd.area else [] if places else [pack.city.division]
        new = Incident(
            id=sha256(cause.encode()).hexdigest()[:16],
            city=city,
            state=IncidentState.PROPOSED,
            title=f"{where}：{category.name}",
            scope=IncidentScope(
                categories=[crowd.category],
                areas=areas,
                places=places,
                words=common_words(texts, category.keywords),
                began_at=first.filed_at - window,
            ),
            lead=first.number,
            reports=crowd.size,
            made_at=now,
        )
        return await book.put(self._store, new)

    async def sweep(self, pack: Pack, policy: IncidentPolicy, now: datetime) -> int:
        """Look through some reports from before an incident was declared; return how many."""
        done = 0
        for incident in await book.of_city(self._store, pack.city.id, [IncidentState.OPEN]):
            if incident.swept_at is not None:
                self._swept.pop(incident.id, None)
                continue
            # Some at a time: other cities, and members that wait for their start, have their turn.
            after = self._swept.pop(incident.id, "")
            found = await marks.reports_of(
                self._store, pack.city.id, incident.scope.began_at, _READ, after=after
            )
            for complaint in found:
                await self._take_in(pack, policy, incident, complaint, now)
            if found:
                self._swept[incident.id] = found[-1].number
            else:
                await book.mark_swept(self._store, incident.id, now)
            done += max(1, len(found))
        return done

    async def _take_in(
        self,
        pack: Pack,
        policy: IncidentPolicy,
        incident: Incident,
        complaint: Complaint,
        now: datetime,
    ) -> bool:
        if complaint.number == incident.lead or complaint.by_hand:
            return False
        report = report_of(pack, complaint)
        judgement = judge(incident.scope, report, policy.danger, pack.calendar.tz)
        if judgement.verdict is Verdict.NO:
            return False
        sure = judgement.verdict is Verdict.SURE
        new = members.New(
            incident=incident.id,
            state=MemberState.MEMBER if sure else MemberState.SUGGESTED,
            area=report.area,
            reasons=judgement.reasons,
            told=0,
            by="system",
        )
        enter = members.enter(self._store, new, now)
        await self._store.write(lambda connection: enter(connection, complaint))
        return True


def _covers(incident: Incident, kind: ReportKind, since: datetime) -> bool:
    """Return whether reports of a kind are those of an incident that is known already."""
    same = kind.category in incident.scope.categories
    areas = incident.scope.areas
    here = (
        not kind.area
        or not areas
        or any(one.startswith(kind.area) or kind.area.startswith(one) for one in areas)
    )
    over = incident.state in (IncidentState.ENDED, IncidentState.DISMISSED)
    ended = incident.ended_at or incident.made_at
    return same and here and (not over or ended >= since)
