"""The npm packages of the pages: which of their files are served, and where they are installed."""

from pathlib import Path

PACKAGE_FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    # address: the package, and its files that pages may load
    "bootstrap": ("bootstrap/dist", ("css/bootstrap.min.css",)),
    "tabler": ("@tabler/core/dist", ("css/tabler.min.css", "js/tabler.min.js")),
    "htmx": ("htmx.org/dist", ("htmx.min.js",)),
    "leaflet": (
        "leaflet/dist",
        ("leaflet.css", "leaflet.js", "images/marker-icon.png", "images/marker-icon-2x.png",
         "images/marker-shadow.png"),
    ),
    "markercluster": (
        "leaflet.markercluster/dist", ("leaflet.markercluster.js", "MarkerCluster.css"),
    ),
}  # fmt: skip


def default_packages() -> Path:
    """Return node_modules beside our packages, as in a clone."""
    return Path(__file__).parents[2] / "node_modules"
