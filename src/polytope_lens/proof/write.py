"""Writing the proof log of a partition or of a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.engines.charts import pieces
from polytope_lens.exact.owner_rows import OwnerRows, integer_sides
from polytope_lens.exact.rows import ExactRows
from polytope_lens.flat_domain import flat_domain
from polytope_lens.polytope import Polytope
from polytope_lens.proof.log import describe, describe_domain, log_file
from polytope_lens.proof.plane import prove_plane
from polytope_lens.proof.tree import prove_empty, prove_tree

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from polytope_lens._types import Floats
    from polytope_lens.domain import Domain
    from polytope_lens.flat_domain import FlatDomain
    from polytope_lens.network.network import Network


def write_proof(
    network: Network,
    domain: Domain,
    path: str | os.PathLike[str],
    counts: Sequence[int],
    *,
    progress: bool | None = None,
) -> None:
    """Write a log that proves the number of regions of a domain, after each layer and in total.

    Parameters
    ----------
    network, domain
        As for a partition.
    path : str or path-like
        Any name; it appears when the proof is complete. An existing file is replaced.
    counts : (1 + L,) ints
        The total and the number after each layer, which the log will say. Its checker counts for itself.
    progress : bool, optional
        As for a partition.

    Notes
    -----
    The log is written while the regions are walked a second time; in the plane their corners are computed as exact
    crossings, elsewhere each neuron that does not cut a cell gets multipliers that prove it, by linear programs in
    rational arithmetic. Cost: some 0.2 ms for each region of a network of moderate depth in the plane; about the same
    for each decision elsewhere. docs/proofs.md describes the format, and why the checks suffice.
    """
    disable = None if progress is None else not progress
    with (
        log_file(path) as log,
        tqdm(desc="proof", unit=" regions", unit_scale=True, disable=disable, delay=1.0, leave=False) as bar,
    ):
        for line in ("polytope_lens proof 1", *describe(network), *describe_domain(domain)):
            log.write(line)
        flat = flat_domain(network, domain)
        walked, within = (network, domain) if flat is None else (flat.network, flat.domain)
        listed = pieces(within, walked.input_dim)
        for number, chart in enumerate(listed):
            # On a flat the engines walk a network of the free inputs, whose rows are those of the whole one up to a
            # factor: the log has the latter.
            matrix = chart.matrix if flat is None else _embedding(flat)
            rows = ExactRows(network, integer_matrix(matrix))
            if len(listed) > 1 and not Polytope(chart.A, chart.b).has_interior:
                prove_empty(log, number, chart)
            elif walked.input_dim == 2:
                log.write("chart", number, "plane")
                prove_plane(log, walked, chart, OwnerRows(network, rows, integer_sides(chart)), bar.update)
            else:
                log.write("chart", number, "tree")
                box = None if isinstance(domain, Polytope) and len(listed) == 1 else chart.box
                prove_tree(log, network, walked, chart, rows, box, bar.update)
        log.write("regions", *counts)


def _embedding(flat: FlatDomain) -> Floats:
    """Where the flat lies, ``[x; 1] = matrix @ [u; 1]``, (d + 1, k + 1)."""
    d, k = len(flat.point), len(flat.free)
    matrix = np.zeros((d + 1, k + 1))
    matrix[:d, k] = flat.embed(np.zeros(k))
    matrix[flat.free, np.arange(k)] = 1.0
    matrix[d, k] = 1.0
    return matrix
