"""Writing the proof log of a partition or of a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens._progress import bar
from polytope_lens.engines.charts import pieces
from polytope_lens.flat_domain import flat_domain
from polytope_lens.polytope import Polytope
from polytope_lens.proof.log import VERSION, describe, describe_domain, log_file
from polytope_lens.proof.plane import prove_plane
from polytope_lens.proof.tree import prove_empty, prove_tree

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from polytope_lens.domain import Domain
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
    with (
        log_file(path) as log,
        bar(progress, desc="proof", unit=" regions", unit_scale=True) as shown,
    ):
        for line in (VERSION, *describe(network), *describe_domain(domain)):
            log.write(line)
        flat = flat_domain(network, domain)
        within = domain if flat is None else flat.domain
        dim = network.input_dim if flat is None else flat.domain.dim
        listed = pieces(within, dim)
        for number, chart in enumerate(listed):
            if len(listed) > 1 and not Polytope(chart.A, chart.b).has_interior:
                prove_empty(log, number, chart)
            elif dim == 2:
                log.write("chart", number, "plane")
                prove_plane(log, network, chart, shown.update, flat)
            else:
                log.write("chart", number, "tree")
                box = None if isinstance(domain, Polytope) and len(listed) == 1 else chart.box
                prove_tree(log, network, chart, box, shown.update, flat)
        log.write("regions", *counts)
