"""What may stand at the very end of a model: maps that are not piecewise affine, but keep the order of their values.

Such a map is left out, and what went into it takes the place of what came out. What a model does with its results
afterwards is followed as long as it only moves and picks them, and refused if the answer would be another one: outputs
are those of the model without the map, in the model's order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.errors import UnsupportedLayerError
from polytope_lens.importers import graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Ints


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """A map at the end, and what it was applied to.

    Parameters
    ----------
    name, where : str
        The map (or maps, one after the other), and where it stands, for people.
    before : Tensor
        What went into it.
    groups : int array of the shape of `before`, or None
        Values of one group come out in the order in which they went in. None: each value comes out as a strictly
        increasing function of itself.
    positive : bool
        Whether all that comes out is greater than 0.
    takes_largest : bool
        Of each group only the place of its largest value comes out.
    operations : tuple
        What the importer knows the maps by.
    """

    name: str
    where: str
    before: graph.Tensor
    groups: Ints | None
    positive: bool = False
    takes_largest: bool = False
    operations: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """Some of the values that come out of an end, by their places: an array of any shape; -1 for any other number."""

    end: End
    places: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return self.places.shape

    def picked(self, index: NDArray[np.int64]) -> Ended:
        """Values of these, by their place in C order; -1 for any other number."""
        flat = np.append(self.places.ravel(), -1)
        return replace(self, places=flat[index])


@dataclass(frozen=True, slots=True, eq=False)
class WithoutEnd:
    """What takes the place of values that an end put out.

    Parameters
    ----------
    tensor : Tensor
    name : str
        The end that was left out.
    meaning : str
        What the outputs are, where they are not simply what went into the end.
    """

    tensor: graph.Tensor
    name: str
    meaning: str = ""


def increasing(
    value: graph.Tensor | Ended, name: str, where: str, operation: object = None, *, positive: bool = False
) -> Ended:
    """A function that increases strictly, applied to each value by itself."""
    if isinstance(value, graph.Tensor):
        return _whole(End(name, where, value, None, positive, operations=(operation,)))
    if value.end.takes_largest:
        raise refusal(value.end, f"which place is the largest goes into {name}, so the network is not continuous")
    end = value.end
    names, operations = f"{end.name}, {name}", (*end.operations, operation)
    return replace(value, end=replace(end, name=names, positive=positive, operations=operations))


def softmax(
    value: graph.Tensor | Ended,
    axes: Sequence[int],
    name: str,
    where: str,
    operation: object = None,
    *,
    positive: bool = True,
) -> Ended:
    """Softmax over some axes, or its logarithm."""
    if isinstance(value, Ended):
        raise refusal(value.end, f"its result goes into {name}")
    if math.prod(value.shape[axis] for axis in axes) < 2:
        raise UnsupportedLayerError(
            f"{where} is taken over {_axes(axes)} of a tensor of shape {value.shape}, which holds one value of each "
            "sample: its output is constant, or mixes the samples of a batch. Take it over the axis of the classes."
        )
    return _whole(End(name, where, value, _groups(value.shape, axes), positive, operations=(operation,)))


def largest(
    value: graph.Tensor | Ended, axes: Sequence[int], *, keep: bool, name: str, where: str, operation: object = None
) -> Ended:
    """The place of the largest value over some axes."""
    before: graph.Tensor | Ended = value
    operations: tuple[object, ...] = (operation,)
    if isinstance(value, Ended):
        end, places = value.end, value.places
        known = places.min(initial=0) >= 0 and not end.takes_largest
        if known and end.groups is not None:
            members = np.moveaxis(end.groups.ravel()[places], axes, range(-len(axes), 0))
            known = bool((np.ptp(members.reshape(-1, math.prod(places.shape[a] for a in axes)), axis=1) == 0).all())
        if not known:
            raise refusal(end, f"its result goes into {name}, which compares values that it did not keep in order")
        before = graph.gather([end.before], places)
        name, where, operations = f"{end.name}, {name}", end.where, (*end.operations, operation)
    assert isinstance(before, graph.Tensor)
    if math.prod(before.shape[axis] for axis in axes) < 2:
        raise UnsupportedLayerError(
            f"{where} is taken over {_axes(axes)} of a tensor of shape {before.shape}, which holds one value of each "
            "sample: its output is constant, or mixes the samples of a batch. Take it over the axis of the classes."
        )
    groups = _groups(before.shape, axes)
    shape = tuple(1 if i in axes else n for i, n in enumerate(before.shape) if keep or i not in axes)
    return Ended(End(name, where, before, groups, False, True, operations), graph.positions(shape))


def joined(parts: Sequence[Ended], index: NDArray[np.int64]) -> Ended | None:
    """Values picked from several of these laid end to end; None if they are of several ends."""
    if any(part.end is not parts[0].end for part in parts):
        return None
    flat = np.concatenate([*(part.places.ravel() for part in parts), [-1]])
    return Ended(parts[0].end, flat[index])


def without(ended: Ended) -> WithoutEnd:
    """What takes the place of the values that an end put out.

    Raises
    ------
    UnsupportedLayerError
        They say something else than what went into the end: one class of several, whose probability is no function of
        its own logit; other numbers among them; some of the labels.
    """
    end = ended.end
    first, second = pairs(ended)
    if end.takes_largest:
        return WithoutEnd(end.before, end.name, "the values among which the model takes the largest")
    if second is None:
        return WithoutEnd(graph.gather([end.before], first), end.name)
    difference = graph.add([graph.gather([end.before], places) for places in (first, second)], [1, -1])
    meaning = "of two classes the logit of the one minus that of the other, 0 where both are equally probable"
    return WithoutEnd(difference, end.name, meaning)


def pairs(ended: Ended) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """For each value the place of what it stands for among what went into the end, and of what is subtracted from it.

    Raises
    ------
    UnsupportedLayerError
        As `without`.
    """
    end, places = ended.end, ended.places
    if places.size == 0 or places.min() < 0:
        raise refusal(end, "other numbers are joined to its result")
    if end.takes_largest:
        assert end.groups is not None
        if not np.array_equal(places.ravel(), np.arange(int(end.groups.max()) + 1)):
            raise refusal(end, "only some of its results are used, or in another order")
        return graph.positions(end.before.shape), None
    if end.groups is None:
        return places, None
    groups = end.groups.ravel()
    chosen = np.unique(places)
    n_chosen = np.bincount(groups[chosen], minlength=int(groups.max()) + 1)[groups[places]]
    n_classes = np.bincount(groups)[groups[places]]
    if (n_chosen > 1).all():
        return places, None
    if (n_chosen == 1).all() and (n_classes == 2).all():
        sums = np.bincount(groups, weights=np.arange(groups.size)).astype(np.int64)
        return places, sums[groups[places]] - places
    raise refusal(
        end, f"one of its {int(n_classes[n_chosen == 1].max())} classes is picked, and its probability is no function "
        "of its own logit"
    )  # fmt: skip


def _whole(end: End) -> Ended:
    return Ended(end, graph.positions(end.before.shape))


def _groups(shape: Sequence[int], axes: Sequence[int]) -> NDArray[np.int64]:
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    return np.broadcast_to(graph.positions(kept), tuple(shape))


def _axes(axes: Sequence[int]) -> str:
    return f"ax{'i' if len(axes) == 1 else 'e'}s {', '.join(map(str, axes))}"


def refusal(end: End, reason: str) -> UnsupportedLayerError:
    """Refuse what becomes of the result of an end, in the words "but here <reason>"."""
    return UnsupportedLayerError(
        f"{end.where} is not piecewise affine, so the network has no polytopes. At the very end it is left out, but "
        f"here {reason}. Look at what goes into it instead: let the model return that, or say `outputs`."
    )
