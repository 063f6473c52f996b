"""Tests of topics over HTTP: seen and acted on by supervisors, hidden from units."""
