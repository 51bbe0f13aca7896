"""How much the network's affine map changes from a region to the next one.

Two regions that share a facet have maps that agree on it. So their matrices differ by a product of a column and a row:
the row is the normal of the facet, and the column says how the outputs' slopes change on the way across. If f and f'
are the maps, ``A' - A = change x normal``.

The neuron that comes first among those with different bits has the same pre-activation on both sides, since no neuron
of a layer before it has changed. Its gradient is the normal, found from the neuron back to the inputs. Where it is the
only one that flips, the change is what its own change of slope becomes on the way to the outputs. Where others flip
with it, the difference is carried on from layer to layer, ``s' z' - s z = s' (z' - z) + (s' - s) z``, along one
direction across the facet. In neither case are two maps subtracted, so small jumps have small errors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.batches import batches
from polytope_lens._places import DIRECTIONS, LAYERS
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.errors import OptionError
from polytope_lens.exact.forward import affine, quiet, scaled
from polytope_lens.exact.rows import ExactRows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.network.network import bit_places, slopes
from polytope_lens.network.pattern import unpack
from polytope_lens.polyhedral_complex.facet_table import neighbor_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition

# No column gets a bias: all are directions.
NOWHERE = slice(0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Jumps:
    """The change of the affine map across each facet between two regions.

    Parameters
    ----------
    regions : (n, 2) int array
        The regions on the two sides, as in `Facets`, without those on the boundary; rows ascend.
    layer, neuron : (n,) int arrays
        The first neuron that flips there.
    changes : (n, out) array
        How much the slope of each output changes, in units of that neuron's pre-activation.
    normals : (n, d) array
        The gradient of that pre-activation: ``A_second - A_first = np.outer(change, normal)``.
    sizes : (n,) array
        Norm of the difference of the two matrices. Where it and its error are 0, nothing bends for certain.
    errors : (n,) array
        Proved bounds on how far each size is from the exact one; zeros where they are fractions.
    """

    regions: Ints
    layer: Ints = field(metadata=LAYERS)
    neuron: Ints
    changes: NDArray[Any]
    normals: NDArray[Any] = field(metadata=DIRECTIONS)
    sizes: NDArray[Any]
    errors: NDArray[Any]

    def __len__(self) -> int:
        return len(self.regions)

    def __repr__(self) -> str:
        if not len(self):
            return "Jumps(0 facets between two regions)"
        sizes = self.sizes.astype(np.float64)
        return f"Jumps({len(self)} facets between two regions, sizes {sizes.min():.6g} to {sizes.max():.6g})"


class Bends(NamedTuple):
    """Changes and normals of n boundaries as columns, with bounds on their errors."""

    changes: Floats
    change_errors: Floats
    normals: Floats
    normal_errors: Floats


@asked_on_flat
def jumps(partition: Partition, norm: float = 2, output_norm: float | None = None, *, exact: bool = False) -> Jumps:
    """How much the affine map changes across each facet between two regions.

    The norm of the difference of two maps' matrices is the greatest change of slope in any direction. It is zero where
    nothing bends although a neuron flips: its slopes are the same, or nothing of it reaches an output.

    Parameters
    ----------
    partition : Partition
    norm, output_norm : 1, 2 or inf
        The norms p of inputs and q of outputs; q is p if not given. The size is the operator norm from one to the
        other, which is ``|change|_q`` times the dual norm of the normal.
    exact : bool
        Fractions instead of floats, with (1 or inf) for both norms. Of the Euclidean norm, squares are fractions:
        those of `changes`, summed up, times those of `normals`.

    Raises
    ------
    OptionError

    Notes
    -----
    Proved: floats with bounds on their errors, or fractions. A partition that is not complete has the facets between
    regions that it lists. Cost: that of `adjacency`, and two products of a matrix and a vector for each layer
    and facet; with `exact`, milliseconds for each facet.

    Examples
    --------
    Crossing an axis changes nothing where the second layer, x + y > 1, passes nothing on:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]], [[3]]], [[0, 0], [-1], [0]])
    >>> found = lens.partition().function.jumps()
    >>> found
    Jumps(9 facets between two regions, sizes 0 to 4.24264)
    >>> found.sizes.round(3).tolist()
    [0.0, 0.0, 3.0, 0.0, 3.0, 3.0, 0.0, 3.0, 4.243]
    """
    p, q = _norms(norm, output_norm, exact=exact)
    network, n = partition.network, len(partition)
    pairs = neighbor_pairs(partition, np.arange(n))
    pairs = pairs[np.lexsort(pairs.T[::-1])].reshape(-1, 2)
    if exact:
        return _exact(partition, pairs, p, q)
    changes, normals = np.empty((len(pairs), network.output_dim)), np.empty((len(pairs), network.input_dim))
    sizes, errors, first = np.empty(len(pairs)), np.empty(len(pairs)), np.empty(len(pairs), dtype=np.int64)
    for at in batches(len(pairs), 4 * max(network.input_dim, network.output_dim, *network.widths, 1)):
        before, after = (unpack(partition.packed_patterns[side], network.n_neurons) for side in pairs[at].T)
        first[at] = first_flips(before, after)
        found = bends(network, before, after)
        changes[at], normals[at] = found.changes.T, found.normals.T
        sizes[at], errors[at] = rank_one_norms(found, p, q)
    layer, neuron = _places(network, first)
    return Jumps(pairs, layer, neuron, changes, normals, sizes, errors)


def _norms(norm: float, output_norm: float | None, *, exact: bool) -> tuple[float, float]:
    p = validate.norm(norm)
    q = p if output_norm is None else validate.norm(output_norm, "`output_norm`")
    for name, value in (("norm", p), ("output_norm", q)):
        if exact and value == 2:
            raise OptionError(
                f"exact jumps are measured in the norms 1 and inf, since Euclidean lengths are roots, but {name}=2 was "
                'asked for. Choose `norm=float("inf")`: the exact `changes` and `normals` are the same in all norms, '
                "and their squares add up to that of the Euclidean size."
            )
    return p, q


def _places(network: Network, bits: Ints) -> tuple[Ints, Ints]:
    """Layer and neuron of each bit."""
    layer, neuron = np.array(bit_places(network), dtype=np.int64).reshape(-1, 2)[bits].T
    return layer, neuron


def first_flips(before: Bools, after: Bools) -> Ints:
    """The first bit that differs in each pair of patterns, (n,)."""
    return np.asarray((before != after).argmax(axis=1)) if before.size else np.zeros(len(before), dtype=np.int64)


def bends(network: Network, before: Bools, after: Bools) -> Bends:
    """What changes between pairs of patterns (n, n_neurons) of regions that share a facet."""
    n = len(before)
    first = first_flips(before, after)
    layers, neurons = _places(network, first)
    rises, lone = after[np.arange(n), first], (before != after).sum(axis=1) == 1
    found = Bends(*(np.zeros((m, n)) for m in (network.output_dim,) * 2 + (network.input_dim,) * 2))
    for layer in np.unique(layers).tolist():
        at = np.flatnonzero(layers == layer)
        found.normals[:, at], found.normal_errors[:, at] = normals(network, layer, neurons[at], before[at])
        one = at[lone[at]]
        found.changes[:, one], found.change_errors[:, one] = _passed_on(
            network, layer, neurons[one], after[one], rises[one]
        )
    several = np.flatnonzero(~lone)
    if several.size:
        # Along the axis that is most nearly at a right angle to the facet
        axis = np.abs(found.normals[:, several]).argmax(axis=0)
        direction = (np.arange(network.input_dim)[:, None] == axis).astype(np.float64)
        value, error = change_along(network, direction, before[several], after[several])
        step = found.normals[axis, several], found.normal_errors[axis, several]
        found.changes[:, several], found.change_errors[:, several] = _quotient(value, error, *step)
    return found


def _quotient(value: Floats, error: Floats, by: Floats, by_error: Floats) -> tuple[Floats, Floats]:
    """Numbers divided by others, and bounds on the errors: ``|v/b - V/B| <= (e + |v/b| e_b) / |B|``."""
    with np.errstate(all="ignore"):
        found = value / by
        least = np.abs(by) - by_error
        bound = (error + np.abs(found) * (by_error + 4 * UNIT_ROUNDOFF * np.abs(by))) / least
        bound = np.where(least > 0, bound * BOUND_SLACK + UNDERFLOW_GUARD, inf)
        return found, np.where((value == 0) & (error == 0), 0.0, bound)


def normals(network: Network, layer: int, neurons: Ints, bits: Bools) -> tuple[Floats, Floats]:
    """Gradients of pre-activations of one layer, one under each pattern, (d, n), and bounds on their errors."""
    chosen, place = np.unique(neurons, return_inverse=True) if layer == 0 else (neurons, np.arange(len(neurons)))
    value = _columns(network.layers[layer].weight.T, chosen)
    if layer == 0:
        return value[:, place], np.zeros((len(value), len(place)))
    error = np.zeros(value.shape)
    on = slopes(network.layers[:layer], bits)
    with quiet():
        for index in reversed(range(layer)):
            value, error = scaled(on[index].T, value, error)
            weight: Any = network.layers[index].factor().T
            value, error = affine(weight, np.zeros(weight.shape[0]), value, error, NOWHERE)
    return value, error


def _passed_on(network: Network, layer: int, neurons: Ints, after: Bools, rises: Bools) -> tuple[Floats, Floats]:
    """What becomes of one neuron's change of slope at the outputs, (out, n), where it alone goes on (or off)."""
    here, behind = network.layers[layer], network.layers[layer + 1 :]
    negative, positive = here.negative_slope[neurons], here.positive_slope[neurons]
    step = np.where(rises, positive - negative, negative - positive)
    rounding = np.where((negative == 0) | (positive == 0), 0.0, UNIT_ROUNDOFF * np.abs(step))
    matrices: list[Any] = [*(following.factor() for following in behind), network.output_weight]
    with quiet():
        value, error = _times(_columns(matrices[0], neurons), step, rounding)
        for slope, matrix in zip(slopes(network.layers, after)[layer + 1 :], matrices[1:], strict=True):
            value, error = scaled(slope.T, value, error)
            value, error = affine(matrix, np.zeros(matrix.shape[0]), value, error, NOWHERE)
    return value, error


def _times(value: Floats, step: Floats, rounding: Floats) -> tuple[Floats, Floats]:
    """Exact columns times a number each that was rounded, and bounds on the errors."""
    product = value * step
    whole = (np.abs(step) == 1) & (rounding == 0)
    bound = (np.abs(value) * rounding + UNIT_ROUNDOFF * np.abs(product)) * BOUND_SLACK + UNDERFLOW_GUARD
    return product, np.where(whole | (value == 0) | (step == 0), 0.0, bound)


def _columns(matrix: Any, chosen: Ints) -> Floats:
    """Some columns of a weight, dense."""
    if isinstance(matrix, np.ndarray):
        return np.ascontiguousarray(matrix[:, chosen])
    found: Floats = matrix.tocsc()[:, chosen].toarray()
    return found


def change_along(network: Network, directions: Floats, before: Bools, after: Bools) -> tuple[Floats, Floats]:
    """Differences of two maps' slopes along directions, (d, n) -> (out, n), and bounds on their errors.

    From the first pattern to the second one, whichever bits differ.
    """
    value, error = directions, np.zeros(directions.shape)
    change, change_error = np.zeros(directions.shape), np.zeros(directions.shape)
    pairs = zip(network.layers, slopes(network.layers, before), slopes(network.layers, after), strict=True)
    with quiet():
        for layer, old, new in pairs:
            matrix, nothing = layer.factor(), np.zeros(layer.width)
            value, error = affine(matrix, nothing, value, error, NOWHERE)
            change, change_error = affine(matrix, nothing, change, change_error, NOWHERE)
            kept, kept_error = scaled(new.T, change, change_error)
            # Where slopes differ, what the neuron had is now multiplied by another one.
            step = new.T - old.T
            exact_step = (old.T == 0) | (new.T == 0) | (step == 0)
            turned, turned_error = scaled(step, value, error)
            turned_error = turned_error + np.where(
                exact_step, 0.0, 2 * UNIT_ROUNDOFF * np.abs(step) * (np.abs(value) + error)
            )
            change = kept + turned
            change_error = kept_error + turned_error
            is_sum = (kept != 0) & (turned != 0)
            change_error = np.where(is_sum, (change_error + UNIT_ROUNDOFF * np.abs(change)) * BOUND_SLACK, change_error)
            value, error = scaled(old.T, value, error)
        matrix = network.output_weight
        return affine(matrix, np.zeros(matrix.shape[0]), change, change_error, NOWHERE)


def rank_one_norms(found: Bends, p: float, q: float) -> tuple[Floats, Floats]:
    """``|change|_q |normal|_p*`` of each boundary, and bounds on the errors, (n,) each."""
    dual = {1.0: inf, 2.0: 2.0, inf: 1.0}[p]
    u, u_error = vector_norms(found.changes, found.change_errors, q)
    v, v_error = vector_norms(found.normals, found.normal_errors, dual)
    return product_with_error(u, u_error, v, v_error)


def product_with_error(u: Floats, u_error: Floats, v: Floats, v_error: Floats) -> tuple[Floats, Floats]:
    """Products of numbers that are known within errors, and bounds on theirs."""
    with quiet():
        size = u * v
        bound = np.abs(u) * v_error + u_error * np.abs(v) + u_error * v_error + UNIT_ROUNDOFF * np.abs(size)
        bound = bound * BOUND_SLACK + UNDERFLOW_GUARD
    return size, np.where(((u == 0) & (u_error == 0)) | ((v == 0) & (v_error == 0)), 0.0, bound)


def vector_norms(values: Floats, errors: Floats, order: float) -> tuple[Floats, Floats]:
    """Norms of columns, (m, n) -> (n,), and bounds on how far they are from those of the exact ones.

    The norm of the errors bounds what they do (the triangle inequality). A Euclidean norm is computed of numbers
    divided by the greatest, so that no square is out of range.
    """
    with quiet():
        size, inherited = (_rounded_norms(array, order) for array in (values, errors))
        bound = (inherited * (1 + summation_bound(len(values) + 6)) + summation_bound(len(values) + 6) * size) + (
            UNDERFLOW_GUARD
        )
        is_exact = (inherited == 0) & ((order == inf) | (np.count_nonzero(values, axis=0) < 2))
    return size, np.where(is_exact, 0.0, bound * BOUND_SLACK)


def _rounded_norms(values: Floats, order: float) -> Floats:
    size = np.abs(values)
    if order == 1:
        return np.asarray(size.sum(axis=0))
    greatest = size.max(axis=0, initial=0.0)
    if order == inf:
        return np.asarray(greatest)
    share = size / np.where(greatest > 0, greatest, 1.0)
    return np.asarray(greatest * np.sqrt(np.einsum("mn,mn->n", share, share)))


def _exact(partition: Partition, pairs: Ints, p: float, q: float) -> Jumps:
    network, bits = partition.network, partition.patterns()
    sources = ExactRows(network), ExactRows(network)
    first = first_flips(bits[pairs[:, 0]], bits[pairs[:, 1]])
    layer, neuron = _places(network, first)
    changes = np.empty((len(pairs), network.output_dim), dtype=object)
    normal = np.empty((len(pairs), network.input_dim), dtype=object)
    sizes = np.empty(len(pairs), dtype=object)
    outputs = len(network.layers)
    for i, (one, other) in enumerate(pairs.tolist()):
        row, scale = sources[0].scaled_row(int(layer[i]), int(neuron[i]), bits[one])
        (old, unit), (new, _) = (
            source.scaled_rows(outputs, bits[region]) for source, region in zip(sources, (one, other), strict=True)
        )
        k = next(j for j, v in enumerate(row) if v)
        normal[i] = [Fraction(int(v), int(scale)) for v in row[:-1]]
        changes[i] = [Fraction(int(b[k] - a[k]), int(unit)) / normal[i, k] for a, b in zip(old, new, strict=True)]
        sizes[i] = _exact_norm(changes[i], q) * _exact_norm(normal[i], inf if p == 1 else 1)
    nothing = np.array([Fraction(0)] * len(pairs), dtype=object)
    return Jumps(pairs, layer, neuron, changes, normal, sizes, nothing)


def _exact_norm(values: Sequence[Fraction] | NDArray[np.object_], order: float) -> Fraction:
    sizes = [abs(v) for v in values]
    return max(sizes) if order == inf else sum(sizes, Fraction(0))
