"""The wait for the compiler: once for each installation, and shown."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 1.0


def compiled(kernel: Any, *, engine: str) -> Callable[..., int]:
    """The kernel, which tells a person at the terminal what takes so long when its first call has to compile it."""

    def call(*arguments: Any) -> int:
        if kernel.signatures:
            return int(kernel(*arguments))
        timer = threading.Timer(PATIENCE_SECONDS, _announce, [engine])
        timer.daemon = True
        timer.start()
        try:
            return int(kernel(*arguments))
        finally:
            timer.cancel()

    return call


def _announce(engine: str) -> None:
    print(
        f"polytope_lens: compiling the {engine} engine, once for this installation (about half a minute)...",
        file=sys.stderr,
        flush=True,
    )
