"""One job done ahead of its use, in a thread."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class _Job(threading.Thread, Generic[T]):
    """A job under way, in a thread that ends with it."""

    def __init__(self, job: Callable[[], T]) -> None:
        super().__init__(name="unrolled read-ahead")
        self._job = job
        self._result: list[T] = []
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result.append(self._job())
        except BaseException as error:  # whatever it is: it is raised where the result is asked for
            self._error = error

    def result(self) -> T:
        self.join()
        if self._error is not None:
            raise self._error
        return self._result.pop()


def in_turn(jobs: Iterable[Callable[[], T]], *, ahead: bool) -> Iterator[T]:
    """Give the results of jobs in turn; with `ahead`, each is done while the result before it is in use.

    One job is under way at a time, and none once the generator is closed or has raised what a job raised.
    A thread lives as long as its job: none waits for work that never comes.
    """
    if not ahead:
        for job in jobs:
            yield job()
        return
    coming: _Job[T] | None = None
    try:
        for job in jobs:
            result = None if coming is None else [coming.result()]
            coming = _Job(job)
            if result is not None:
                yield result.pop()
        if coming is not None:
            yield coming.result()
    finally:
        if coming is not None:
            coming.join()
