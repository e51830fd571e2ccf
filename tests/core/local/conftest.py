from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.session import Session
from core.store.region_store import RegionStore
from core.store.transaction import Transaction
from tests.helpers import session_over


@pytest.fixture
def meanwhile(
    store: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Session], object]], None]:
    """Return a function that has something done by another session just before the next lock."""

    def do_before_the_lock(act: Callable[[Session], object]) -> None:
        transaction = store.transaction

        @contextmanager
        def later() -> Iterator[Transaction]:
            act(session_over(RegionStore(store.path.parent, store.region)))
            with transaction() as changes:
                yield changes

        monkeypatch.setattr(store, "transaction", later)

    return do_before_the_lock
