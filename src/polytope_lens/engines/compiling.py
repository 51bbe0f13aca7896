"""The wait for the compiler: once for each installation, and shown."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 1.0


def compiled(kernel: Any, *, engine: str) -> Callable[..., int]:
    """The kernel, which on its first call tells a person at the terminal what takes so long."""
    if kernel.signatures:
        return kernel  # type: ignore[no-any-return]

    def first_call(*arguments: Any) -> int:
        timer = threading.Timer(PATIENCE_SECONDS, _announce, [engine])
        timer.daemon = True
        timer.start()
        try:
            kernel.compile(tuple(map(_typeof, arguments)))
        finally:
            timer.cancel()
        return int(kernel(*arguments))

    return first_call


def _typeof(value: Any) -> Any:
    import numba

    return numba.typeof(value)


def _announce(engine: str) -> None:
    print(
        f"polytope_lens: compiling the {engine} engine, once for this installation (about 20 seconds)...",
        file=sys.stderr,
        flush=True,
    )
