"""The part of a domain that a network maps into a target: a polytope for each region that reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._docstrings import documented_by
from polytope_lens.domain import check_domain, is_bounded
from polytope_lens.engines import enumerate as engines
from polytope_lens.engines.budget import budget, metered
from polytope_lens.engines.table import choose_engine
from polytope_lens.engines.witnesses import certify_witnesses
from polytope_lens.errors import PartialPartitionError, Status
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.flat_domain import flat_domain, within
from polytope_lens.mesh.part_of_mesh import part_of_mesh
from polytope_lens.network.network import bit_starts
from polytope_lens.network.pattern import distinct, distinct_beginnings, n_words, unpack
from polytope_lens.partition.partition import Partition
from polytope_lens.partition.provenance import Certificate
from polytope_lens.preimages import flat_parts as flats
from polytope_lens.preimages import probability as shares
from polytope_lens.preimages.pruned_walk import pruned_walk, target_problem
from polytope_lens.preimages.target import Target, behind

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Ints, Words
    from polytope_lens.domain import Domain
    from polytope_lens.engines.chunks import Chunk
    from polytope_lens.engines.table import EngineChoice
    from polytope_lens.network.network import Network
    from polytope_lens.partition.namespaces import PartitionPlot
    from polytope_lens.preimages.target import TargetNetwork, TargetSets


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Preimage(Partition):
    """All points of a domain whose outputs lie in a target, as polytopes with interior: a part of a partition.

    Its cells are those parts of regions. They answer as regions do, and the whole as a partition of which only these
    cells are listed: corners, areas and pictures, facets with -1 for what lies beyond; what needs the whole domain
    refuses.

    Parameters
    ----------
    network : Network
        The network that was asked, followed by the target's halfspaces as neurons that bend nothing: the last layer's
        first neurons, in the order in which the target has them.
    status : Status
        PREIMAGE, if all cells are here; else why they are not.
    target : Target
    source : Network
        The network that was asked.

    Notes
    -----
    Cells are cut by the halfspaces of the whole target, so where it is a union its parts overlap nowhere.
    """

    target: Target = field(kw_only=True)
    source: Network = field(kw_only=True)

    def __post_init__(self) -> None:
        for name in ("packed_patterns", "maps", "witnesses", "counts_per_layer"):
            if (array := vars(self)[name]) is not None:
                array.flags.writeable = False

    @property
    def has_all_cells(self) -> bool:
        """Whether no cell is missing."""
        return self.status is Status.PREIMAGE

    def explain(self) -> str:
        """The status in one or two sentences: whether these are all cells, and how to find the others."""
        if self.has_all_cells:
            return super().explain()
        is_short = self.status is Status.BUDGET_REACHED
        advice = "Raise the limit or choose a smaller `domain`." if is_short else "It was interrupted."
        return f"{self.status!r}: The cells found are correct but not all of them. {advice}"

    @property
    def plot(self) -> PartitionPlot:
        """Pictures: ``preimage.plot()`` and others; see `PartitionPlot`."""
        if not len(self):
            raise PartialPartitionError(f"there is nothing to draw: {self!r} has no cells. Choose a larger target.")
        return super().plot

    def contains(self, X: ArrayLike) -> Bools:
        """Whether each point lies in the closed domain and its outputs in the closed target, (n, d) -> (n,); exact.

        Whether the cells are all there does not matter.
        """
        rows = validate.points(X, self.source.input_dim, what="`contains`")
        posed = behind(self.source, self.target)
        found = posed.is_inside(point_signs(posed.network, rows)[:, -posed.n_rows :] > 0)
        return found if self.domain is None else found & self.domain.contains(rows)

    def volumes(self) -> Floats:
        """Length, area or volume of each cell, (n_cells,); rounded. See `volumes.volumes`.

        Raises
        ------
        UnboundedPolytopeError, IntractableError
        """
        if within(self).mesh is not None:
            return super().volumes()
        return np.array([cell.volume() for cell in self], dtype=np.float64)

    @documented_by(shares.probability)
    def probability(
        self, *, exact: bool = False, max_seconds: float | None = None, proof: str | os.PathLike[str] | None = None
    ) -> shares.Probability:
        return shares.probability(self, exact=exact, max_seconds=max_seconds, proof=proof)

    @documented_by(flats.flat_parts)
    def flat_parts(self) -> tuple[flats.FlatPart, ...]:
        return flats.flat_parts(self)

    def __repr__(self) -> str:
        where = "all of R^" + str(self.source.input_dim) if self.domain is None else repr(self.domain)
        of = f"{len(self)} cells" if self.has_all_cells else f"{len(self)} of the cells"
        return f"Preimage({of} of {where}, {self.target!r}, {self.engine}, {self.status.name})"


def preimage(
    network: Network,
    target: TargetSets | Target,
    domain: Domain = None,
    *,
    engine: EngineChoice = "auto",
    workers: int = 1,
    progress: bool | None = None,
    mesh: bool = True,
    max_regions: int | None = None,
    max_seconds: float | None = None,
) -> Preimage:
    """All points of a domain whose outputs lie in a target, as polytopes.

    Parameters
    ----------
    network : Network
    target : (C, c), Polytope, int, or list of these
        Outputs y with ``C @ y <= c``, of any exact numbers: floats, fractions, decimals in text. Or a polytope of
        outputs; or the number of an output, for where none is greater. A list is a union.
    domain : Box, Polytope or None
    engine, workers, progress
        As in `enumerate.partition`.
    mesh : bool
        Whether to keep corners, edges and faces, in bounded domains of the plane and of space. Then all regions of the
        domain are walked.
    max_regions, max_seconds : optional
        End when so many regions have been walked, or so many seconds have gone by. The `status` then is
        ``Status.BUDGET_REACHED``, and cells may be missing.

    Returns
    -------
    Preimage
        A `Partition` of these cells.

    Raises
    ------
    DimensionError, DomainError, OptionError

    Notes
    -----
    Exact. The target is closed; listed are the parts that have interior, each once. What is flatter, as where the
    outputs only touch the target, is found by `Preimage.flat_parts`. A region on which outputs stay on the
    target's boundary belongs to the preimage. Cost: that of a partition of the network with the target's halfspaces as
    neurons. In bounded domains with more than three inputs, or without a mesh, boxes of inputs whose outputs are proved
    to miss the target are not walked.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])  # max(x, y)
    >>> low = lens.preimage(([[1]], ["0.5"]), Box([0, 0], [1, 1]))  # where it is at most 1/2
    >>> low
    Preimage(2 cells of Box([0.0, 0.0], [1.0, 1.0]), Target(1 polytope in R^1), subdivide, PREIMAGE)
    >>> low.volumes(), low[0].affine_map.A
    (array([0.125, 0.125]), array([[0., 1.]]))
    >>> low.probability(exact=True)
    Probability(1/4)
    """
    domain = check_domain(domain, network.input_dim)
    wanted = target if isinstance(target, Target) else Target.of(target, network.output_dim)
    limits = budget(max_regions, max_seconds, None)
    workers = validate.workers(workers)
    posed = behind(network, wanted)
    options: dict[str, Any] = {"engine": engine, "workers": workers, "progress": progress, "mesh": mesh}
    options |= {"max_regions": max_regions, "max_seconds": max_seconds}
    if (flat := flat_domain(network, domain)) is not None:
        found = preimage(flat.network, wanted, flat.domain, **options)
        unknown = cast("Floats", None)
        return replace(
            found, network=posed.network, domain=domain, maps=unknown, witnesses=unknown, on_flat=found,
            counts_per_layer=found.counts_per_layer[1:], source=network,
        )  # fmt: skip
    if is_bounded(domain) and (network.input_dim > 3 or not mesh):
        with metered(limits) as meter:
            return _pruned(posed, wanted, network, domain, meter, engine, workers, progress)
    return _chosen(posed, wanted, network, engines.partition(posed.network, domain, **options))


def _chosen(posed: TargetNetwork, target: Target, source: Network, found: Partition) -> Preimage:
    """The cells of a partition that lie in the target."""
    kept = posed.is_inside(_outside(posed, found.packed_patterns))
    patterns = found.packed_patterns[kept]
    return Preimage(
        posed.network, found.domain, found.engine, patterns, found.maps[kept], found.witnesses[kept],
        _per_layer(posed.network, patterns), None if found.mesh is None else part_of_mesh(found.mesh, kept),
        Status.PREIMAGE if found.is_complete else found.status, found.certificate, target=target, source=source,
    )  # fmt: skip


def _pruned(
    posed: TargetNetwork, target: Target, source: Network, domain: Any, meter: Any, engine: EngineChoice, workers: int,
    progress: bool | None,
) -> Preimage:  # fmt: skip
    """The cells that are found in boxes that may reach the target."""
    network = posed.network

    def keep(chunk: Chunk) -> Chunk:
        kept = posed.is_inside(_outside(posed, chunk.patterns))
        return replace(
            chunk, patterns=chunk.patterns[kept], witnesses=chunk.witnesses[kept], proved=chunk.proved[kept],
            maps=chunk.maps[:0], corners=None, solids=None,
        )  # fmt: skip

    problem, decided = target_problem(source, target, domain), np.zeros(3, dtype=np.int64)
    found: list[Chunk] = []
    for walked in pruned_walk(problem, network, domain, keep, meter, engine=engine, workers=workers, progress=progress):
        found += walked.chunks
        decided += [walked.record.float64, walked.record.double_double, walked.record.rational]
    nothing = np.zeros((0, n_words(network.n_neurons)), np.uint64), np.zeros((0, network.input_dim)), np.zeros(0, bool)
    words, points, proved = (
        np.concatenate([empty, *(getattr(chunk, name) for chunk in found)])
        for name, empty in zip(("patterns", "witnesses", "proved"), nothing, strict=True)
    )
    patterns, first = distinct(words)
    witnesses = certify_witnesses(network, domain, patterns, points[first], proved[first])
    status = meter.status()
    return Preimage(
        network, domain, choose_engine(engine, network, domain), patterns, cast("Floats", None), witnesses,
        _per_layer(network, patterns), None, Status.PREIMAGE if status is Status.COMPLETE else status,
        Certificate(*decided.tolist()), target=target, source=source,
    )  # fmt: skip


def _outside(posed: TargetNetwork, patterns: Words) -> Bools:
    """Which halfspaces of the target cells lie outside of, (n, rows)."""
    return unpack(patterns, posed.network.n_neurons)[:, -posed.n_rows :]


def _per_layer(network: Network, patterns: Words) -> Ints:
    if not len(patterns):
        return np.zeros(len(network.layers), dtype=np.int64)
    return distinct_beginnings(patterns, bit_starts(network)[1:])
