"""The region of a point, and the regions of many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.domain import check_domain
from polytope_lens.errors import require
from polytope_lens.network.network import evaluate
from polytope_lens.network.pattern import ActivationPattern, hexadecimal, pack, sort_key, unpack
from polytope_lens.polyhedral_complex.locate import region_patterns
from polytope_lens.region import Region

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Ints, Words
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class RegionsAt:
    """The regions that hold given points, one for each point, in the order of the points.

    It has a length, an index and slices: ``regions[3]`` is a `Region`, ``regions[:10]`` again such a list.

    Parameters
    ----------
    network : Network
    domain : Box, Polytope or None
        What the regions are clipped to.
    points : (n, d) array
    packed_patterns : (n, n_words) uint64 array
        Activation patterns; `patterns` has them as bool.
    """

    network: Network
    domain: Domain
    points: Floats
    packed_patterns: Words

    def __post_init__(self) -> None:
        for array in (self.points, self.packed_patterns):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.points)

    @overload
    def __getitem__(self, index: int) -> Region: ...
    @overload
    def __getitem__(self, index: slice | Ints | Bools) -> RegionsAt: ...
    def __getitem__(self, index: int | slice | Ints | Bools) -> Region | RegionsAt:
        i = validate.picked(index, len(self), told=f"there are {len(self)} points", part="number")
        if not isinstance(i, int):
            return replace(self, points=self.points[i], packed_patterns=self.packed_patterns[i])
        bits = unpack(self.packed_patterns[i : i + 1], self.network.n_neurons)[0]
        return _region(self.network, bits, self.domain, self.points[i])

    def __iter__(self) -> Iterator[Region]:
        return (self[i] for i in range(len(self)))

    def patterns(self) -> Bools:
        """Activation patterns, (n, n_neurons) bool; exact."""
        return unpack(self.packed_patterns, self.network.n_neurons)

    def ids(self) -> Ints:
        """A number for the region of each point, (n,): points of one region share it. Counted in order of appearance.

        Examples
        --------
        >>> from polytope_lens import Lens
        >>> lens = Lens.from_arrays([[[1]], [[1]]], [[0], [0]])
        >>> lens.at([[3], [-1], [2]]).ids()
        array([0, 1, 0])
        """
        keys = sort_key(self.packed_patterns)
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[inverse]

    def to_frame(self) -> pd.DataFrame:
        """A row for each point.

        Returns
        -------
        pandas.DataFrame
            ``region``, the number of its region as in `ids`; ``pattern``, hexadecimal as in
            `ActivationPattern.hex`; ``on_0, on_1, ...``, for each layer how many of its neurons are on there;
            ``output_0, output_1, ...``, the network's values; rounded.

        Raises
        ------
        MissingExtraError
        """
        pandas = require("pandas", extra="data", purpose="`to_frame`")
        bits, outputs = self.patterns(), evaluate(self.network, self.points)
        columns = {"region": self.ids(), "pattern": hexadecimal(bits)}
        stops = np.cumsum(self.network.bits_per_layer)
        for layer, (size, stop) in enumerate(zip(self.network.bits_per_layer, stops, strict=True)):
            columns[f"on_{layer}"] = bits[:, stop - size : stop].sum(axis=1)
        columns |= {f"output_{k}": outputs[:, k] for k in range(self.network.output_dim)}
        return pandas.DataFrame(columns, index=pandas.RangeIndex(len(self), name="point"))

    def __repr__(self) -> str:
        n_regions = self.ids().max(initial=-1) + 1
        return f"RegionsAt({len(self)} points in {n_regions} regions of R^{self.network.input_dim})"


def at(network: Network, x: ArrayLike, domain: Domain = None) -> Region | RegionsAt:
    """The region that a point lies in, or those of many points, clipped to a domain if one is given; exact.

    A point on a boundary lies in several closed regions. The one returned is always the same: the one on the side of
    the first axis, then the second, and so on. Its pattern is that of a region with interior, which "positive or not"
    at the point itself need not be; `Region.vanishing` names the neurons that are zero there. In a domain it is
    the region of `Partition.locate`.

    Parameters
    ----------
    network : Network
    x : (d,) or (n, d) array
        One point, or one in each row.
    domain : Box, Polytope or None
        What to clip regions to; None is all of R^d. In a flat `Box` they are those of the slice that it is, and
        points have to lie on it exactly.

    Returns
    -------
    Region or RegionsAt
        The region of the one point; or a list of the regions of all, with length, index, slices and ``to_frame()``.

    Raises
    ------
    DimensionError, DomainError, OutsideDomainError

    Notes
    -----
    Cost: a forward pass; questions to the region have their own.

    Examples
    --------
    Three lines through the origin cut the plane into six regions, none of which has all neurons off.

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1], [-1, -1]], [[1, 1, 1]]], [[0, 0, 0], [0]])
    >>> lens.patterns([0, 0])
    array([[False, False, False]])
    >>> region = lens.at([0, 0])
    >>> print(region.pattern)
    110
    >>> region.vanishing()
    array([[0, 0],
           [0, 1],
           [0, 2]])
    >>> regions = lens.at([[1, 2], [1, -3], [2, 1]])
    >>> regions
    RegionsAt(3 points in 2 regions of R^2)
    >>> str(regions[1].pattern), regions.ids()
    ('101', array([0, 1, 0]))
    """
    domain = check_domain(domain, network.input_dim)
    if validate.is_one(x):
        point = validate.point(x, network.input_dim, what="`at`")
        return _region(network, region_patterns(network, point[None], domain)[0], domain, point)
    points = validate.points(x, network.input_dim, what="`at`")
    return RegionsAt(network, domain, points, pack(region_patterns(network, points, domain)))


def _region(network: Network, bits: Bools, domain: Domain, point: Floats) -> Region:
    return Region(network, ActivationPattern(tuple(bits.tolist()), network.bits_per_layer), domain, point)
