"""Tests of `python -m bench store`: it asks every question of a simulated store."""

from pathlib import Path

from bench import store as bench_store
from store.db.engine import default_url


async def test_every_question_is_asked_of_a_simulated_store(tmp_path: Path) -> None:
    for name in ("large", "empty"):
        (tmp_path / name).mkdir()
    large, empty = (default_url(tmp_path / name) for name in ("large", "empty"))
    said: list[str] = []
    (report,) = await bench_store.measure_store(120, said.append, [("sqlite", large, empty)])
    assert report.tickets == 120
    assert {one.question for one in report.answers} <= set(said)
    assert all(0 < one.p50 <= one.p99 for one in report.answers)
    rows = {one.question: one.rows for one in report.answers}
    assert rows["search, no hits"] == 0
    assert rows["list of all"] == 50
    assert min(report.recorded) > 0
