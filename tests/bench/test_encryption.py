"""Tests that the cost of encryption is measured by paired rounds."""

from bench.compare import Round
from bench.encryption import Cost


def _round(rate: float, cpu: float) -> Round:
    return Round(lived=10, rate=rate, cpu_ms={"worker": cpu, "api": 1.0}, others=0.1)


def test_the_cost_is_the_median_of_pairs() -> None:
    sealed = [_round(9.0, 11.0), _round(8.0, 11.0), _round(4.0, 11.0)]
    clear = [_round(10.0, 9.0), _round(10.0, 9.0), _round(5.0, 9.0)]
    fields = Cost(sealed, clear, {"sealed": 1100, "clear": 1000}).as_dict()
    assert fields["ratio"] == {"median": 0.8, "least": 0.8, "most": 0.9}
    assert fields["cpu_ratio"] == 1.2
    assert fields["lifecycles"] == 60
