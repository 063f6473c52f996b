"""Fixtures of the tests of Open311: those of the API."""

from tests.api.conftest import api, each_api, engineless_api

__all__ = ["api", "each_api", "engineless_api"]
