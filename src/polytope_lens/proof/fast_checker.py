"""Check a proof log as `checker` does, with compiled code: floats prove what they can, integers the rest."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from polytope_lens.proof import checker
from polytope_lens.proof.cases_in_floats import check_cases
from polytope_lens.proof.float_stages import OutOfRangeError, Tally
from polytope_lens.proof.pieces_in_floats import FloatPlane, FloatTree

if TYPE_CHECKING:
    import os


def verify(path: str | os.PathLike[str], seconds: float = checker.SECONDS) -> dict[str, Any]:
    """What `checker.verify` says of a log, in less time.

    Parameters
    ----------
    path : str or path-like
    seconds : float
        What takes longer is not proved.

    Returns
    -------
    dict
        As from `checker.verify`. `checker` tells by which of the two, "compiled" or "plain"; `questions` how many lines
        of properties and pieces of counts there were, and `by_integers` how many of them floats left to integers.

    Notes
    -----
    Exactness: floats carry bounds on their errors, and decide nothing that these leave open (docs/proofs.md).
    """
    start, tally = time.monotonic(), Tally()
    try:
        means = (
            partial(check_cases, tally=tally),
            {"tree": partial(FloatTree, tally=tally), "plane": partial(FloatPlane, tally=tally)},
        )
        answer = checker.verify(str(path), seconds, means=means)
    except OutOfRangeError:
        left = max(0.0, seconds - (time.monotonic() - start))
        return {**checker.verify(str(path), left), "checker": "plain"}
    return {**answer, "checker": "compiled", "questions": tally.questions, "by_integers": tally.by_integers}
