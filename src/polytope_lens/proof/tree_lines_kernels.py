"""The lines of a count's tree, proved in floats with bounds on their errors.

This does what `checker.Tree` does in a box, line by line. A row ``a . s + c`` is known by floats that are within some
bound of the true numbers; a sum of rows is proved to be nonnegative in the box ``|s_k| <= 1``, or a point to be inside
of a halfspace, where it is so for all numbers within the bounds. Whatever is open then ends the walk, as does whatever
the checker might reject. docs/proofs.md derives the bounds ("In floats").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polytope_lens._compiled.jit import inlined, walk_kernel
from polytope_lens.proof.rows_on_cells_kernels import OFF, ON, ForwardArrays, add_layer
from polytope_lens.proof.sums_above_kernels import SLACK, TINY, U

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Frame, Ints

# How a walk ends: where it was told to, at the end of the text, or at something that floats do not prove.
GOES_ON, IS_PROVED, IS_OPEN = 0, 1, 2
UNKNOWN = -1
# A shortened row has so many bits.
SHORT = 2.0**-64
# Multipliers and points have at most so many digits; numbers of neurons so many.
MOST_DIGITS, MOST_DECIMALS = 13, 9
SPACE, LINE, PLUS, MINUS = ord(" "), ord("\n"), ord("+"), ord("-")


class TreeWalk(NamedTuple):
    """Where a walk is: what is known of the cell at hand, and of those that wait.

    Parameters
    ----------
    z : (L, d + 1, widest) array
        The rows of each layer's pre-activations, one column for each neuron.
    doubt : (L, widest) array
        How far all numbers of a row may be from the true ones.
    on : (L, widest) int array
        `ON`, `OFF` or `UNKNOWN`.
    left : (L,) int array
        How many neurons are still to be decided.
    half, half_doubt : (m, d + 1) and (m,) arrays
        Halfspaces, times powers of two that make the greatest number of each at least 1/2 and less than 1.
    trail : (N, 2) int array
        The neurons that have been decided by lines: their layers and places.
    waiting : (N, 4) int array
        Cells that wait: number of halfspaces, length of the trail, layer and place of the neuron that cut it off.
    counts : (L,) int array
        How many cells each layer has.
    at : (5,) int array
        The place in the text; numbers of halfspaces, of decided and of waiting ones; the layer.
    seen : (rows_of_room(d), widest) array
        Room.
    total : (d + 1,) array
        Room.
    """

    z: Floats
    doubt: Floats
    on: Ints
    left: Ints
    half: Floats
    half_doubt: Floats
    trail: Ints
    waiting: Ints
    counts: Ints
    at: Ints
    seen: Floats
    total: Floats


# Places in `at`
TEXT, HALFSPACES, TRAIL, WAITING, LAYER = range(5)


@walk_kernel
def walk_lines(net: ForwardArrays, walk: TreeWalk, text: Frame, n_lines: Any) -> Any:  # pragma: no cover - compiled
    """Go on with a piece's text for at most so many lines, `n_lines` (1,); how that ended.

    The cell at hand is the one that the next line is about.
    """
    for _ in range(n_lines[0]):
        if walk.at[TEXT] == len(text):
            return IS_PROVED if walk.at[WAITING] < 0 else IS_OPEN
        if walk.at[WAITING] < 0 or not _line(net, walk, text):
            return IS_OPEN
        _next_cell(walk)
    return GOES_ON


@inlined
def _line(net: ForwardArrays, walk: TreeWalk, text: Any) -> Any:  # pragma: no cover - compiled
    """Follow a line to its region."""
    if not _advance(net, walk):
        return False
    while True:
        start = walk.at[TEXT]
        end = start
        while end < len(text) and text[end] != SPACE and text[end] != LINE:
            end += 1
        if end == start or end == len(text):
            return False
        walk.at[TEXT] = end + 1
        if text[end] == LINE:
            return walk.at[LAYER] == len(walk.left) and _has_point(walk, text, start, end)
        if not _step(net, walk, text, start, end) or not _advance(net, walk):
            return False


@inlined
def _next_cell(walk: TreeWalk) -> None:  # pragma: no cover - compiled
    """Take the cell that has waited least, or note that there is none."""
    walk.at[WAITING] -= 1
    if walk.at[WAITING] < 0:
        return
    cell = walk.waiting[walk.at[WAITING]]
    while walk.at[TRAIL] > cell[1]:
        walk.at[TRAIL] -= 1
        layer, j = walk.trail[walk.at[TRAIL], 0], walk.trail[walk.at[TRAIL], 1]
        walk.on[layer, j] = UNKNOWN
        walk.left[layer] += 1
    walk.at[HALFSPACES], walk.at[LAYER] = cell[0], cell[2]
    _add_halfspace(walk, cell[3], -1.0)
    _decide(walk, cell[3], ON)


@inlined
def _decide(walk: TreeWalk, j: int, on: int) -> None:  # pragma: no cover - compiled
    layer = walk.at[LAYER]
    walk.on[layer, j] = on
    walk.left[layer] -= 1
    walk.trail[walk.at[TRAIL], 0], walk.trail[walk.at[TRAIL], 1] = layer, j
    walk.at[TRAIL] += 1


@inlined
def _unit(walk: TreeWalk, j: int) -> Any:  # pragma: no cover - compiled
    """The least power of two that is greater than all numbers of a row; 0 if that is open."""
    layer, most = walk.at[LAYER], 0.0
    for k in range(len(walk.total)):
        most = max(most, abs(walk.z[layer, k, j]))
    doubt = walk.doubt[layer, j]
    if not doubt < most:
        return 0.0
    least = most
    if doubt > 0.0:
        least, most = (most - doubt) * (1 - 4 * U), (most + doubt) * (1 + 4 * U)
    unit = 1.0
    while most >= unit:
        unit *= 2
    while most < unit / 2:
        unit /= 2
    return unit if least >= unit / 2 else 0.0


@inlined
def _add_halfspace(walk: TreeWalk, j: int, sign: float) -> Any:  # pragma: no cover - compiled
    """Add a neuron's row, or its negative, to the halfspaces; whether its unit is known."""
    n, layer, unit = walk.at[HALFSPACES], walk.at[LAYER], _unit(walk, j)
    if unit == 0.0 or n == len(walk.half):
        return False
    d = len(walk.total) - 1
    for k in range(d + 1):
        walk.half[n, k] = sign * walk.z[layer, k, j] / unit
    walk.half_doubt[n] = walk.doubt[layer, j] / unit + (d + 2) * SHORT + TINY
    walk.at[HALFSPACES] += 1
    return True


@inlined
def _step(net: ForwardArrays, walk: TreeWalk, text: Any, start: int, end: int) -> Any:  # pragma: no cover - compiled
    """A neuron that cuts the cell, or one that does not, with multipliers; whether that is so."""
    place, j = start, 0
    while place < end and ord("0") <= text[place] <= ord("9"):
        j = 10 * j + text[place] - ord("0")
        place += 1
    n_digits, layer = place - start, walk.at[LAYER]
    if n_digits == 0 or n_digits > MOST_DECIMALS or (n_digits > 1 and text[start] == ord("0")):
        return False
    if layer == len(walk.left) or j >= net.width[layer + 1]:
        return False
    if net.cuts[net.first[layer] + j] == 0 or walk.on[layer, j] != UNKNOWN:
        return False
    if place == end:
        waiting = walk.waiting[walk.at[WAITING]]
        waiting[0], waiting[1], waiting[2], waiting[3] = walk.at[HALFSPACES], walk.at[TRAIL], layer, j
        walk.at[WAITING] += 1
        if not _add_halfspace(walk, j, 1.0):
            return False
        _decide(walk, j, OFF)
        return True
    on = text[place] == PLUS
    if not on and text[place] != MINUS:
        return False
    if not _proves(walk, text, place + 1, end, j, 1.0 if on else -1.0):
        return False
    _decide(walk, j, ON if on else OFF)
    return True


@inlined
def _proves(walk: TreeWalk, text: Any, place: int, end: int, j: int, sign: float) -> Any:  # pragma: no cover - compiled
    """Whether a row is nonnegative where halfspaces are not, by multipliers that are named in the text."""
    unit, d, layer = _unit(walk, j), len(walk.total) - 1, walk.at[LAYER]
    if unit == 0.0 or place == end or not ord("1") <= text[place] <= ord("9"):
        return False
    scale = 1.0
    for _ in range(text[place] - ord("0")):
        scale *= 16
    place += 1
    for k in range(d + 1):
        walk.total[k] = sign * walk.z[layer, k, j] / unit * scale
    doubt, most, n = scale * (walk.doubt[layer, j] / unit + (d + 2) * SHORT), scale, d + 8
    while place < end:
        back = 0
        while place < end and ord("g") <= text[place] <= ord("z"):
            back = 20 * back + text[place] - ord("g") + 1
            place += 1
            if back > 1000000:
                return False
        if place == end or not ord("A") <= text[place] <= ord("Z"):
            return False
        row = walk.at[HALFSPACES] - 1 - 26 * back - text[place] + ord("A")
        place += 1
        factor, n_digits = _digits(text, place, end)
        if row < 0 or n_digits == 0 or n_digits > MOST_DIGITS or text[place] == ord("0"):
            return False
        place += n_digits
        for k in range(d + 1):
            walk.total[k] += factor * walk.half[row, k]
        doubt += factor * walk.half_doubt[row]
        most += factor
        n += 1
    spread = 0.0
    for k in range(d):
        spread += abs(walk.total[k])
    return walk.total[d] - spread >= (d + 1) * (doubt + n * U * most) * SLACK + TINY


@inlined
def _digits(text: Any, place: int, end: int) -> Any:  # pragma: no cover - compiled
    """A number in hexadecimal digits, and how many there are."""
    start, value = place, 0.0
    while place < end:
        letter = text[place]
        if ord("0") <= letter <= ord("9"):
            digit = letter - ord("0")
        elif ord("a") <= letter <= ord("f"):
            digit = letter - ord("a") + 10
        else:
            break
        value = 16.0 * value + digit
        place += 1
    return value, place - start


@inlined
def _has_point(walk: TreeWalk, text: Any, start: int, end: int) -> Any:  # pragma: no cover - compiled
    """Whether a point is inside the cell."""
    d = len(walk.total) - 1
    n_digits = (end - start) // d
    if n_digits * d != end - start or n_digits > MOST_DIGITS:
        return False
    grain = 2.0
    for _ in range(n_digits):
        grain /= 16
    for k in range(d):
        value, n = _digits(text, start + k * n_digits, start + (k + 1) * n_digits)
        if n < n_digits or value == 0.0:
            return False
        walk.total[k] = grain * value - 1.0
    walk.total[d] = 1.0
    for i in range(2 * d, walk.at[HALFSPACES]):
        value = 0.0
        for k in range(d + 1):
            value += walk.half[i, k] * walk.total[k]
        if not -value > (d + 1) * (walk.half_doubt[i] + (d + 4) * U) * SLACK:
            return False
    return True


@inlined
def _advance(net: ForwardArrays, walk: TreeWalk) -> Any:  # pragma: no cover - compiled
    """Go behind the layers whose neurons have all been decided; whether each sign that this takes is known."""
    while walk.at[LAYER] < len(walk.left) and walk.left[walk.at[LAYER]] == 0:
        layer = walk.at[LAYER]
        walk.counts[layer] += 1
        walk.at[LAYER] += 1
        if walk.at[LAYER] < len(walk.left) and not _enter(net, walk, layer + 1):
            return False
    return True


@inlined
def _enter(net: ForwardArrays, walk: TreeWalk, layer: int) -> Any:  # pragma: no cover - compiled
    """Compute a layer's rows, and decide the neurons that do not vanish in the box; whether all that is certain."""
    if not add_layer(net, walk.z, walk.doubt, walk.on, walk.seen, layer):
        return False
    d, left, own = len(walk.total) - 1, 0, net.first[layer]
    for j in range(net.width[layer + 1]):
        spread, constant, doubt = 0.0, walk.z[layer, d, j], walk.doubt[layer, j]
        for k in range(d):
            spread += abs(walk.z[layer, k, j])
        margin = (d + 1) * (doubt + (d + 4) * U * (spread + abs(constant))) * SLACK
        if net.cuts[own + j] == 0:
            walk.on[layer, j] = ON
        elif abs(constant) - spread >= margin:
            walk.on[layer, j] = ON if constant > 0.0 else OFF
        elif spread - abs(constant) > margin:
            walk.on[layer, j] = UNKNOWN
            left += 1
        else:
            return False
    walk.left[layer] = left
    return True
