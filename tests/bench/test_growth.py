"""Tests that the benchmark of growth asks a store that has grown, and shows what is slow."""

from rich.console import Console

from bench import growth


async def test_every_question_is_asked_of_a_store_that_has_grown() -> None:
    said: list[str] = []
    asked = {one.question: one for one in await growth.growth(450, said.append, None)}
    assert said[0] == "making 450 tickets"
    assert asked["published answers"].rows == 20
    assert asked["words that are nowhere"].rows == 0
    assert asked["words of a few"].rows == 1
    assert asked["words of many"].rows == 50
    assert all(one.seconds > 0 for one in asked.values())


def test_the_table_says_which_questions_are_slow() -> None:
    out = Console(record=True, width=100)
    growth.show(out, [growth.Asked("fast", 0.1, 3)])
    growth.show(out, [growth.Asked("fast", 0.1, 3), growth.Asked("slow", 1.5, 0)])
    text = out.export_text()
    assert "all within 1 s" in text
    assert "ABOVE 1 s: slow" in text
