"""`jiesu city` as a whole: packs, and the figures computed by them."""

from cli.city import app
from cli.figures import figures, scores, topics
from cli.recount import recount_figures

for each in (figures, scores, topics):
    app.command()(each)
app.command("recount")(recount_figures)

__all__ = ["app"]
