"""Commands run in this process: what they print, and the one sentence by which they refuse."""

from __future__ import annotations

import json

from polytope_lens.cli import main


def as_json(capsys, *arguments, code=0):
    assert main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments):
    """The one sentence on standard error."""
    assert main(list(arguments)) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1
    return streams.err
