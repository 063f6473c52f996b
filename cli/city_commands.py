"""`jiesu city` as a whole: packs, and the figures computed by them."""

from cli.city import app
from cli.figures import figures, scores, topics

for each in (figures, scores, topics):
    app.command()(each)

__all__ = ["app"]
