"""Every store keeps the same promises."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tunedmodels_mockserver.core.losses import Curve
from tunedmodels_mockserver.core.lro import Plan
from tunedmodels_mockserver.core.records import Examples, TunedModelRecord
from tunedmodels_mockserver.core.store import MemoryStore, Store

PLAN = Plan(0, 0, 1, 1, Curve(1, 1, "models/x", 1, 1, 0.1, 1.0))


def make(model_id: str, sequence: int) -> TunedModelRecord:
    return TunedModelRecord(
        model_id, sequence, "v1beta", "op", (), "", "", "models/x", "", 0.0, 0.0, 0, (), 1, 1, 0.1, Examples(()), PLAN
    )


@pytest.fixture(params=["memory"])
def store(request: pytest.FixtureRequest) -> Store:
    return {"memory": MemoryStore}[request.param]()


def test_what_is_inserted_is_found(store: Store) -> None:
    """A record is found by its id, and a missing one is None."""
    record = make("a", 1)

    assert store.insert(record)
    assert store.get("a") == record
    assert store.get("b") is None


def test_an_id_is_taken_once(store: Store) -> None:
    """A second record under the same id is turned away and the first stays."""
    first = make("a", 1)
    store.insert(first)

    assert not store.insert(make("a", 2))
    assert store.get("a") == first


def test_records_come_in_order_of_creation(store: Store) -> None:
    """``after`` goes by sequence, whatever the order of insertion and the ids."""
    for model_id, sequence in [("m", 3), ("z", 1), ("a", 2)]:
        store.insert(make(model_id, sequence))

    assert [record.id for record in store.after(0)] == ["z", "a", "m"]
    assert [record.id for record in store.after(2)] == ["m"]
    assert list(store.after(3)) == []


def test_a_stale_change_is_turned_away(store: Store) -> None:
    """Replace and delete act only on the record as it was seen."""
    old = make("a", 1)
    store.insert(old)
    new = replace(old, description="new")

    assert store.replace(old, new)
    assert not store.replace(old, replace(old, description="late"))
    assert not store.delete(old)
    assert store.get("a") == new
    assert store.delete(new)
    assert store.get("a") is None
    assert list(store.after(0)) == []


def test_a_deleted_id_can_be_taken_again(store: Store) -> None:
    """After a delete the id is free, and the new record stands where its own sequence puts it."""
    old = make("a", 1)
    store.insert(old)
    store.insert(make("b", 2))
    store.delete(old)

    assert store.insert(make("a", 3))
    assert [record.id for record in store.after(0)] == ["b", "a"]


def test_going_through_survives_changes(store: Store) -> None:
    """What is deleted on the way is passed over, what is added behind is seen."""
    for sequence in range(1, 6):
        store.insert(make(f"m{sequence}", sequence))
    seen = []
    for record in store.after(0):
        seen.append(record.id)
        if record.id == "m2":
            third = store.get("m3")
            assert third is not None
            store.delete(third)
            store.insert(make("m6", 6))

    assert seen == ["m1", "m2", "m4", "m5", "m6"]


def test_threads_lose_nothing(store: Store) -> None:
    """Inserts and deletes from several threads end in the state that they add up to."""

    def work(thread: int) -> None:
        for number in range(200):
            record = make(f"t{thread}-{number}", thread * 1000 + number)
            assert store.insert(record)
            if number % 2:
                assert store.delete(record)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = [record.sequence for record in store.after(-1)]
    assert kept == sorted(thread * 1000 + number for thread in range(4) for number in range(0, 200, 2))
