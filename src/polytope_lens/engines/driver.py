"""Running a compiled walk: batch by batch, on several threads, answering the questions it cannot decide.

A walk's stack is its list of things to do, and its lowest frames are the largest. To share the work, the state is
copied, and the copy takes the lowest frame. What the copy finds comes after all that the original finds, so putting the
pieces back in this order gives the same regions in the same order, however the work was shared.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import numba
import numpy as np

from polytope_lens.engines._kernels import codes
from polytope_lens.pattern import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from polytope_lens.engines._kernels.flat import FlatNetwork
    from polytope_lens.engines.chunks import Record

# The first batch is small, so that the first region is there at once and the work can be shared soon.
FIRST_BATCH, BATCH = 256, 16384
PATIENCE_SECONDS = 1.0

Output = TypeVar("Output")


class State(Protocol):
    """What all kernels' states have in common."""

    @property
    def scalars(self) -> NDArray[np.int64]:
        """See :mod:`.codes`."""

    @property
    def layer_counts(self) -> NDArray[np.int64]:
        """Regions after each layer, so far."""


class Question(NamedTuple):
    """What a stopped walk asks: has this neuron one sign on the cell of this frame? ``bits`` are the ones so far."""

    frame: int
    layer: int
    neuron: int
    bits: NDArray[np.bool_]


def question(state: Any, n_bits: int) -> Question:
    """The question that a kernel's state stopped at."""
    frame = int(state.scalars[codes.TOP]) - 1
    layer = int(state.layer[frame])
    neuron = int(state.candidates[layer, state.position[frame]])
    return Question(frame, layer, neuron, unpack(state.bits[None], n_bits)[0])


class Batch(NamedTuple, Generic[Output]):
    """Regions found in one go, the corners that go with them, and the output that holds both."""

    n_regions: int
    n_corners: int
    output: Output | None


class Problem(NamedTuple, Generic[Output]):
    """What to walk, and with what.

    ``kernel`` is a module with a compiled ``walk``; ``oracle()`` makes a function that answers a state's open question;
    ``room(n)`` makes an output for n regions, or is None if they are only to be counted.
    """

    kernel: Any
    engine: str
    net: FlatNetwork
    oracle: Callable[[], Callable[[Any], None]]
    room: Callable[[int], Output] | None


class _Walk(Generic[Output]):
    """A walk over some frames of the stack, and what it has found but not yet handed on."""

    def __init__(self, problem: Problem[Output], state: Any, batch: int) -> None:
        self.problem = problem
        self.state = state
        self.batch = batch
        self.answer = problem.oracle()
        self.found: deque[Batch[Output]] = deque()
        self.done = False

    def advance(self) -> None:
        """Find one batch more."""
        scalars = self.state.scalars
        out = None if self.problem.room is None else self.problem.room(self.batch)
        scalars[[codes.N_REGIONS, codes.N_CORNERS]] = 0
        kernel = self.problem.kernel
        given = kernel.NO_OUTPUT if out is None else out
        arguments = (self.problem.net, self.state, given, self.batch, out is not None)
        code = _call(self.problem, arguments)
        if code == codes.UNDECIDED:
            # Finding the machine code for these types takes numba longer than answering most questions.
            types = tuple(numba.typeof(argument) for argument in arguments)  # type: ignore[no-untyped-call]
            again = kernel.walk.overloads[types].entry_point
            while code == codes.UNDECIDED:
                self.answer(self.state)
                code = int(again(*arguments))
        self.found.append(Batch(int(scalars[codes.N_REGIONS]), int(scalars[codes.N_CORNERS]), out))
        self.done = code == codes.DONE
        self.batch = BATCH

    def share(self) -> _Walk[Output] | None:
        """Give the lowest frame to a new walk, whose regions come after all of this one's."""
        scalars = self.state.scalars
        floor = int(scalars[codes.FLOOR])
        if scalars[codes.TOP] - floor < 2:
            return None
        other = _copy(self.state)
        other.scalars[codes.TOP] = floor + 1
        other.scalars[[codes.FLOAT_DECISIONS, codes.DOUBLE_DECISIONS, codes.RATIONAL_DECISIONS]] = 0
        other.layer_counts[:] = 0
        scalars[codes.FLOOR] = floor + 1
        return _Walk(self.problem, other, self.batch)


def batches(problem: Problem[Output], state: State, record: Record, *, workers: int) -> Iterator[Batch[Output]]:
    """Walk to the end on `workers` threads; yields batches of regions in canonical order, the same for any number.

    The record is complete when the last batch has been taken.
    """
    walks = [_Walk(problem, state, FIRST_BATCH)]
    states = [state]
    if workers == 1:
        while not walks[0].done:
            walks[0].advance()
            yield walks[0].found.popleft()
    else:
        yield from _in_threads(walks, states, workers)
    record.layer_counts = np.sum([s.layer_counts[: problem.net.n_hidden] for s in states], axis=0).tolist()
    totals = np.sum([s.scalars for s in states], axis=0)
    record.float64 = int(totals[codes.FLOAT_DECISIONS])
    record.double_double = int(totals[codes.DOUBLE_DECISIONS])
    record.rational = int(totals[codes.RATIONAL_DECISIONS])


def _in_threads(walks: list[_Walk[Output]], states: list[State], workers: int) -> Iterator[Batch[Output]]:
    running: dict[Future[None], _Walk[Output]] = {}
    with ThreadPoolExecutor(workers) as pool:
        running[pool.submit(walks[0].advance)] = walks[0]
        while walks:
            first = walks[0]
            while first.found:
                yield first.found.popleft()
            if first.done:
                walks.pop(0)
                continue
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                walk = running.pop(future)
                future.result()
                if walk.done:
                    continue
                other = walk.share() if len(running) + 1 < workers else None
                if other is not None:
                    walks.insert(walks.index(walk) + 1, other)
                    states.append(other.state)
                    running[pool.submit(other.advance)] = other
                running[pool.submit(walk.advance)] = walk


def _copy(state: Any) -> Any:
    """A named tuple of arrays, or of such tuples, with arrays of its own."""
    return type(state)(*(part.copy() if isinstance(part, np.ndarray) else _copy(part) for part in state))


def _call(problem: Problem[Any], arguments: tuple[Any, ...]) -> int:
    """One call of the compiled walk; if the compiler has to run first, tell a person at the terminal."""
    kernel = problem.kernel
    if kernel.walk.signatures:
        return int(kernel.walk(*arguments))
    timer = threading.Timer(PATIENCE_SECONDS, _announce, [problem.engine])
    timer.daemon = True
    timer.start()
    try:
        return int(kernel.walk(*arguments))
    finally:
        timer.cancel()


def _announce(engine: str) -> None:
    print(
        f"polytope_lens: compiling the {engine} engine, once for this installation (about half a minute)...",
        file=sys.stderr,
        flush=True,
    )
