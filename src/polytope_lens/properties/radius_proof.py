"""The proof log of a robustness radius: nothing in the open ball changes the answer, and a point on its border does.

The ball of the norm inf is a box, that of the norm 1 a polytope, so the first part is a property in that set.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import inf
from typing import TYPE_CHECKING, Any

from polytope_lens._arrays import validate
from polytope_lens.engines.budget import budget, metered
from polytope_lens.errors import OptionError
from polytope_lens.local.margins import margin_network
from polytope_lens.local.robustness import Robustness, robustness_radius
from polytope_lens.proof.log import hexadecimal_fraction, names
from polytope_lens.properties.best_first import both_signs
from polytope_lens.properties.counterexample import exact_outputs
from polytope_lens.properties.property import Constraint, Property, checked_property, domain_rows, terms
from polytope_lens.properties.property_proof import proof_bar, refuse_unwritable, statement, write_property_proof

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network

# The ball of the norm 1 has 2^d sides.
MOST_INPUTS = 8


def proved_radius(
    network: Network,
    x: ArrayLike,
    proof: str | os.PathLike[str],
    *,
    norm: float = 2,
    domain: Domain = None,
    max_regions: int | None = 10_000,
    progress: bool | None = None,
    **which: Any,
) -> Robustness:
    """The robustness radius of one point, in fractions, with a log that proves it.

    Parameters
    ----------
    network, x, norm, domain, max_regions, progress
        As in `robustness.robustness_radius`.
    proof : str or path-like
        Also write a log that proves the radius, or the bounds that were reached, of one point in the norm inf, or 1 for
        at most 8 inputs; see docs/proofs.md. The radius is then computed in fractions. It costs as much as the proof of
        a property that is only just true. ``is_logged`` says whether it was written: there is none where there is no
        boundary in unbounded space.
    **which
        `rival`, `pair`, `output` and `value`, as there.

    Raises
    ------
    OptionError
        Several points, the norm 2, or the norm 1 and more inputs.
    """
    norm = validate.norm(norm)
    if not validate.is_one(x):
        raise OptionError("a proof log is about one point, but received several. Ask about one after the other.")
    if norm == 2 or (norm == 1 and network.input_dim > MOST_INPUTS):
        raise OptionError(
            f"a proof log of a robustness radius is about the norm inf, or 1 for at most {MOST_INPUTS} inputs, whose "
            f"balls have few sides, but received norm={norm:g} and {network.input_dim} inputs. Leave out `proof`, or "
            "ask for `norm=float('inf')`."
        )
    refuse_unwritable(proof)
    point = validate.point(x, network.input_dim, what="`robustness_radius`")
    found = robustness_radius(
        network, point, norm=norm, domain=domain, max_regions=max_regions, exact=True, progress=progress, **which
    )
    assert isinstance(found, Robustness)
    with metered(budget(None, None, None)) as meter:
        if found.lower == inf and domain is None:
            return found  # there is nothing to be found anywhere
        with proof_bar(progress) as tick:
            is_logged = _write(network, point, found, proof, domain, which, meter.is_over, tick)
        if is_logged:
            return replace(found, is_logged=True)
        return replace(found, status=meter.ended)


def _write(
    network: Network, x: Floats, found: Robustness, path: str | os.PathLike[str], domain: Domain,
    which: dict[str, Any], is_over: Callable[[], bool], tick: Callable[[int, float], object],
) -> bool:  # fmt: skip
    margins = margin_network(network, x, **which).network.layers[-1]
    center = [Fraction(v) for v in x.tolist()]
    within = [] if domain is None else [Constraint(terms(a), (), b) for a, b in domain_rows(domain)]
    cases = [
        (*within, Constraint((), terms(Fraction(-v) for v in row), Fraction(b)))
        for row, b in zip(margins.dense_weight().tolist(), margins.bias.tolist(), strict=True)
    ]
    of, told = names(network), statement(Property(network.input_dim, network.output_dim, tuple(cases)))
    end = _nearest(network, found, cases)
    if found.lower < inf:
        radius = Fraction(found.lower) if found.exact is None else found.exact
        of.append(" ".join(["ball", f"{found.norm:g}", *map(hexadecimal_fraction, [radius, *center])]))
        cases = [(*case, *_open_ball(center, radius, found.norm)) for case in cases]
    asked = checked_property(network.input_dim, network.output_dim, cases)
    return write_property_proof(
        network, asked, None, path, is_over=is_over, tick=tick, lines=[*of, *told], end=end
    )  # fmt: skip


def _open_ball(center: Sequence[Fraction], radius: Fraction, norm: float) -> list[Constraint]:
    """Its sides, in the order in which the checker puts them: strict, those of a box first."""
    rows = [*both_signs(len(center))]
    if norm == 1:
        rows += [[*map(Fraction, signs)] for signs in product((1, -1), repeat=len(center))]
    return [
        Constraint(terms(row), (), radius + sum((a * c for a, c in zip(row, center, strict=True)), Fraction(0)), True)
        for row in rows
    ]


def _nearest(network: Network, found: Robustness, cases: Sequence[Sequence[Constraint]]) -> list[object]:
    """The line about the nearest point known, and the case that it satisfies; none, if it is not exactly across."""
    given = found.point if found.exact_point is None else found.exact_point
    if given is None:
        return []
    point = [Fraction(v) for v in given.tolist()]
    values = exact_outputs(network, point)
    for i, case in enumerate(cases):
        if all(constraint.is_satisfied(point, values) for constraint in case):
            return ["nearest", i, *map(hexadecimal_fraction, point)]
    return []
