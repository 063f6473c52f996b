"""The grid cell in which a lead was seen."""

from domain.ticket.complaint import Crs
from packs.registry import PackRegistry


def lead_cell(packs: PackRegistry, city: str, lat: float | None, lon: float | None) -> str | None:
    """Return the cell of a point in a city; None without a point, a grid, or a cell there."""
    grid = packs.grid(city)
    if lat is None or lon is None or grid is None:
        return None
    return grid.cell_at(lat, lon, Crs.WGS84)
