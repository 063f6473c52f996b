"""The pack's code for typed text, for the fields of pages: see `domain.pack.lookups`."""

from domain.pack.lookups import area_of, category_of, matching, places, unit_of

__all__ = ["area_of", "category_of", "matching", "places", "unit_of"]
