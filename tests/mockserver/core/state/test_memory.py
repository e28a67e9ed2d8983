"""Tests the store in memory against a simple model of it."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.core.runs.losses import Curve
from tunedmodels_mockserver.core.runs.plan import Plan
from tunedmodels_mockserver.core.state import memory
from tunedmodels_mockserver.core.state.controls import Controls
from tunedmodels_mockserver.core.state.memory import MemoryStore
from tunedmodels_mockserver.core.state.records import Examples, TunedModelRecord
from tunedmodels_mockserver.core.state.store import Base, State

PLAN = Plan(0, 0, 1, 1, Curve(1, 1, "models/gemini-1.0-pro-001", 1, 1, 0.1, 1.0))
BASE_SIZE = 2
IDS = st.sampled_from([f"m{number}" for number in range(1, 5)])


def make(model_id: str, sequence: int) -> TunedModelRecord:
    base, examples = "models/gemini-1.0-pro-001", Examples(())
    return TunedModelRecord(
        model_id, sequence, "v1beta", "op", (), "", "", base, "", 0.0, 0.0, 0, (), 1, 1, 0.1, examples, PLAN
    )


@given(
    st.lists(st.tuples(st.sampled_from(["insert", "replace", "delete", "restore"]), IDS), max_size=40),
    st.integers(1, 4),
    st.integers(-1, 10),
)
def test_pages_of_a_changing_store_equal_a_dictionary(
    changes: list[tuple[str, str]], chunk: int, sequence: int
) -> None:
    """Whatever was inserted, changed, deleted and restored, an iteration from any place has the records in order."""
    begin = [make(f"m{number}", number) for number in range(1, BASE_SIZE + 1)]
    store = MemoryStore(1, State(Base.of(begin, BASE_SIZE), Controls()))
    expected = {record.id: record for record in begin}
    for turn, (change, model_id) in enumerate(changes):
        old = expected.get(model_id)
        if change == "restore":
            store.restore(store.state())
        elif change == "insert":
            new = make(model_id, store.draw())
            assert store.insert(new) == (old is None)
            expected.setdefault(model_id, new)
        elif old is None:
            assert store.get(model_id) is None
        elif change == "replace":
            expected[model_id] = replace(old, description=str(turn))
            assert store.replace(old, expected[model_id])
        else:
            assert store.delete(old)
            del expected[model_id]

    in_order = sorted(expected.values(), key=lambda record: record.sequence)
    with patch.object(memory, "_CHUNK", chunk):
        assert list(store.records_after(sequence)) == [record for record in in_order if record.sequence > sequence]
    assert list(store.state().base.models()) == in_order
