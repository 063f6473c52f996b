"""The `jiesu` command."""

import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import typer

from cli import account, audit, city, demo, doctor, figures, keys, privacy, serve, token, up
from cli.terminal import leave

app = typer.Typer(
    name="jiesu",
    help="Jiesu (接诉): every complaint a city receives becomes a durable workflow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(up.up)
app.command()(doctor.doctor)
app.command()(serve.worker)
app.command()(serve.api)
app.command()(serve.migrate)
app.command()(demo.demo)
app.add_typer(account.app, name="account")
app.add_typer(token.app, name="token")
app.add_typer(audit.app, name="audit")
city.app.command()(figures.figures)
city.app.command()(figures.scores)
city.app.command()(figures.topics)
app.add_typer(city.app, name="city")
app.add_typer(keys.app, name="keys")
app.add_typer(privacy.app, name="privacy")


@app.command()
def version() -> None:
    """Print the versions of Jiesu and of its engine."""
    versions = []
    for name in ("jiesu", "temporalio"):
        try:
            versions.append(f"{name} {installed(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} (from its source)")
    typer.echo(", ".join(versions))


def main(arguments: list[str] | None = None) -> None:
    """Run a command and leave with its exit code: 0 done, 1 not all went well, 2 your turn."""
    try:
        app(args=arguments)
    except SystemExit as done:
        leave(done.code if isinstance(done.code, int) else 0)
    except Exception:
        sys.excepthook(*sys.exc_info())
        leave(1)


if __name__ == "__main__":
    main()
