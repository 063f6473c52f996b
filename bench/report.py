"""Tables of the measured figures."""

from typing import Any

from rich.console import Console
from rich.table import Table


def show_figures(out: Console, values: dict[str, Any]) -> None:
    """Print the table of `python -m bench`, from the same figures that `--json` prints."""
    table = Table(title="Lifecycles per second: median (least–most)")
    table.add_column("clients", justify="right")
    for column in ("engine floor", "product over HTTP", "ratio"):
        table.add_column(column, justify="right")
    for clients, ratio in values["ratio"].items():
        table.add_row(
            clients,
            _spread(values, "floor", clients, 1),
            _spread(values, "product", clients, 1),
            f"[bold]{ratio:.2f}[/] ({_between(values['range']['ratio'][clients], 2)})",
        )
    out.print(table)
    facts = Table(show_header=False)
    accept, history = values["accept_ms"], values["history"]
    for system, cpu in values["cpu_ms"].items():
        facts.add_row(f"CPU per lifecycle, {system}", _each(cpu, "ms"))
    facts.add_row("a complaint is accepted in", f"p50 {accept['p50']} ms, p99 {accept['p99']} ms")
    facts.add_row("history of a plain ticket", f"{history['events']} events, {history['bytes']} B")
    facts.add_row("resident memory", _each(values["rss_mb"], "MB"))
    least, most = values["machine"]["busy_with_others"]
    facts.add_row("machine", _machine(values))
    facts.add_row("busy with other things", f"{least:.0%}–{most:.0%} of its time")
    facts.add_row("tickets brought to their end", str(values["lifecycles"]))
    out.print(facts)


def show_crowd(out: Console, values: dict[str, Any]) -> None:
    """Print the table of `python -m bench open`."""
    table = Table("", "empty", f"{values['tickets']} open tickets", title=_machine(values))
    before, after = values["accept_before"], values["accept_after"]
    table.add_row("accepted in, p50", f"{before['p50']} ms", f"{after['p50']} ms")
    table.add_row("accepted in, p99", f"{before['p99']} ms", f"{after['p99']} ms")
    for name, rss in values["rss_after"].items():
        table.add_row(f"memory of the {name}", f"{values['rss_before'][name]} MB", f"{rss} MB")
    table.add_row("worker and API together", "", f"[bold]{values['worker_and_api_mb']} MB[/]")
    table.add_row("filed per second", "", str(values["filed_per_second"]))
    out.print(table)


def show_encryption(out: Console, values: dict[str, Any]) -> None:
    """Print the table of `python -m bench encryption`."""
    table = Table("", "in the clear", "encrypted", "ratio", title=_machine(values))
    rates = [f"{values[way]['median']} ({_ends(values[way])})" for way in ("clear", "sealed")]
    ratio = f"[bold]{values['ratio']['median']:.2f}[/] ({_ends(values['ratio'])})"
    table.add_row("lifecycles per second", *rates, ratio)
    clear, sealed = values["cpu_ms"]["clear"], values["cpu_ms"]["sealed"]
    for name in clear:
        times = f"{sealed[name] / clear[name]:.2f}" if clear[name] else ""
        table.add_row(
            f"CPU per lifecycle, {name}", f"{clear[name]} ms", f"{sealed[name]} ms", times
        )
    size = values["history_bytes"]
    times = f"{size['sealed'] / size['clear']:.2f}"
    table.add_row("history of a plain ticket", f"{size['clear']} B", f"{size['sealed']} B", times)
    out.print(table)
    least, most = values["machine"]["busy_with_others"]
    out.print(f"busy with other things: {least:.0%}–{most:.0%} of its time")


def _ends(values: dict[str, float]) -> str:
    return f"{values['least']}–{values['most']}"


def show_profile(out: Console, values: dict[str, Any], lines: int) -> None:
    """Print the tables of `python -m bench profile`."""
    lived = values["lifecycles"]
    out.print(f"{lived} lifecycles, traced and therefore slow")
    for name, process in values["processes"].items():
        threads = {thread: round(spent, 1) for thread, spent in process["threads"].items()}
        out.print(f"\n[bold]{name}[/], CPU by thread: {_each(threads, 's')}")
        for title, spent in (("with all they call", "whole"), ("themselves", "own")):
            table = Table("%", "calls", "function", title=f"{name}: functions, {title}")
            for function, seconds in list(process[spent].items())[:lines]:
                calls = process["calls"][function] / max(1, lived)
                table.add_row(f"{100 * seconds / process['seconds']:.1f}", f"{calls:.1f}", function)
            out.print(table)


def _machine(values: dict[str, Any]) -> str:
    machine = values["machine"]
    return f"{machine['cores']} cores, {machine['os']}, Python {machine['python']}"


def _spread(values: dict[str, Any], system: str, clients: str, digits: int) -> str:
    between = _between(values["range"][system][clients], digits)
    return f"{values[system][clients]:.{digits}f} ({between})"


def _between(ends: list[float], digits: int) -> str:
    return f"{ends[0]:.{digits}f}–{ends[1]:.{digits}f}"


def _each(values: dict[str, float], unit: str) -> str:
    return ", ".join(f"{name} {value} {unit}" for name, value in values.items())
