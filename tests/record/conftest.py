"""The record that the tests of its readers share."""

from tests.report.conftest import record

__all__ = ["record"]
