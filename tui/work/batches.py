"""Hands on what a thread finds, batch by batch, while a screen goes on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from threading import Event
from typing import Any, TypeVar

from textual.screen import Screen
from textual.worker import Worker

_T = TypeVar("_T")
_SECONDS = 0.1


def running(screen: Screen[Any], group: str) -> Worker[Any] | None:
    """Return the worker of a group that is at work for a screen, if one is."""
    # What `workers` lists is of all screens.
    return next(
        (
            worker
            for worker in screen.workers
            if worker.node is screen and worker.group == group and worker.is_running
        ),
        None,
    )


def is_running(screen: Screen[Any], group: str) -> bool:
    """Return whether a worker of a group is at work for a screen."""
    return running(screen, group) is not None


async def in_batches(steps: Iterator[_T]) -> AsyncIterator[list[_T]]:
    """Yield what a blocking iterator has given, ten times a second; what it raises is raised.

    The last of a batch may have been given while the next one takes long. If this is left or
    cancelled, the thread stops at its next step.
    """
    taken: list[_T] = []
    left = Event()

    def take() -> None:
        for step in steps:
            taken.append(step)
            if left.is_set():
                break

    task = asyncio.ensure_future(asyncio.to_thread(take))
    given = 0
    try:
        while True:
            await asyncio.wait({task}, timeout=_SECONDS)
            is_done = task.done()
            batch = taken[given:]
            given += len(batch)
            if batch:
                yield batch
            if is_done:
                break
        task.result()
    finally:
        left.set()
        # Nobody will ask for it if it fails now.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
