"""Tests that all kinds of stores behave in the same way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tunedmodels_mockserver.core.runs.losses import Curve
from tunedmodels_mockserver.core.runs.plan import Plan
from tunedmodels_mockserver.core.state.controls import Controls
from tunedmodels_mockserver.core.state.memory import MemoryStores
from tunedmodels_mockserver.core.state.records import Examples, GranteeType, Permission, Role, TunedModelRecord
from tunedmodels_mockserver.core.state.store import Base, State, Store, Stores, StoreUnavailable
from tunedmodels_mockserver.stores.sql import SqlStores

from ..databases import database

PLAN = Plan(0, 0, 1, 1, Curve(2**64 - 1, 1, "models/gemini-1.0-pro-001", 1, 1, 0.1, 1.0))
OWNER = Permission("1", GranteeType.USER, "a@example.com", Role.OWNER)
START = State(Base(), Controls())
SEED = 2**64 - 1


NO_EXAMPLES = Examples(())


def make(model_id: str, sequence: int, examples: Examples = NO_EXAMPLES) -> TunedModelRecord:
    base = "models/gemini-1.0-pro-001"
    return TunedModelRecord(
        model_id, sequence, "v1beta", "op", (OWNER,), "", "", base, "", 0.0, 0.0, 0, (7,), 1, 1, 0.1, examples, PLAN
    )


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Stores]]:
    """Return a function that opens the same store again; in memory there is only one."""
    if request.param == "memory":
        only = MemoryStores()
        yield lambda: only
        return
    with database(request.param, tmp_path) as url, ExitStack() as stack:

        def start() -> Stores:
            stores = SqlStores(url)
            stack.callback(stores.close)
            return stores

        yield start


@pytest.fixture
def stores(server: Callable[[], Stores]) -> Stores:
    return server()


def open_store(stores: Stores, name: str = "", state: State = START, seed: int = SEED) -> Store:
    return stores.open(name, lambda: (seed, state))


@pytest.fixture
def store(stores: Stores) -> Store:
    return open_store(stores)


def test_get_returns_an_inserted_record(store: Store) -> None:
    """A missing record is None."""
    record = make("a", 1)

    assert store.insert(record)
    assert store.get("a") == record
    assert store.get("b") is None


def test_a_second_record_with_an_id_is_refused(store: Store) -> None:
    """The first record does not change."""
    first = make("a", 1)
    store.insert(first)

    assert not store.insert(make("a", 2))
    assert store.get("a") == first


def test_records_come_in_order_of_creation(store: Store) -> None:
    """The iteration follows the sequence, and not the order of insertion or the ids."""
    for model_id, sequence in [("m", 3), ("z", 1), ("a", 2)]:
        store.insert(make(model_id, sequence))

    assert [record.id for record in store.records_after(0)] == ["z", "a", "m"]
    assert [record.id for record in store.records_after(2)] == ["m"]
    assert list(store.records_after(3)) == []


def test_a_stale_change_is_refused(store: Store) -> None:
    """Replace and delete need the record as it is in the store."""
    old = make("a", 1)
    store.insert(old)
    new = replace(old, description="new")

    assert store.replace(old, new)
    assert not store.replace(old, replace(old, description="late"))
    assert not store.delete(old)
    assert store.get("a") == new
    assert store.delete(new)
    assert store.get("a") is None
    assert list(store.records_after(0)) == []


def test_a_deleted_id_can_be_used_again(store: Store) -> None:
    """The place of the new record follows its own sequence."""
    old = make("a", 1)
    store.insert(old)
    store.insert(make("b", 2))
    store.delete(old)

    assert store.insert(make("a", 3))
    assert [record.id for record in store.records_after(0)] == ["b", "a"]


def test_an_iteration_survives_changes(store: Store) -> None:
    """Records that do not change appear once and in order, whatever is deleted and added."""
    for sequence in range(1, 121):
        store.insert(make(f"m{sequence}", sequence))
    names = []
    for record in store.records_after(0):
        names.append(record.id)
        if record.id == "m2":
            for name in ("m1", "m2", "m3", "m60", "m100"):
                victim = store.get(name)
                assert victim is not None
                store.delete(victim)
            store.insert(make("m121", 121))

    assert names[:2] == ["m1", "m2"]
    assert [name for name in names if name not in ("m3", "m60", "m100")] == [
        f"m{number}" for number in range(1, 122) if number not in (3, 60, 100)
    ]


def test_threads_lose_no_change(store: Store) -> None:
    """The final state has all inserts and deletes of several threads."""

    def work(thread: int) -> None:
        for number in range(50):
            record = make(f"t{thread}-{number}", thread * 1000 + number)
            assert store.insert(record)
            if number % 2:
                assert store.delete(record)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    sequences = [record.sequence for record in store.records_after(-1)]
    assert sequences == sorted(thread * 1000 + number for thread in range(4) for number in range(0, 50, 2))


def test_worlds_with_one_base_are_separate(stores: Stores) -> None:
    """Each begins with the records of the base, and does not see changes of another."""
    begin = State(Base.of([make(f"m{number}", number) for number in (3, 1, 2)], draws=3), Controls())
    one, two = open_store(stores, "one", begin), open_store(stores, "two", begin)
    first, second = one.get("m1"), one.get("m2")
    assert first is not None
    assert second is not None

    assert one.replace(first, replace(first, description="new"))
    assert not one.replace(first, replace(first, description="late"))
    assert not one.delete(first)
    assert one.delete(second)
    assert not one.delete(second)
    assert not one.replace(second, first)
    assert not one.insert(make("m3", one.draw()))
    assert one.insert(make("m2", one.draw()))

    assert [(record.id, record.description) for record in one.records_after(0)] == [
        ("m1", "new"),
        ("m3", ""),
        ("m2", ""),
    ]
    assert [(record.id, record.sequence) for record in two.records_after(0)] == [("m1", 1), ("m2", 2), ("m3", 3)]
    assert [record.sequence for record in one.records_after(3)] == [5]
    assert two.draw() == 4


def test_an_iteration_has_all_of_a_large_base(stores: Stores) -> None:
    """The records of the base and the added ones come in order, even if many are deleted."""
    begin = State(Base.of([make(f"m{number}", number) for number in range(1, 161)], draws=160), Controls())
    store = open_store(stores, "", begin)
    for number in range(10, 130):
        record = store.get(f"m{number}")
        assert record is not None
        assert store.delete(record)
    for number in range(40, 100):
        assert store.insert(make(f"m{number}", store.draw()))

    expected = [*range(1, 10), *range(130, 161), *range(40, 100)]
    assert [record.id for record in store.records_after(0)] == [f"m{number}" for number in expected]


def test_controls_change_one_after_the_other(store: Store) -> None:
    """New controls replace only the controls that the caller has read."""
    old = store.controls()
    new = replace(old, revoked=frozenset({"x", "y", "z"}))

    assert store.replace_controls(old, new)
    assert not store.replace_controls(old, old)
    assert store.controls() == new


def test_servers_share_all_of_a_world(server: Callable[[], Stores]) -> None:
    """Seed, records, controls, draws and snapshots are the same for all; the first server sets the initial state."""
    one, two = open_store(server(), "w"), open_store(server(), "w", seed=1)
    record = make("a", one.draw(), Examples([("1", "2"), ("\u4e03 \x00", "8")]))
    one.insert(record)
    one.save_snapshot("s", one.state())
    assert one.replace_controls(one.controls(), replace(Controls(), revoked=frozenset({"x"})))

    assert two.seed == one.seed == SEED
    assert two.draw() == 2
    assert not two.insert(make("a", 2))
    copy = two.get("a")
    assert copy == record
    assert copy is not None
    assert copy.examples.pairs == (("1", "2"), ("\u4e03 \x00", "8"))
    assert copy.examples.outputs["1"] == "2"
    assert two.snapshot_names() == ["s"]
    two.replace_controls(Controls(), Controls())  # this refusal makes it read the controls again
    assert two.controls().revoked == {"x"}
    assert two.replace(copy, replace(copy, description="new"))
    assert not one.delete(record)


def test_a_dropped_world_is_gone_for_all_servers(server: Callable[[], Stores]) -> None:
    """A server that still uses it gets an error or an empty world; a later use creates a new one."""
    one, two = server(), server()
    store = open_store(one, "w")
    store.insert(make("a", store.draw()))
    store.save_snapshot("s", store.state())
    two.drop("w")

    assert one.names() == two.names() == []
    again = open_store(one, "w")
    assert again.get("a") is None
    assert again.snapshot_names() == []
    assert again.draw() == 1
    if one.kind != "memory":
        for ask in (store.draw, store.state, lambda: store.insert(make("b", 2)), lambda: store.restore(START)):
            with pytest.raises(
                StoreUnavailable, match=r"^Another request dropped or reset the world in the meantime. "
            ):
                ask()
    assert again.get("b") is None


def test_concurrent_first_uses_get_one_world(server: Callable[[], Stores]) -> None:
    """All servers get the same world."""
    servers = [server() for _ in range(4)]
    seeds: list[int] = []
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        barrier.wait()
        seeds.append(open_store(servers[number % 4], "w", seed=number).seed)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert len(seeds) == 8
    assert len(set(seeds)) == 1


def test_one_of_many_inserts_succeeds(server: Callable[[], Stores]) -> None:
    """Exactly one concurrent insert of an id succeeds, and no draw is returned twice."""
    servers = [open_store(server()) for _ in range(4)]
    inserts: list[TunedModelRecord] = []
    draws: list[int] = []
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        store = servers[number % 4]
        barrier.wait()
        for turn in range(10):
            record = replace(make(f"m{turn}", store.draw()), description=str(number))
            draws.append(record.sequence)
            if store.insert(record):
                inserts.append(record)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert sorted(record.id for record in inserts) == [f"m{turn}" for turn in range(10)]
    assert sorted(servers[0].records_after(0), key=lambda record: record.id) == sorted(
        inserts, key=lambda record: record.id
    )
    assert sorted(draws) == list(range(1, 81))


def test_a_state_replaces_another(store: Store) -> None:
    """``state`` returns the whole state, and ``restore`` brings it back."""
    examples = Examples([("1", "2")])
    for number in (1, 2, 3):
        store.insert(make(f"m{number}", store.draw(), examples))
    before = store.state()
    store.replace_controls(store.controls(), replace(Controls(), revoked=frozenset({"x"})))
    first = store.get("m1")
    assert first is not None
    store.delete(first)
    store.insert(make("m4", store.draw()))
    after = store.state()

    store.restore(before)
    assert [record.id for record in store.records_after(0)] == ["m1", "m2", "m3"]
    assert store.controls() == Controls()
    assert store.draw() == 4
    second = store.get("m2")
    assert second is not None
    assert second.examples.pairs == (("1", "2"),)

    store.restore(after)
    assert [record.id for record in store.state().base.models()] == ["m2", "m3", "m4"]
    assert store.state().controls.revoked == {"x"}
    assert store.state().base.draws == 4


def test_snapshots_have_names(store: Store) -> None:
    """A name has the last snapshot, and a removed snapshot is missing."""
    store.insert(make("a", store.draw()))
    store.save_snapshot("s", store.state())
    store.insert(make("b", store.draw()))
    store.save_snapshot("t", store.state())
    store.save_snapshot("s", store.state())

    assert store.snapshot_names() == ["s", "t"]
    snapshot = store.snapshot("s")
    assert snapshot is not None
    assert [record.id for record in snapshot.base.models()] == ["a", "b"]
    assert store.snapshot("u") is None
    assert store.delete_snapshot("s")
    assert not store.delete_snapshot("s")
    assert store.snapshot_names() == ["t"]
    store.restore(START)
    assert store.snapshot_names() == ["t"]
