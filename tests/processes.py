"""Functions run in processes that may be killed, end badly or run out of memory.

A forked process has one thread; what waits for another there, such as OpenMP for its pool, waits for ever.  conftest.py
hence lets libraries start no pools.
"""

from __future__ import annotations

import gc
import os
import signal
import time
import traceback
import warnings


def forked(function):
    """How a process ends that calls a function, minus the signal if it was killed, and the text that it returns."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, none of which is needed here
        process = os.fork()
    if process == 0:
        code = 3
        try:
            gc.freeze()  # what this process has, which the other one goes through again and again
            os.close(reader)
            with os.fdopen(writer, "w") as pipe:
                pipe.write(function() or "")
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), text


def killed(function, seconds):
    """Call a function in a process of its own, and kill it after so many seconds; whether it was still at it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # as above
        process = os.fork()
    if process == 0:
        code = 3
        try:
            function()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    return ended != 0
