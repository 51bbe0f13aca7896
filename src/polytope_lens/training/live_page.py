"""A page that shows the regions of a model while it trains, served to this machine alone.

The server listens on the loopback interface, at a port that the system chooses. It answers only to an address that
holds a token, a secret of 128 bits, and to requests that name this host, so that no other page can ask it by a name of
its own. It ends with the training.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from polytope_lens.engines import enumerate as engines
from polytope_lens.errors import DomainError
from polytope_lens.render.explorer.explorer import Stage, next_frame, page_of
from polytope_lens.training.recording_page import drawn_samples

if TYPE_CHECKING:
    from polytope_lens.domain import Box
    from polytope_lens.network.network import Network
    from polytope_lens.render.explorer.explorer import AboutPoints
    from polytope_lens.training.samples import Samples

HOST = "127.0.0.1"
LINGER = 2.0
"""Seconds that a page may take to ask for the last step, after the training has ended."""


class LivePage:
    """A page that grows while a model trains.

    Steps are shown as fast as their regions are found, in a thread of its own: of those that come meanwhile only the
    newest is, so that the training does not wait.

    Parameters
    ----------
    domain : Box
        Of two or three inputs.
    samples : Samples or None
        Training points to draw.

    Attributes
    ----------
    address : str
        Where a browser of this machine finds it.
    hosts : tuple of str
        What requests may call this host.

    Raises
    ------
    DomainError
        Neither two nor three inputs are free.
    """

    def __init__(self, domain: Box, samples: Samples | None = None) -> None:
        if len(domain.free) not in (2, 3):
            raise DomainError(
                f"a live page shows two or three inputs, but the domain leaves {len(domain.free)} free. Choose a box "
                "that fixes the others: equal bounds fix an input."
            )
        self._domain, self._samples = domain, samples
        self._about: AboutPoints | None = None
        self._html = ""
        self._frames: list[dict[str, object]] = []
        self._waiting: tuple[int, int, Network] | None = None
        self._is_done = self._was_asked = False
        self._changed = threading.Condition()
        self._told = 0  # frames that a page has got
        self._error: BaseException | None = None
        token = secrets.token_urlsafe(16)
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self, f"/{token}/"))
        self._server.daemon_threads = True
        self.hosts = tuple(f"{name}:{self._server.server_port}" for name in (HOST, "localhost"))
        self.address = f"http://{self.hosts[0]}/{token}/"
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True),
            threading.Thread(target=self._work, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def add(self, step: int, index: int, network: Network | None) -> None:
        """Show a step, the `index`-th that was recorded; not if its weights are not finite, or a newer one comes."""
        self._raise()
        if network is not None:
            with self._changed:
                self._waiting = step, index, network
                self._changed.notify_all()

    def close(self) -> None:
        """Show the last step, then end the server: pages keep what they have got."""
        with self._changed:
            self._is_done = True
            self._changed.notify_all()
        self._threads[1].join()
        with self._changed:
            until = time.monotonic() + LINGER
            while self._was_asked and self._told < len(self._frames) and time.monotonic() < until:
                self._changed.wait(0.05)
        self._server.shutdown()
        self._server.server_close()
        self._threads[0].join()
        self._raise()

    def _raise(self) -> None:
        """Raise what went wrong in the thread that finds regions."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def html(self) -> str:
        """The page with its first step; empty as long as there is none."""
        with self._changed:
            self._was_asked = True
            self._told = max(self._told, 1)
            return self._html

    def since(self, n: int) -> str:
        """The steps after the first `n`, and whether these are all."""
        with self._changed:
            frames = self._frames[n:]
            is_done = self._is_done and self._waiting is None
            self._told = n + len(frames)
            self._changed.notify_all()
        return json.dumps({"frames": frames, "done": is_done})

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._waiting is None and not self._is_done:
                    self._changed.wait()
                if self._waiting is None:
                    return
                step, index, network = self._waiting
            try:
                self._show(step, index, network)
            except BaseException as error:
                self._error = error  # raised where the next step comes
            with self._changed:
                if self._waiting is not None and self._waiting[0] == step:
                    self._waiting = None

    def _show(self, step: int, index: int, network: Network) -> None:
        partition = engines.partition(network, self._domain, progress=False)
        python = f"Lens(recording.networks[{index}]).partition(recording.domain)"
        stage = Stage(partition, step, python=python)
        if self._about is None:
            self._about = drawn_samples(self._samples, partition)
            page = page_of([stage], "value", boundaries=True, output=0, about_points=self._about, live=True)
            frame: dict[str, object] = {}  # it is in the page
        else:
            page, frame = None, next_frame(stage, self._about)
        with self._changed:
            if page is not None:
                self._html = page.html
            self._frames.append(frame)


def _handler(page: LivePage, root: str) -> type[BaseHTTPRequestHandler]:
    """What answers requests for a page, below the path `root`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_ours = self.headers.get("Host", "") in page.hosts
            if not is_ours or not secrets.compare_digest(self.path[: len(root)].encode(), root.encode()):
                self._answer(404, "text/plain", "There is nothing here.")
                return
            rest = self.path[len(root) :]
            if not rest:
                html = page.html()
                waiting = '<!doctype html><meta http-equiv="refresh" content="1">No step yet that could be shown.'
                self._answer(200, "text/html", html or waiting)
            elif rest.startswith("since/") and rest[6:].isdecimal() and len(rest) < 16:
                self._answer(200, "application/json", page.since(int(rest[6:])))
            else:
                self._answer(404, "text/plain", "There is nothing here.")

        def _answer(self, code: int, kind: str, text: str) -> None:
            content = text.encode("utf-8")
            self.send_response(code)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on standard error."""

    return Handler
