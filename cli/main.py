"""The `jiesu` command."""

import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Annotated

import click
import typer

from cli import audit, demo, doctor, serve, token, up
from cli.terminal import err, leave

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
app.add_typer(token.app, name="token")
app.add_typer(audit.app, name="audit")


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


def main(arguments: Annotated[list[str] | None, "for tests"] = None) -> None:
    """Run a command and leave with its exit code: 0 done, 1 not all went well, 2 your turn."""
    try:
        code = app(args=arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.exceptions.Exit as exited:
        code = exited.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        err.print("stopped")
        code = 130
    except Exception:
        sys.excepthook(*sys.exc_info())
        code = 1
    leave(code if isinstance(code, int) else 0)
