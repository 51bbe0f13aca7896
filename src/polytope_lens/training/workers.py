"""Work on many steps at once, in processes.

Threads do not help here: each frame is thousands of short calls of NumPy and Matplotlib, and whoever lets go of the
interpreter lock waits to get it back. The processes are plain children with a pipe each, so that scripts need no
``if __name__ == "__main__"``, which `multiprocessing` would ask for.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from polytope_lens._arrays import validate
from polytope_lens._progress import bar
from polytope_lens.errors import IntractableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")

WORTH_PROCESSES = 4.0
"""Seconds of work left from which on processes are started; they need some two seconds to start."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SERVE = "import sys; from polytope_lens.training.workers import serve; serve(int(sys.argv[1]))"
WATCH_SECONDS = 0.5
"""How soon a process notices that the one that started it is no more."""


def in_order(
    function: Callable[[T], R],
    items: Sequence[T],
    *,
    workers: int,
    progress: str | None = None,
    worth: float = WORTH_PROCESSES,
) -> Iterator[R]:
    """``map(function, items)``, in the same order, with the work shared among processes where it is long.

    Parameters
    ----------
    function : callable
        One that can be pickled, as the items and results can. Its results should depend on the item only.
    items : sequence
    workers : int
        Processes. With 1, and while no more than `worth` seconds of work seem to be left, all happens in this process;
        the first item always does, so that compiled code is in the cache when the others look for it.
    progress : str or None
        What a bar says; None shows none.
    worth : float

    Raises
    ------
    OptionError
        `workers` below 1.
    """
    workers = validate.workers(workers)
    with bar(progress is not None, total=len(items), desc=progress or "", unit="step") as shown:
        took, n_done = 0.0, 0
        for item in items:
            started = time.perf_counter()
            result = function(item)
            took += time.perf_counter() - started
            n_done += 1
            shown.update()
            yield result
            if workers > 1 and took / n_done * (len(items) - n_done) > worth:
                break
        for result in _shared(function, items[n_done:], workers):
            shown.update()
            yield result


def _shared(function: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    """``map(function, items)`` by processes, which stay only a little ahead of who takes the results."""
    if not items:
        return
    with ExitStack() as stack:
        free: SimpleQueue[Worker] = SimpleQueue()
        for _ in range(min(workers, len(items))):
            worker = Worker(function)
            stack.callback(worker.stop)
            free.put(worker)

        def ask(item: T) -> R:
            worker = free.get()
            try:
                answer: R = worker(item)
            finally:
                free.put(worker)  # a dead one too, lest others wait for it
            return answer

        pool = ThreadPoolExecutor(workers)  # a thread for each process, which waits for it
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        waiting = deque(items)
        running = deque(pool.submit(ask, waiting.popleft()) for _ in range(min(3 * workers, len(items))))
        while running:
            result = running.popleft().result()
            if waiting:
                running.append(pool.submit(ask, waiting.popleft()))
            yield result


class Worker:
    """A process that applies a function to what it is sent."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        path = os.pathsep.join(entry for entry in sys.path if entry)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what is to be said was said about the first item
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
        )
        self._send(function)

    def __call__(self, item: Any) -> Any:
        """The function's value; what it raises is raised here."""
        try:
            self._send(item)
            answer, failure = pickle.load(self.process.stdout)  # type: ignore[arg-type]
        except (EOFError, BrokenPipeError) as error:
            raise IntractableError(
                f"a process that worked on a recording ended with code {self.process.wait()}, perhaps for want of "
                "memory. Use fewer workers."
            ) from error
        if failure is not None:
            raise failure
        return answer

    def _send(self, value: Any) -> None:
        pipe: Any = self.process.stdin
        pickle.dump(value, pipe, protocol=5)
        pipe.flush()

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(BrokenPipeError):  # of what was about to be sent
                pipe.close()  # type: ignore[union-attr]


def serve(parent: int) -> None:
    """Be a worker: read a function and then items from stdin, write pairs of answer and failure to stdout.

    Nobody waits for answers any more when the parent, a process of that number, has been killed.
    """
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints does not belong among the answers
    function = pickle.load(sys.stdin.buffer)
    while True:
        try:
            item = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer: tuple[Any, BaseException | None] = function(item), None
        except BaseException as error:
            answer = None, error
        pickle.dump(answer, answers, protocol=5)
        answers.flush()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)
