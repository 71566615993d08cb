"""Threads that make calls of unknown length, and do not keep their process from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")
Job = tuple[Future, Callable[[], object]]


class Crew:
    """At most `size` calls at once; what is submitted beyond waits, and can be cancelled meanwhile.

    Unlike those of a `ThreadPoolExecutor`, the threads are not waited for when the process ends: a
    call to a server may take minutes. `news` is set when a call has ended.
    """

    def __init__(self, size: int, name: str) -> None:
        self.size = size
        self.news = threading.Event()
        self._name = name
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if len(self._threads) < self.size:
            name = f"{self._name}-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        future: Future[T] = Future()
        self._jobs.put((future, lambda: call(*args, **kwargs)))
        return future

    def close(self) -> None:
        """Let the threads end when they have nothing more to do; they are not waited for."""
        for _ in self._threads:
            self._jobs.put(None)
        self._threads.clear()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, call = job
            if not future.set_running_or_notify_cancel():
                continue
            close_old_connections()
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 -- whoever asked for the result gets it
                future.set_exception(error)
            else:
                future.set_result(result)
            close_old_connections()
            # It may hold much, and this thread may wait long for the next.
            del job, future, call
            self.news.set()
        connections.close_all()
