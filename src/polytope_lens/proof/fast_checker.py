"""Check a proof log as `checker` does, with compiled code: floats prove what they can, integers the rest."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any

from polytope_lens._compiled.jit import pays
from polytope_lens.proof import checker
from polytope_lens.proof.cases_in_floats import check_cases
from polytope_lens.proof.float_stages import OutOfRangeError, ProofTally
from polytope_lens.proof.pieces_in_floats import FloatPlane, FloatTree
from polytope_lens.proof.polygons_kernels import begin_polygon, walk_polygons
from polytope_lens.proof.sums_above_kernels import bound_sums, draw
from polytope_lens.proof.tree_lines_kernels import walk_lines

KERNELS = (bound_sums, draw, walk_lines, begin_polygon, walk_polygons)
# Seconds that the plain checker takes for each byte of a log, or less.
PLAIN = 2e-5


def verify(
    path: str | os.PathLike[str], seconds: float = checker.SECONDS, jobs: int = 1, piece: int | None = None
) -> dict[str, Any]:
    """What `checker.verify` says of a log, in less time.

    Parameters
    ----------
    path : str or path-like
    seconds : float
        What takes longer is not proved.
    jobs : int
        Processes for the pieces of a count.
    piece : int, optional
        The only piece to check.

    Returns
    -------
    dict
        As from `checker.verify`. `checker` tells by which of the two, "compiled" or "plain". Where one process did it,
        `questions` says how many lines of properties and pieces of counts there were, and `by_integers` how many of
        them floats left to integers.

    Notes
    -----
    Exactness: floats carry bounds on their errors, and decide nothing that these leave open (docs/proofs.md). Logs with
    numbers out of their range are left to the plain checker as a whole, and small ones where nothing is compiled.
    """
    start, tally = time.monotonic(), ProofTally()
    if pays(KERNELS, PLAIN * os.stat(path).st_size):
        forms = {"tree": partial(FloatTree, tally=tally), "plane": partial(FloatPlane, tally=tally)}
        means = partial(check_cases, tally=tally), forms
        try:
            answer = checker.verify(str(path), seconds, jobs, piece, means)
        except OutOfRangeError:
            seconds = max(0.0, seconds - (time.monotonic() - start))
        else:
            told = {"questions": tally.questions, "by_integers": tally.by_integers} if jobs == 1 else {}
            return {**answer, "checker": "compiled", **told}
    return {**checker.verify(str(path), seconds, jobs, piece), "checker": "plain"}
