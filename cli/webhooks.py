"""`jiesu webhooks`: the subscriptions of other systems to what happens to tickets."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from app.errors import CODES, Problem
from app.webhooks.changes import NOW
from app.webhooks.subscriptions import Subscriptions, WebhookIn
from cli.city import Json, installed_packs, refuse
from cli.installation import installation
from cli.terminal import USAGE, fail, one_line, out, print_json, run, table
from domain.pack.pack import UnknownUnit
from domain.webhooks.hooks import HookState
from packs.registry import PackError, UnknownCity
from runtime.outbound import Outbound
from store.db.errors import StoreError
from store.webhooks.subscriptions import cipher_of

app = typer.Typer(
    help="Webhooks: other systems are sent what happens to tickets. See docs/how-to/webhooks.md.",
    no_args_is_help=True,
)

Result = TypeVar("Result")
Webhook = Annotated[str, typer.Argument(metavar="ID", help="The id of a webhook.")]
After = Annotated[
    str, typer.Option(help="A cursor of /changes, or 'now'; empty: from the oldest that is kept.")
]


def _with(work: Callable[[Subscriptions], Awaitable[Result]]) -> Result:
    """Run `work` on the subscriptions; exit with one line where it is refused."""
    packs = installed_packs()

    async def working() -> Result:
        async with installation() as here:
            outbound = Outbound.of(here.settings)
            return await work(Subscriptions(here.store, packs, cipher_of(here.ring), outbound))

    try:
        return run(working())
    except Problem as problem:
        fail(f"{CODES[problem.code].title} {problem.detail}".strip(), USAGE)
    except UnknownUnit as error:
        fail(str(error), USAGE)
    except (UnknownCity, PackError) as error:
        refuse(error)
    except StoreError as error:
        fail(f"{error} ({error.code})", 1)


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Where messages are sent.")],
    name: Annotated[str, typer.Option(help="Whose system it is; shown in lists.")] = "",
    unit: Annotated[
        str | None, typer.Option(help="It sees what an officer of this unit sees.")
    ] = None,
    city: Annotated[str | None, typer.Option(help="Only of this city; default: all.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only events of this kind; may be repeated.")
    ] = None,
    after: After = NOW,
    as_json: Json = False,
) -> None:
    """Make a webhook and print its secret. It is shown once: it is kept encrypted."""
    values = {
        "name": name, "url": url, "unit": unit, "city": city, "kinds": kind or [], "after": after,
    }  # fmt: skip
    try:
        body = WebhookIn.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"{first['loc'][0]}: {first['msg']}", USAGE)
    made = _with(lambda all_of_them: all_of_them.add(body, "cli"))
    if as_json:
        print_json(made.model_dump())
        return
    typer.echo(made.id)
    typer.echo(made.secret)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List webhooks, without their secrets."""
    rows = _with(lambda all_of_them: all_of_them.listed())
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    lines = table("id", "name", "address", "sees", "kinds", "state", "waiting")
    for row in rows:
        sees = "/".join(part for part in (row.city or "all", row.unit) if part)
        state = f"{row.state} ({row.why})" if row.why else row.state.value
        cells = (row.id, row.name, row.url, sees, " ".join(row.kinds), state, str(row.waiting))
        lines.add_row(*(one_line(cell) for cell in cells))
    out.print(lines)


@app.command()
def rotate(webhook: Webhook) -> None:
    """Give a webhook a new secret and print it; the one before stays valid for a day."""
    typer.echo(_with(lambda all_of_them: all_of_them.rotate(webhook)).secret)


@app.command()
def test(webhook: Webhook) -> None:
    """Send a signed test message and print the answer; exit code 1 if it was not taken."""
    answer = _with(lambda all_of_them: all_of_them.test(webhook))
    said = f"answered {answer.status}" if answer.status else f"no answer: {answer.error}"
    typer.echo(f"{said}, {answer.milliseconds} ms")
    if not answer.taken:
        raise typer.Exit(1)


@app.command()
def pause(webhook: Webhook) -> None:
    """Send nothing to a webhook for now."""
    _with(lambda all_of_them: all_of_them.set_state(webhook, HookState.PAUSED))
    typer.echo(f"paused {webhook}")


@app.command()
def resume(webhook: Webhook) -> None:
    """Go on where a webhook was paused or disabled."""
    _with(lambda all_of_them: all_of_them.set_state(webhook, HookState.ACTIVE))
    typer.echo(f"resumed {webhook}")


@app.command()
def replay(webhook: Webhook, after: After = "") -> None:
    """Send everything after a cursor again, with the same ids."""
    _with(lambda all_of_them: all_of_them.replay(webhook, after))
    typer.echo(f"replays {webhook}")


@app.command()
def remove(webhook: Webhook) -> None:
    """Delete a webhook with its log."""
    _with(lambda all_of_them: all_of_them.remove(webhook))
    typer.echo(f"removed {webhook}")
