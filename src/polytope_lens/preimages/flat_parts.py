"""Where a network's outputs touch a target only: what there is of a preimage besides its parts with interior.

The regions near the target are listed once more, by halfspaces that are a little looser: where a closed region touches
the target, a part of it with interior lies in these. The touching sets of those that have no cell in the preimage are
faces of the complex that the network and the target cut the domain into, so the signs of all neurons at a point inside
of one tell which face it is, and which others hold it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpz_mat

from polytope_lens._places import POINTS
from polytope_lens.arithmetic.rational import fraction, integers
from polytope_lens.displays.cards import answer_card
from polytope_lens.domain import is_bounded
from polytope_lens.engines.budget import Budget, metered
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.enumerate import problems as charts_of
from polytope_lens.engines.table import choose_engine, engine_for
from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.exact.rows import cell_rows
from polytope_lens.exact.sparse import row_source, rows_on
from polytope_lens.flat_domain import flat_of, within
from polytope_lens.network.network import Layer, bit_places
from polytope_lens.network.pattern import distinct, unpack
from polytope_lens.polyhedral_complex.requirements import require_complete
from polytope_lens.polytope.relative_interior import inner_point
from polytope_lens.preimages.pruned_walk import pruned_walk, target_problem
from polytope_lens.preimages.target import behind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flint import fmpq

    from polytope_lens._types import Bools, Fractions, Ints, Words
    from polytope_lens.engines.chunks import Chunk
    from polytope_lens.network.network import Network
    from polytope_lens.preimages.preimage import Preimage
    from polytope_lens.preimages.target import TargetNetwork

# How much looser halfspaces are, as a share of the size of their numbers: a choice of whom to ask exactly.
LOOSER = 2.0**-30


@dataclass(frozen=True, slots=True, eq=False)
class FlatPart:
    """A part of a preimage without interior that lies in no part with interior, and in no larger flat one.

    Parameters
    ----------
    point : (d,) array of Fraction
        A point inside of it, within the flat that it fills.
    dim : int
        Its dimension, less than that of the domain.
    pattern : (n_neurons,) bool array
        Which neurons of the network are on in a region that it is a face of.
    """

    point: Fractions = field(metadata=POINTS)
    dim: int
    pattern: Bools

    def _repr_html_(self) -> str:
        return answer_card("FlatPart", f"dimension {self.dim}", self.point.tolist())

    def __repr__(self) -> str:
        return f"FlatPart(dim={self.dim}, at {[float(v) for v in self.point]})"


class _Face(NamedTuple):
    """A face of the complex: signs of all neurons on it, a point inside, its dimension, and a region that has it."""

    signs: Ints
    point: list[fmpq]
    dim: int
    bits: Bools


def flat_parts(preimage: Preimage) -> tuple[FlatPart, ...]:
    """The parts of a preimage that have no interior and are no part of one that has: where outputs touch the target.

    Parameters
    ----------
    preimage : Preimage
        One with all its cells.

    Returns
    -------
    tuple of FlatPart
        None of which lies in another one; empty if every point of the preimage lies in a closed cell.

    Raises
    ------
    PartialPartitionError

    Notes
    -----
    Exact. Cost: a second walk, and some rational programs, 10 milliseconds and more, for each region that touches the
    target without a cell in it. These are few, unless outputs are constant on the target's boundary, as behind a ReLU.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [-1, 0]], [[1, 1]]], [[0, 0], [0]])  # |x|
    >>> lens.preimage(([[1]], [0]), Box([-1, -1], [1, 1])).flat_parts()
    (FlatPart(dim=1, at [0.0, 0.0]),)
    """
    if not preimage.has_all_cells:
        require_complete(preimage, "`flat_parts`")
    seen, flat = within(preimage), flat_of(preimage)
    found = [
        FlatPart(np.array([fraction(v) for v in face.point], dtype=object), face.dim, face.bits)
        for face in _largest(_touching(seen))
    ]
    return tuple(found if flat is None else [flat.embedded(part) for part in found])


def _touching(preimage: Preimage) -> Iterator[_Face]:
    """Faces in which closed regions touch the closed target, those that lie in cells of the preimage left out."""
    source, posed = preimage.source, behind(preimage.source, preimage.target)
    n, cells = source.n_neurons, unpack(preimage.packed_patterns, posed.network.n_neurons)
    known = _known(posed, cells, n)
    rows, sides = row_source(posed.network, own=True), integer_sides(preimage.domain)
    last = len(posed.network.layers) - 1
    for bits in _near(preimage, posed):
        of_region = cell_rows(posed.network, rows, bits, last)
        of_target = rows.rows(last, bits)
        outside = bits[n:]
        for index in np.flatnonzero(posed.in_cases(outside[None])[0]).tolist():
            if (index, bits[:n].tobytes()) in known:
                continue
            case = [of_target[j] for j in posed.cases[index].tolist()]
            inner = inner_point([*of_region, *sides, *case], source.input_dim)
            if inner is None:
                continue
            signs = _signs(posed.network, inner.point)
            if not _lies_in(signs, np.where(cells, 1, -1)).any():
                yield _Face(signs, inner.point, inner.dim, bits[:n])


def _known(posed: TargetNetwork, cells: Bools, n: int) -> set[tuple[int, bytes]]:
    """Which regions have a cell in which polytope of the target: all that they have there is the closure of it."""
    in_cases = posed.in_cases(cells[:, n:])
    return {
        (index, cells[i, :n].tobytes()) for i, index in zip(*(at.tolist() for at in np.nonzero(in_cases)), strict=True)
    }


def _near(preimage: Preimage, posed: TargetNetwork) -> Iterator[Bools]:
    """Patterns of cells in the looser target, (n_neurons,) each."""
    network = _looser(posed)

    def keep(chunk: Chunk) -> Chunk:
        bits = unpack(chunk.patterns, network.n_neurons)
        kept = posed.is_inside(bits[:, -posed.n_rows :])
        return replace(
            chunk,
            patterns=chunk.patterns[kept],
            witnesses=chunk.witnesses[:0],
            maps=chunk.maps[:0],
            proved=chunk.proved[:0],
            corners=None,
            solids=None,
        )

    domain = preimage.domain
    found: list[Words] = []
    if domain is not None and is_bounded(domain):
        problem = target_problem(preimage.source, preimage.target, domain)
        with metered(Budget()) as meter:
            for walked in pruned_walk(problem, network, domain, keep, meter, progress=False):
                found += [chunk.patterns for chunk in walked.chunks]
    else:
        name = choose_engine("auto", network, domain)
        for chart in charts_of(name, network, domain):
            walk = engine_for(chart, name).walk(network, chart, Record(), want_output=True, workers=1)
            found += [keep(chunk).patterns for chunk in walk]
    if found:
        patterns, _ = distinct(np.concatenate(found))
        yield from unpack(patterns, network.n_neurons)


def _looser(posed: TargetNetwork) -> Network:
    """The same network with halfspaces that hold the target's in their interior."""
    *layers, last = posed.network.layers
    size = np.abs(last.dense_weight()).sum(axis=1) + np.abs(last.bias)
    down = np.where(last.cuts, np.maximum(size * LOOSER, 2.0**-200), 0.0)
    bias = np.where(last.cuts, np.nextafter(last.bias - down, -np.inf), last.bias)
    lower = Layer(last.weight, bias, last.negative_slope, last.positive_slope, last.cuts)
    return replace(posed.network, layers=(*layers, lower))


def _signs(network: Network, point: Sequence[fmpq]) -> Ints:
    """Signs of all neurons that cut at a rational point, (n_neurons,); exact."""
    chart = fmpz_mat([[v] for v in integers([*point, type(point[0])(1)])])
    source, places = rows_on(network, chart), bit_places(network)
    signs = np.zeros(network.n_neurons, dtype=np.int64)
    rows: Any = None
    before = -1
    for bit, (layer, neuron) in enumerate(places):
        if layer != before:
            rows, before = source.rows(layer, signs > 0), layer
        value = rows[neuron][0]
        signs[bit] = (value > 0) - (value < 0)
    return signs


def _lies_in(signs: Ints, others: Ints) -> Bools:
    """Whether a face lies in the closures of others, (n,), by the signs of all neurons."""
    return np.asarray(((signs == 0) | (signs == others)).all(axis=1))


def _largest(faces: Iterator[_Face]) -> list[_Face]:
    """Faces that lie in no other one, each once."""
    found = {face.signs.tobytes(): face for face in faces}
    if not found:
        return []
    signs = np.stack([face.signs for face in found.values()])
    return [face for face in found.values() if _lies_in(face.signs, signs).sum() == 1]
