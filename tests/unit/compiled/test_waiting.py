"""What takes long in compiled code, and signals meanwhile."""

from __future__ import annotations

import ctypes
import signal
import threading
import time

import pytest

from polytope_lens._compiled.waiting import waited_for

MAIN = threading.main_thread().ident


def test_values_and_failures_come_back():
    assert waited_for(divmod, 7, 3) == (2, 1)
    with pytest.raises(ZeroDivisionError):
        waited_for(divmod, 7, 0)
    with pytest.raises(SystemExit):
        waited_for(exit)


def test_other_threads_wait_for_themselves():
    names = []
    thread = threading.Thread(target=lambda: names.append(waited_for(lambda: threading.current_thread().name)))
    thread.start()
    thread.join()
    assert names == [thread.name]
    assert waited_for(lambda: threading.current_thread().name) == "polytope_lens"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGALRM])
def test_signals_act_at_once(number):
    before = signal.signal(number, signal.default_int_handler)
    threading.Timer(0.2, lambda: signal.pthread_kill(MAIN, number)).start()
    started = time.perf_counter()
    try:
        with pytest.raises(KeyboardInterrupt):
            waited_for(ctypes.CDLL(None).usleep, 3_000_000)
    finally:
        signal.signal(number, before)
    assert time.perf_counter() - started < 1
