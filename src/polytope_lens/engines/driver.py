"""Running a compiled walk: batch by batch, answering the questions it cannot decide, keeping the record."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from polytope_lens.engines._kernels import codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from polytope_lens.engines._kernels.flat import FlatNetwork
    from polytope_lens.engines.chunks import Record

# The first batch is small, so that the first region is there at once.
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


def batches(
    kernel: Any,
    engine: str,
    net: FlatNetwork,
    state: State,
    answer: Callable[[Any], None],
    record: Record,
    room: Callable[[int], Output] | None,
) -> Iterator[tuple[int, Output | None]]:
    """Walk to the end; yields the number of regions found since the last time, and the output that holds them.

    Parameters
    ----------
    kernel : module with a compiled ``walk``
    answer : function of the state
        Called when a question is open; decides it exactly and writes the answer into the state.
    room : function of a number of regions, or None
        Makes an output with room for them; None if the regions are only to be counted.
    """
    n_layers = net.n_hidden
    batch, code = FIRST_BATCH, codes.FULL
    while code == codes.FULL:
        out = None if room is None else room(batch)
        state.scalars[[codes.N_REGIONS, codes.N_CORNERS]] = 0
        code = codes.UNDECIDED
        while code == codes.UNDECIDED:
            code = _call(kernel, engine, net, state, out, batch)
            if code == codes.UNDECIDED:
                answer(state)
        record.layer_counts = state.layer_counts[:n_layers].tolist()
        record.float64 = int(state.scalars[codes.FLOAT_DECISIONS])
        record.double_double = int(state.scalars[codes.DOUBLE_DECISIONS])
        record.rational = int(state.scalars[codes.RATIONAL_DECISIONS])
        yield int(state.scalars[codes.N_REGIONS]), out
        batch = BATCH


def _call(kernel: Any, engine: str, net: FlatNetwork, state: State, out: Any, limit: int) -> int:
    """One call of the compiled walk; if the compiler has to run first, tell a person at the terminal."""
    arguments = (net, state, kernel.NO_OUTPUT if out is None else out, limit, out is not None)
    if kernel.walk.signatures:
        return int(kernel.walk(*arguments))
    timer = threading.Timer(PATIENCE_SECONDS, _announce, [engine])
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
