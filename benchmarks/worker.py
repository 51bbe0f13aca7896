"""Processes that answer questions with the package of some checkout, so that two checkouts can take turns."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class Worker:
    """A process with the package in a folder; questions go in as lines of JSON, and so come the answers.

    Parameters
    ----------
    path : Path
        Where the package is imported from.
    program : str
        What it runs, reading its standard input.
    arguments : str
        What the program is given.
    limit : float, optional
        Seconds after which an answer is not waited for any more.
    """

    def __init__(
        self, path: Path, program: str, *arguments: str, limit: float | None = None, **environment: str
    ) -> None:
        self.environment = {**os.environ, "PYTHONPATH": str(path), "OPENBLAS_NUM_THREADS": "1", **environment}
        self._command, self._limit = [sys.executable, "-c", program, *arguments], limit
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.environment
        )
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._process.stdout, selectors.EVENT_READ)

    def ask(self, *question: object) -> Any:
        """The answer; None where it takes too long, and then the process is ended and another one begun."""
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        if not self._ready.select(self._limit):
            self._process.kill()
            self._process.wait()
            self._start()
            return None
        return json.loads(self._process.stdout.readline())
