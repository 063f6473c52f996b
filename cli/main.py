"""The `jiesu` command."""

import sys

import typer

from cli.lazy import CommandEntry, LazyGroup
from cli.terminal import leave

COMMANDS = {
    "up": CommandEntry(
        "cli.up:up",
        "Start engine, store, worker and API; print the URL; stop all of it on Ctrl-C.",
    ),
    "doctor": CommandEntry(
        "cli.doctor:doctor", "Look at this installation and say what is there and what is wrong."
    ),
    "worker": CommandEntry(
        "cli.serve:worker",
        "Run a worker: all tickets, or with --unit one unit's queue. Start as many as you like.",
    ),
    "api": CommandEntry(
        "cli.serve:api", "Run the API and the pages. Start as many as you like behind a proxy."
    ),
    "mail": CommandEntry(
        "cli.mail:mail",
        "Run the mail door: mails to the cities' addresses become complaints.",
    ),
    "migrate": CommandEntry(
        "cli.serve:migrate",
        "Create or upgrade the store's tables. Safe to repeat, and at any number of places at "
        "once.",
    ),
    "demo": CommandEntry(
        "demo.command:demo", "Show the whole system at work, on this machine, in a minute or two."
    ),
    "simulate": CommandEntry(
        "demo.history.command:simulate",
        "Fill the store with an invented history, which every page and command calls simulated.",
    ),
    "version": CommandEntry(
        "cli.version:version", "Print the versions of Jiesu and of its engine."
    ),
    "account": CommandEntry("cli.account:app", "Accounts of the people who sign in."),
    "token": CommandEntry("cli.token:app", "Bearer tokens for staff and programs."),
    "mcp": CommandEntry(
        "cli.agent_door:mcp",
        "Pass the tools of an installation's /mcp on to a local agent, on stdin and stdout.",
    ),
    "audit": CommandEntry("cli.audit:app", "Replay tickets from their histories."),
    "record": CommandEntry(
        "cli.record:app", "Tickets whose record is ahead of the engine, an older copy."
    ),
    "city": CommandEntry(
        "cli.city_commands:app",
        "City packs: one city's rules as data. See docs/reference/city-packs.md.",
    ),
    "places": CommandEntry(
        "cli.places:app",
        "The places that a city lists for everybody. See docs/how-to/places.md.",
    ),
    "promises": CommandEntry("cli.promises:app", "Promises: what units said they do, by its day."),
    "lists": CommandEntry(
        "cli.lists:lists",
        "Print the supervision lists of a city: open problems, and what is late, which stands "
        "first.",
    ),
    "topics": CommandEntry(
        "cli.topics:app",
        "Topics: what many citizens complain about. See docs/how-to/topics.md.",
    ),
    "search": CommandEntry(
        "cli.search:app",
        "Search tickets by all their texts. See docs/how-to/search.md.",
    ),
    "sheets": CommandEntry(
        "cli.sheets:app", "Sheets: what contractors earned and lost in a month."
    ),
    "devices": CommandEntry(
        "cli.devices:app", "The sensors of a city. See docs/how-to/sensors.md."
    ),
    "neighbours": CommandEntry(
        "cli.neighbours:app",
        "Neighbouring cities, for hand-overs. See docs/how-to/neighbours.md.",
    ),
    "webhooks": CommandEntry(
        "cli.webhooks:app",
        "Webhooks: other systems are sent what happens to tickets. See docs/how-to/webhooks.md.",
    ),
    "sources": CommandEntry(
        "cli.sources:app",
        "The sources of events: programs that send what devices say. See docs/how-to/sensors.md.",
    ),
    "import": CommandEntry(
        "cli.imports:app",
        "Take over the complaints of other systems. See docs/how-to/import.md.",
    ),
    "export": CommandEntry(
        "cli.exports:export",
        "Export the tickets of a city, with a data dictionary beside them.",
    ),
    "report": CommandEntry(
        "cli.report:report",
        "Write the report of a period: figures with their error, and what changed since.",
    ),
    "waiting": CommandEntry(
        "cli.waiting:app", "Waiting times: how long tickets took, told as an estimate."
    ),
    "keys": CommandEntry("cli.keys:app", "The keys of this installation."),
    "privacy": CommandEntry("cli.privacy:app", "Erasing what is personal."),
    "patrols": CommandEntry("cli.patrols:app", "Patrols: the draws of unannounced checks."),
    "triage": CommandEntry(
        "cli.triage:app", "Let triage learn from past tickets. See docs/how-to/triage.md."
    ),
    "rewards": CommandEntry("cli.rewards:app", "Rewards: the points ledger of a city."),
}
"""Every command, and the first sentence of its help: a test compares the two."""


class Commands(LazyGroup):
    entries = COMMANDS


app = typer.Typer(
    name="jiesu",
    cls=Commands,
    help="Jiesu (接诉): every complaint a city receives becomes a durable workflow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def _jiesu() -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 something failed, 2 the operator has to act."""
    Commands.prepare = staticmethod(_log_to_standard_error)
    try:
        app(args=arguments)
    except SystemExit as done:
        leave(done.code if isinstance(done.code, int) else 0)
    except Exception as error:
        leave(_failed(error))


def _failed(error: Exception) -> int:
    """Say what ended a command: an error of the store in one line, a defect with its traceback."""
    from cli.terminal import err, one_line
    from store.db.errors import StoreError

    if isinstance(error, StoreError):
        err.print(one_line(f"jiesu: {error} ({error.code})"))
    else:
        sys.excepthook(*sys.exc_info())
    return 1


def _log_to_standard_error() -> None:
    """Set up masked logs on standard error: standard output is for the command's result."""
    from runtime.logs import set_up_logs

    set_up_logs(level="WARNING")


if __name__ == "__main__":
    main()
