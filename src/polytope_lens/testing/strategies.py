"""Networks, domains and points on which geometry goes wrong most easily; failing examples print as code."""

from __future__ import annotations

from math import ldexp
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from hypothesis import strategies as st
from hypothesis.vendor import pretty

from polytope_lens._arrays.validate import option
from polytope_lens.domain import Box
from polytope_lens.network.network import Layer, Network
from polytope_lens.polytope import Polytope

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.domain import Domain

    Numbers = Literal["any", "integer", "dyadic", "float", "wild"]
    Activations = Literal["any", "relu", "leaky"]


_NUMBERS: dict[str, SearchStrategy[float]] = {
    "integer": st.integers(-3, 3).map(float),
    "dyadic": st.integers(-24, 24).map(lambda n: n / 8),
    "float": st.one_of(st.integers(-3, 3).map(float), st.floats(2.0**-10, 4), st.floats(-4, -(2.0**-10))),
    "wild": st.builds(lambda m, e: ldexp(m, e), st.integers(-255, 255), st.integers(-1074, 1000)),
}
# Lists to draw from go from plain to odd, which is how examples shrink; what is listed more often comes more often.
_FRESH, _CENTRAL, _REPEATED, _PARALLEL, _DEAD, _FAR = "fresh", "central", "repeated", "parallel", "dead", "far"
_FIRST_KINDS = (*[_FRESH] * 8, *[_CENTRAL] * 3, _DEAD, _FAR)
_KINDS = (*_FIRST_KINDS, _REPEATED, _PARALLEL)
_ACTIVATIONS = ("relu", "relu", "leaky", "leaky", "each its own", "each its own", "pass-through")
_SIDES = (*[(-1.0, 1.0)] * 3, *[(-2.0, 2.0)] * 3, (-4.0, 4.0), (-64.0, 64.0), (0.0, 1.0), (-1.5, 0.25), (0.25, 0.375))
_FACTORS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.25)
_SLOPES = (0.0, 0.125, 0.01, 1.0, -1.0, -0.5, 2.0)


@st.composite
def networks(
    draw: DrawFn,
    input_dim: int | SearchStrategy[int] = 2,
    *,
    max_depth: int = 3,
    max_width: int = 4,
    output_dim: int | SearchStrategy[int] = 1,
    min_depth: int = 0,
    weights: Numbers = "any",
    activations: Activations = "any",
    biases: bool = True,
) -> Network:
    """Small networks, most of them degenerate.

    Parameters
    ----------
    input_dim, output_dim : int, or a strategy for integers
    min_depth, max_depth : int
        Numbers of hidden layers; 0 is an affine map.
    max_width : int
        Most neurons in a layer.
    weights : "any", "integer", "dyadic", "float" or "wild"
        Integers between -3 and 3; eighths between -3 and 3; floats between -4 and 4; floats of all sizes, which "any"
        leaves out.
    activations : "any", "relu" or "leaky"
        "leaky" has one positive negative slope; "any" has any pair of slopes, one for each neuron, and neurons and
        layers that pass their values through.
    biases : bool
        False makes all biases zero, so that every region is a cone.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(networks(2, max_depth=2, activations="relu"))
    ... def test_something(network): ...
    """
    option(weights, name="`weights`", allowed=["any", *_NUMBERS])
    option(activations, name="`activations`", allowed=["any", "relu", "leaky"])
    numbers = _NUMBERS[draw(st.sampled_from(("integer", "dyadic", "float"))) if weights == "any" else weights]
    width = input_dim if isinstance(input_dim, int) else draw(input_dim)
    outputs = output_dim if isinstance(output_dim, int) else draw(output_dim)
    leak = draw(st.sampled_from((0.125, 0.01, 0.5))) if activations == "leaky" else 0.0
    layers = []
    for _ in range(draw(st.sampled_from([min_depth, *range(min_depth, max_depth + 1), max_depth]))):
        n = draw(st.sampled_from([k for k in range(1, max_width + 1) for _ in range(k)]))
        rows = draw(_neurons(n, width, numbers, biases))
        negative, positive, cuts = np.full(n, leak), np.ones(n), np.ones(n, dtype=bool)
        if activations == "any":
            negative, positive, cuts = draw(_activation(n))
        layers.append(Layer(rows[:, :-1], rows[:, -1], negative, positive, cuts))
        width = n
    output = draw(_neurons(outputs, width, numbers, biases))
    return Network(tuple(layers), output[:, :-1], output[:, -1])


@st.composite
def _neurons(draw: DrawFn, n: int, inputs: int, numbers: SearchStrategy[float], biases: bool) -> Floats:
    """Rows ``[weights, bias]`` of a layer."""
    rows = np.zeros((n, inputs + 1))
    for j in range(n):
        kind = draw(st.sampled_from(_KINDS if j else _FIRST_KINDS))
        if kind == _REPEATED:
            rows[j] = draw(st.sampled_from(_FACTORS)) * rows[draw(st.integers(0, j - 1))]
        elif kind == _PARALLEL:
            rows[j] = rows[draw(st.integers(0, j - 1))]
        elif kind != _DEAD:
            rows[j, :-1] = [draw(numbers) for _ in range(inputs)]
        if kind in (_FRESH, _PARALLEL, _DEAD):
            rows[j, -1] = draw(numbers)
        elif kind == _FAR:
            rows[j, -1] = draw(st.sampled_from((1000.0, -1000.0)))
    if not biases:
        rows[:, -1] = 0.0
    return rows


@st.composite
def _activation(draw: DrawFn, n: int) -> tuple[Floats, Floats, Bools]:
    kind = draw(st.sampled_from(_ACTIVATIONS))
    if kind == "pass-through":
        return np.ones(n), np.ones(n), np.zeros(n, dtype=bool)
    if kind != "each its own":
        slope = 0.0 if kind == "relu" else draw(st.sampled_from(_SLOPES))
        return np.full(n, slope), np.ones(n), np.ones(n, dtype=bool)
    negative = np.array([draw(st.sampled_from(_SLOPES)) for _ in range(n)])
    positive = np.array([draw(st.sampled_from((1.0, *_SLOPES))) for _ in range(n)])
    cuts = np.array([draw(st.booleans()) for _ in range(n)]) | (negative != positive)
    return negative, positive, cuts


@st.composite
def boxes(draw: DrawFn, dim: int) -> Box:
    """Boxes with dyadic corners: around the origin, beside it, long and thin, with the origin on a side."""
    sides = np.array([draw(st.sampled_from(_SIDES)) for _ in range(dim)])
    return Box(sides[:, 0], sides[:, 1])


@st.composite
def flat_boxes(draw: DrawFn, dim: int) -> Box:
    """Boxes of which some coordinates are fixed and some are free, in at least two dimensions."""
    around = draw(boxes(dim))
    order = draw(st.permutations(range(dim)))
    fixed = order[: draw(st.integers(1, dim - 1))]
    lower, upper = around.lower.copy(), around.upper.copy()
    lower[fixed] = upper[fixed] = [
        draw(st.one_of(st.sampled_from((0.0, 0.5, -1.0, 0.1)), st.floats(lower[k], upper[k]))) for k in fixed
    ]
    return Box(lower, upper)


@st.composite
def simplices(draw: DrawFn, dim: int) -> Polytope:
    """Bounded polytopes with dim + 1 facets: the corner of a box, cut off."""
    lower = draw(boxes(dim)).lower
    length = draw(st.sampled_from((2.0, 4.0, 1.0, 0.25)))
    A = np.vstack([-np.eye(dim), np.ones((1, dim))])
    return Polytope(A, np.append(-lower, lower.sum() + length))


def domains(dim: int, *, flat: bool = False) -> SearchStrategy[Domain]:
    """Boxes, simplices and None, which is the whole space; with `flat` also boxes that fix some coordinates."""
    more = [flat_boxes(dim)] if flat and dim > 1 else []
    return st.one_of(boxes(dim), simplices(dim), st.none(), *more)


@st.composite
def points_in(draw: DrawFn, box: Box, n: int) -> Floats:
    """`n` points of a box, (n, d): about half the coordinates on a coarse grid, where boundaries tend to lie."""
    columns = []
    for low, high in zip(box.lower.tolist(), box.upper.tolist(), strict=True):
        grid = [min(max(low + (high - low) * k / 16, low), high) for k in range(17)]
        coordinate = st.one_of(st.sampled_from(grid), st.floats(low, high))
        columns.append([draw(coordinate) for _ in range(n)])
    return np.array(columns).T


def network_code(network: Network) -> str:
    """Python code that builds a network, every float to the last bit.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> print(network_code(from_arrays([[[1, 0.5]], [[2]]], [[0], [1]], negative_slope=0.25)))
    from_arrays([[[1, 0.5]], [[2]]], [[0], [1]], negative_slope=[[0.25]])
    """
    layers = network.layers
    if all(layer.cuts.all() and (layer.positive_slope == 1.0).all() for layer in layers):
        matrices = [*(layer.dense_weight() for layer in layers), network.dense_output_weight()]
        weights = ", ".join(map(_code, matrices))
        biases = ", ".join(_code(b) for b in (*(layer.bias for layer in layers), network.output_bias))
        leaks = [_code(layer.negative_slope) for layer in layers]
        leaky = any(layer.negative_slope.any() for layer in layers)
        slopes = f", negative_slope=[{', '.join(leaks)}]" if leaky else ""
        return f"from_arrays([{weights}], [{biases}]{slopes})"
    made = "".join(
        f"Layer({', '.join(map(_code, (q.dense_weight(), q.bias, q.negative_slope, q.positive_slope, q.cuts)))}), "
        for q in layers
    )
    return f"Network(({made.rstrip()}), {_code(network.dense_output_weight())}, {_code(network.output_bias)})"


def _code(array: NDArray[Any]) -> str:
    def shown(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(shown, value))}]"
        return str(int(value)) if isinstance(value, float) and value == int(value) else repr(value)

    return shown(array.tolist())


pretty.for_type_by_name(Network.__module__, "Network", lambda it, printer, cycle: printer.text(network_code(it)))
pretty.for_type_by_name(Box.__module__, "Box", lambda it, printer, cycle: printer.text(repr(it)))
