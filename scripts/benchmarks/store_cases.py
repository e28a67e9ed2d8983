"""Memory beside SQLite beside PostgreSQL, and two servers on one PostgreSQL."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from . import load, mockserver
from .measurement import Measurement, Plan
from .statistic import median, ratio

POSTGRES = os.environ.get("TUNEDMODELS_TEST_POSTGRES") or "postgresql://postgres@127.0.0.1:5432/test"


@contextmanager
def schema() -> Iterator[str]:
    """Create a schema in the PostgreSQL, yield the URL of a store in it, and drop it at the end."""
    import psycopg
    from psycopg import sql

    name = f"tunedmodels_bench_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        try:
            yield f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csearch_path%3D{name}"
        finally:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


def stores(plan: Plan) -> Measurement:
    """Get a model at 16 connections from each store, then from two servers on one PostgreSQL at once."""
    notes = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {"memory": "memory", "SQLite": f"sqlite:///{folder / 'store.db'}"}
        try:
            urls["PostgreSQL"] = stack.enter_context(schema())
        except Exception as error:  # there may be no driver and no server
            notes.append(f"Left out: PostgreSQL ({type(error).__name__}: name one in TUNEDMODELS_TEST_POSTGRES).")
        servers = {
            name: stack.enter_context(mockserver.server(*mockserver.options_for(url))) for name, url in urls.items()
        }
        calls = {name: mockserver.fill(server.url).requests["model"] for name, server in servers.items()}
        rates: dict[str, list[float]] = {name: [] for name in [*servers, "two on one PostgreSQL"]}
        second = None
        if "PostgreSQL" in urls:
            # The second server gets the other core: on one core two cannot be faster than one.
            second = mockserver.serve(*mockserver.options_for(urls["PostgreSQL"]), core=1)
            stack.callback(second.stop)
        for _ in range(plan.rounds):
            for name, server in servers.items():
                rates[name].append(load.send(server.url, calls[name], 16, plan.seconds).rate)
            if second is not None:
                pair = [servers["PostgreSQL"], second]
                with ThreadPoolExecutor(2) as pool:
                    both = pool.map(lambda one: load.send(one.url, calls["PostgreSQL"], 8, plan.seconds).rate, pair)
                    rates["two on one PostgreSQL"].append(sum(both))
    rows = [["GET model at 16 connections", "rps", "÷ memory"]]
    for name, values in rates.items():
        if values:
            rows.append([name, f"{median(values):,.0f}", f"{ratio(values, rates['memory']):.2f}"])
    figures = {f"stores.rate.{name}": median(values) for name, values in rates.items() if values}
    if rates["two on one PostgreSQL"]:
        figures["stores.two_ratio"] = ratio(rates["two on one PostgreSQL"], rates["PostgreSQL"]) or 0.0
        notes.append("The second server, PostgreSQL and the load share the other core.")
    return Measurement("Stores", rows, figures, notes)
