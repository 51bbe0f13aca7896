"""Flat boxes: a network and a box that fixes some of its inputs, as a network of the free ones and a box of these.

All questions are asked there, of a network like any other, and answers are embedded: this module is the only place that
knows how. A layer that only passes values on puts the free inputs and the fixed ones side by side. Its weights are 0
and 1 and its biases the fixed inputs, so nothing is rounded; it has no bits, so patterns stay as they are; and layers
are counted without it. Types of answers say which of their
fields are places, see `_places`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens._kept import answers
from polytope_lens._places import ROLE
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.domain import Box
from polytope_lens.errors import OutsideDomainError
from polytope_lens.network.network import pass_through_layer
from polytope_lens.network.subspace import Flat, restrict

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Matrix
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class FlatDomain:
    """A network and a flat box, seen from the flat.

    Parameters
    ----------
    network : Network
        The network as a function of its free inputs; its layers come after one that puts all inputs together.
    domain : Box
        What the box leaves of the free inputs, in R^k.
    free : (k,) int array
        Which inputs are free, ascending.
    point : (d,) array
        A corner of the box, which has the fixed inputs.
    """

    network: Network
    domain: Box
    free: Ints
    point: Floats

    @property
    def matrix(self) -> Floats:
        """Where the flat lies, ``[x; 1] = matrix @ [y; 1]``, (d + 1, k + 1); exact."""
        d, k = len(self.point), len(self.free)
        found = np.zeros((d + 1, k + 1))
        found[:d, k] = self.embed(np.zeros(k))
        found[self.free, np.arange(k)] = found[d, k] = 1.0
        return found

    @property
    def sides(self) -> Ints:
        """The sides of the box of free inputs, as the flat box numbers them, (2 k,)."""
        return np.concatenate([self.free, self.free + len(self.point)])

    def embed(self, points: Any) -> Any:
        """Coordinates on the flat, (..., k), as inputs of the whole network, (..., d); floats or fractions, exact."""
        return self._filled(points, self.point)

    def directions(self, vectors: Any) -> NDArray[Any]:
        """Directions on the flat, (..., k), or rows' normals, as such of the whole space, (..., d); exact."""
        return self._filled(vectors, np.zeros_like(self.point))

    def _filled(self, rows: Any, fixed: Floats) -> NDArray[Any]:
        array = np.asarray(rows)
        found = np.empty((*array.shape[:-1], len(fixed)), dtype=array.dtype)
        found[...] = [fraction(v) for v in fixed.tolist()] if array.dtype == object else fixed
        found[..., self.free] = array
        return found

    def coordinates(self, X: Floats, *, what: str) -> Floats:
        """Coordinates on the flat of points of it, (n, d) -> (n, k); exact.

        Raises
        ------
        OutsideDomainError
            A point that has other numbers where the box fixes them.
        """
        fixed = np.setdiff1d(np.arange(len(self.point)), self.free)
        outside = np.argwhere(X[:, fixed] != self.point[fixed])
        if len(outside):
            i, k = int(outside[0, 0]), int(fixed[outside[0, 1]])
            raise OutsideDomainError(
                f"{what} needs points on the flat that the domain is, where coordinate {k} is {self.point[k]}, but of "
                f"point {i} it is {X[i, k]}. Leave such points out, or set them to that."
            )
        return np.ascontiguousarray(X[:, self.free])

    def owners(self, layer: Ints, neuron: Ints) -> tuple[Ints, Ints]:
        """Owners of rows as the whole network and the flat box number them: layers, -1 for the domain, and neurons."""
        is_side = layer < 0
        return np.where(is_side, -1, layer - 1), np.where(is_side, self.sides[np.where(is_side, neuron, 0)], neuron)

    def pairs(self, owners: Any) -> list[tuple[int, int]]:
        """The same for owners that are pairs (layer, neuron)."""
        array = np.asarray(owners, dtype=np.int64).reshape(-1, 2)
        layer, neuron = self.owners(*array.T)
        return list(zip(layer.tolist(), neuron.tolist(), strict=True))

    def embedded(self, found: Any) -> Any:
        """An answer from the flat, in the coordinates, layers and sides of the whole network and the flat box.

        Other answers than dataclasses, and other fields than those that have a role, are what they are.
        """
        if not is_dataclass(found) or isinstance(found, type):
            return found
        values = {entry.name: getattr(found, entry.name) for entry in fields(found)}
        changed: dict[str, Any] = {}
        for entry in fields(found):
            role, value = entry.metadata.get(ROLE), values[entry.name]
            if role is None or value is None:
                continue
            if role == "layers":
                changed[entry.name], changed["neuron"] = self.owners(value, values["neuron"])
            else:
                changed[entry.name] = self._in_role(role, value)
        return replace(found, **changed)

    def _in_role(self, role: str, value: Any) -> Any:
        if role == "points":
            return self.embed(value)
        if role == "directions":
            return self.directions(value)
        if role == "owners":
            return self.pairs(value)
        if role == "axes":
            return tuple(self.free[list(value)].tolist())
        return self.embedded(value)


class Clipped(Protocol):
    """A region, or a partition."""

    @property
    def network(self) -> Network:
        """The whole network."""

    @property
    def domain(self) -> Domain:
        """What it is clipped to."""

    @property
    def on_flat(self) -> Any:
        """The same on the flat that the domain is; None if it is none."""


S = TypeVar("S", bound=Clipped)


def flat_domain(network: Network, domain: Domain) -> FlatDomain | None:
    """The view from a flat box; None for other domains. The last one is kept with the box.

    Notes
    -----
    Exact. Where the first layer is sparse, so is the one that is put before it.
    """
    if not isinstance(domain, Box) or not domain.is_flat:
        return None
    known: tuple[Network, FlatDomain] | None = answers(domain).get(flat_domain)
    if known is None or known[0] != network:
        known = answers(domain)[flat_domain] = network, _seen(network, domain)
    return known[1]


def _seen(network: Network, domain: Box) -> FlatDomain:
    free, shape = domain.free, (domain.dim, len(domain.free))
    first = network.layers[0].weight if network.layers else network.output_weight
    matrix: Matrix
    if isinstance(first, np.ndarray):
        matrix = np.zeros(shape)
        matrix[free, np.arange(len(free))] = 1.0
    else:
        matrix = sparse.csr_array((np.ones(len(free)), (free, np.arange(len(free)))), shape=shape)
    bias = domain.lower.copy()
    bias[free] = 0.0
    flat = Flat((pass_through_layer(matrix, bias),))
    return FlatDomain(restrict(network, flat), Box(domain.lower[free], domain.upper[free]), free, domain.lower)


def flat_of(subject: Clipped) -> FlatDomain | None:
    """The view from the flat that a region or partition is clipped to; None if it is clipped to none."""
    return flat_domain(subject.network, subject.domain)


def within(subject: S) -> S:
    """A region or partition on the flat that it is clipped to; itself, if it is clipped to none."""
    found: S | None = subject.on_flat
    return subject if found is None else found


def asked_on_flat(function: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Let a function of a region or partition be asked on the flat that it is clipped to, and embed the answer."""
    return _asked(function, FlatDomain.embedded)


def asked_for_points(function: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """The same for a function whose answer is an array of points."""
    return _asked(function, FlatDomain.embed)


def _asked(
    function: Callable[Concatenate[S, P], R], embed: Callable[[FlatDomain, Any], Any]
) -> Callable[Concatenate[S, P], R]:
    @wraps(function)
    def ask(subject: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        flat = flat_of(subject)
        if flat is None:
            return function(subject, *args, **kwargs)
        answer: R = embed(flat, function(subject.on_flat, *args, **kwargs))
        return answer

    return ask
