"""A run put on paper: report.json for programs, report.html for people."""

from __future__ import annotations

from loadtests import html_report, report, series
from loadtests.observed import Observed
from loadtests.report import Report


def write(observed: Observed) -> Report:
    """Both, in the run's directory. Raises OSError."""
    out, made = observed.options.out, report.build(observed)
    report.write(made, out / "report.json")
    seconds = series.build(observed.ledger, observed.stock, began=observed.began, ended=observed.ended)
    (out / "report.html").write_text(html_report.render(made, seconds), encoding="utf-8")
    return made
