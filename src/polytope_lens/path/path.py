"""A path through the input space and the regions that it crosses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._docstrings import documented_by
from polytope_lens._kept import Keeper, kept
from polytope_lens.arithmetic.rational import fractions
from polytope_lens.displays.cards import path_card
from polytope_lens.network.network import bit_places, evaluate
from polytope_lens.network.pattern import ActivationPattern, flips, unpack
from polytope_lens.network.scalar import check_output
from polytope_lens.path import path_jumps, path_pieces, sweep
from polytope_lens.region import Region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Fractions, Ints, Words
    from polytope_lens.network.network import Network


@dataclass(frozen=True, eq=False)
class Path(Keeper):
    """A straight segment, or several in a row, cut wherever the activation pattern changes.

    Positions on a path of one segment run from 0 at its start to 1 at its end; on a path of n segments, from 0 to n:
    2.25 is a quarter of the way along segment 2.

    Parameters
    ----------
    network : Network
    points : (n + 1, d) array
        Start, corners and end.
    breakpoints : (k,) array
        Positions at which the region changes. The exact ones are strictly between 0 and n and strictly increase; each
        is given by the float nearest to it, so that two very close ones may look equal. See
        `exact_breakpoints`.
    segments : (k,) int array
        The segment that each breakpoint lies on, the segment's first point included.
    packed_patterns : (k + 1, n_words) uint64 array
        Activation patterns of the regions crossed, in the order of travel, 64 bits to a word; `patterns` has them
        as bools.

    Notes
    -----
    Regions are full-dimensional, also where the path runs inside a boundary: a neuron that vanishes on a piece of the
    path gets the sign that it has beside it, in the direction of the first axis, or else the second, and so on. So each
    piece lies in the closure of its region. A neuron that touches zero and turns back flips nothing.
    """

    network: Network
    points: Floats
    breakpoints: Floats
    segments: Ints
    packed_patterns: Words

    def __len__(self) -> int:
        return len(self.packed_patterns)

    @overload
    def __getitem__(self, index: int) -> Region: ...
    @overload
    def __getitem__(self, index: slice | Ints | Bools) -> list[Region]: ...
    def __getitem__(self, index: int | slice | Ints | Bools) -> Region | list[Region]:
        """A region by its place on the way; a list of them for a slice, an array of numbers, or a mask."""
        told = f"the path crosses {len(self)} regions"
        chosen = validate.picked(index, len(self), told=told, part="region")
        return self._region(chosen) if isinstance(chosen, int) else [self._region(i) for i in chosen.tolist()]

    def _region(self, index: int) -> Region:
        bits = unpack(self.packed_patterns[index : index + 1], self.network.n_neurons)[0]
        pattern = ActivationPattern(tuple(bits.tolist()), self.network.bits_per_layer)
        ends = self._ends()
        return Region(self.network, pattern, None, self.embed((ends[:-1] + ends[1:])[index] / 2))

    def __iter__(self) -> Iterator[Region]:
        return (self._region(i) for i in range(len(self)))

    @property
    @kept
    def regions(self) -> list[Region]:
        """The k + 1 regions crossed, in the order of travel, each with the (rounded) middle of its piece as point.

        Listed once, so that what a region was asked stays with it.
        """
        return list(self)

    @property
    @kept
    def flips(self) -> list[list[tuple[int, int]]]:
        """The neurons that flip at each breakpoint, as pairs (layer, neuron); found once."""
        places = bit_places(self.network)
        found: list[list[tuple[int, int]]] = [[] for _ in self.breakpoints]
        for row, bit in zip(*(array.tolist() for array in flips(self.packed_patterns)), strict=True):
            found[row - 1].append(places[bit])
        return found

    @property
    def length(self) -> float:
        """Euclidean length; rounded."""
        return float(self._milestones()[-1])

    @property
    def lengths(self) -> Floats:
        """Euclidean length of the path in each region, (k + 1,); rounded."""
        return np.diff(np.interp(self._ends(), np.arange(len(self.points)), self._milestones()))

    def patterns(self) -> Bools:
        """Which neurons are on in each region, (k + 1, n_neurons) bool, as `Lens.patterns` of points."""
        return unpack(self.packed_patterns, self.network.n_neurons)

    def embed(self, positions: ArrayLike) -> Floats:
        """The inputs at given positions, (n,) -> (n, d), or a number -> (d,); rounded."""
        ndim = min(1, validate.n_axes(positions))
        s = validate.float_array(positions, name="the positions given to `embed`", ndim=ndim)
        segment = np.clip(s, 0, len(self.points) - 2).astype(np.int64)
        t = (s - segment)[..., None]
        return np.asarray((1 - t) * self.points[segment] + t * self.points[segment + 1])

    @documented_by(sweep.exact_breakpoints)
    def exact_breakpoints(self) -> Fractions:
        """The breakpoints as fractions, (k,). Cost: see `sweep.exact_breakpoints`."""
        return fractions(sweep.exact_breakpoints(self.network, self.points, self._trace()))

    @documented_by(path_jumps.path_jumps)
    def jumps(self) -> path_jumps.PathJumps:
        return path_jumps.path_jumps(self.network, self.points, self._trace())

    @documented_by(path_pieces.path_pieces)
    def pieces(self, eps: float, output: int | None = None) -> path_pieces.PathPieces:
        return path_pieces.path_pieces(self.network, self.points, self._trace(), eps, output)

    def plot(self, ax: Axes | None = None, output: int | None = None, **line: object) -> Axes:
        """Draw outputs along the path, and marks where it crosses boundaries, coloured by layer.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.
        output : int, optional
            Which one; all of them by default.
        **line
            For matplotlib's ``plot``.

        Returns
        -------
        Axes

        Raises
        ------
        OptionError

        Notes
        -----
        Outputs are affine between boundaries, so the lines are the outputs at every point of the path, rounded.
        """
        from polytope_lens.drawing.graphs import draw_path

        outputs = range(self.network.output_dim) if output is None else [check_output(self.network, output)]
        ends = self._ends()
        values = evaluate(self.network, self.embed(ends))[:, list(outputs)]
        layers = [flipped[0][0] for flipped in self.flips]
        return draw_path(ends, values, list(outputs), layers, len(self.network.layers), ax, **line)

    def _trace(self) -> sweep.Trace:
        return sweep.Trace(self.breakpoints, self.segments, self.packed_patterns, self.network.n_neurons)

    @kept
    def _ends(self) -> Floats:
        """Positions of the ends of the pieces, (k + 2,)."""
        return np.concatenate([[0.0], self.breakpoints, [len(self.points) - 1.0]])

    def _milestones(self) -> Floats:
        """Length of the path from its start to each of its points."""
        return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(self.points, axis=0), axis=1))])

    def _repr_html_(self) -> str:
        return path_card(repr(self), self._ends().tolist(), self.lengths.tolist(), self.flips)

    def __repr__(self) -> str:
        n = len(self.points) - 1
        shape = "straight" if n == 1 else f"{n} segments"
        return f"Path({len(self)} regions in R^{self.network.input_dim}, {shape}, length {self.length:.6g})"


def path(network: Network, x: ArrayLike, y: ArrayLike, *more: ArrayLike) -> Path:
    """Go straight from x to y, and on from point to point if there are more, and cut the way where the region changes.

    Parameters
    ----------
    network : Network
    x, y : (d,) arrays
        Start, and end or first corner.
    *more : (d,) arrays
        Where to go on to.

    Returns
    -------
    Path
        The regions crossed, where, and which neurons flip there.

    Raises
    ------
    DimensionError

    Notes
    -----
    Exact for any number of inputs, without linear programs, as `sweep.trace` says.
    Cost: twice 512 neurons behind 784 inputs, 506 breakpoints: 40 ms.
    Ten convolutions, 163,840 neurons: 1.4 ms and 20 kB for each region.
    Source: Hanin and Rolnick 2019, *Deep ReLU networks have surprisingly few activation patterns*, count the regions
    along lines between data points; Liu, Caglar, Peterson and Kirby 2023, *Integrating geometries of ReLU feedforward
    neural networks*, the neurons that flip there.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])
    >>> crossed = lens.path([-1, 0], [3, 2])
    >>> crossed.breakpoints, crossed.flips
    (array([0.25      , 0.33333333]), [[(0, 0)], [(0, 2)]])
    >>> [str(region.pattern) for region in crossed.regions]
    ['010', '110', '111']
    """
    corners = np.array([validate.point(point, network.input_dim, what="`path`") for point in (x, y, *more)])
    corners.flags.writeable = False
    found = sweep.trace(network, corners)
    arrays = (found.breakpoints, found.segments, found.packed_patterns)
    for array in arrays:
        array.flags.writeable = False
    return Path(network, corners, *arrays)
