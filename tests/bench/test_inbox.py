"""Tests that the inbox benchmark opens a real inbox and shows whether the target is reached."""

from rich.console import Console

from bench import inbox


async def test_an_inbox_is_opened_with_all_its_lines() -> None:
    opening = await inbox.measure(rows=12, rounds=3)
    assert opening.rows == 12
    assert opening.query > 0
    assert 0 < opening.median <= opening.p95
    assert opening.cpu > 0
    assert opening.kilobytes > 10


def test_the_table_says_whether_the_target_is_reached() -> None:
    out = Console(record=True, width=120)
    inbox.show(out, inbox.Opening(200, 400.0, 10.0, 50.0, 80.0, 40.0))
    inbox.show(out, inbox.Opening(200, 400.0, 10.0, 250.0, 280.0, 40.0))
    text = out.export_text()
    assert "200 lines in 50 ms: within the target of 150 ms" in text
    assert "200 lines in 250 ms: ABOVE the target of 150 ms" in text
