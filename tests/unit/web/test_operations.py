"""Figures and logs."""

from __future__ import annotations

import json
import logging
import sys

from shardmart.web.logging import JsonFormatter
from tests.unit.web.conftest import Served


def test_requests_are_counted_by_route_method_and_status(served: Served) -> None:
    def counted() -> float:
        wanted = 'shardmart_requests_total{method="GET",route="/api/products/{id}",status="4xx"}'
        lines = served.http.get("/metrics").text.splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(wanted)), 0.0)

    before = counted()
    served.http.get("/api/products/one")
    served.http.get("/api/products/another")
    assert counted() == before + 2


def test_made_up_methods_share_one_series(served: Served) -> None:
    for number in range(5):
        served.http.request(f"MADEUP{number}", "/healthz")
    figures = served.http.get("/metrics").text
    assert "MADEUP" not in figures
    assert 'method="other"' in figures


def test_figures_are_prometheus_text(served: Served) -> None:
    figures = served.http.get("/metrics")
    assert figures.headers["content-type"].startswith("text/plain")
    assert "# TYPE shardmart_checkouts_total counter" in figures.text


def test_a_log_line_is_one_json_object() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.getLogger("x").makeRecord(
            "x", logging.ERROR, "f", 1, "it %s", ("failed\n",), sys.exc_info(), extra={"request_id": "r1", "odd": {1}}
        )
    line = JsonFormatter().format(record)
    assert "\n" not in line
    read = json.loads(line)
    assert (read["level"], read["event"], read["request_id"]) == ("error", "it failed\n", "r1")
    assert "ValueError" in read["exception"]


def test_a_ready_shop_says_so(served: Served) -> None:
    assert served.http.get("/readyz").json() == {"status": "ready", "workers": 1}
