"""What a verifier that computes in floats says of properties that are only just true, or hardly ever violated.

    pip install maraboupy
    python benchmarks/other_verifiers.py

Each row is a network, a statement about its outputs, the exact verdict, and that of Marabou (Wu et al. 2024, *Marabou
2.0*) with its default options; docs/verification.md has the table. The networks are those of the tests' hostile
properties.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from maraboupy import Marabou, MarabouUtils
from maraboupy.MarabouNetwork import MarabouNetwork

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from hostile_networks import absorbed, controller, needle, tents
from polytope_lens import Box, Lens, Property

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 20
VERDICTS = {"VIOLATED": "sat", "HOLDS": "unsat", "OPEN": "unknown"}


def affine(query: Any, row: Any, bias: float, inputs: list[int]) -> int:
    """A variable that is a combination of others."""
    value, equation = query.getNewVariable(), MarabouUtils.Equation()
    for weight, variable in zip(row, inputs, strict=True):
        if weight:
            equation.addAddend(float(weight), variable)
    equation.addAddend(-1.0, value)
    equation.setScalar(-float(bias))
    query.addEquation(equation)
    return int(value)


def by_marabou(lens: Lens, box: Box, row: list[int], least: Fraction) -> tuple[str, Any]:
    """Its verdict on whether row . y is at least that anywhere, and the outputs that it shows."""
    query, network = MarabouNetwork(), lens.network
    query.clear()
    values = [query.getNewVariable() for _ in range(network.input_dim)]
    query.inputVars = [np.array(values)]
    for variable, lower, upper in zip(values, box.lower, box.upper, strict=True):
        query.setLowerBound(variable, float(lower))
        query.setUpperBound(variable, float(upper))
    for layer in network.layers:
        before = [affine(query, *pair, values) for pair in zip(layer.dense_weight(), layer.bias, strict=True)]
        values = [query.getNewVariable() for _ in before]
        for z, activation in zip(before, values, strict=True):
            query.addRelu(z, activation)
    outputs = [affine(query, *pair, values) for pair in zip(network.output_weight, network.output_bias, strict=True)]
    query.outputVars = [np.array(outputs)]
    kept = [(variable, -float(v)) for variable, v in zip(outputs, row, strict=True) if v]
    query.addInequality([variable for variable, _ in kept], [v for _, v in kept], -float(least))
    options = Marabou.createOptions(verbosity=0, timeoutInSeconds=SECONDS)
    code, found, _ = query.solve(verbose=False, options=options)
    return code, [found[variable] for variable in outputs] if found else None


def questions() -> Iterator[tuple[str, Lens, Box, list[int], Fraction]]:
    """Networks, and whether a combination of outputs is at least a value anywhere in a box."""
    for digits in (26, 40, 55):
        yield f"2^{digits} x + 1 less 2^{digits} x", absorbed(digits), Box([0.5], [1]), [1], Fraction(1)
    for d in (1, 2):
        lens, _ = needle(d)
        for least in (Fraction(3, 2), Fraction(2), 2 + Fraction(1, 2**40), 2 + Fraction(1, 2**20)):
            yield f"needle, {d} inputs", lens, Box([-1] * d, [1] * d), [1], least
    for k in (1, 2):
        for least in (Fraction(2), 2 + Fraction(1, 2**40), 2 + Fraction(1, 2**25)):
            yield f"tents folded {k} times", tents(k), Box([0, 0], [1, 1]), [1], least
    for d in (2, 3):
        lens, box = controller(d, width=6), Box([-1] * d, [1] * d)
        most = lens.maximum([1, 0, 0], box).value
        for more in (Fraction(0), Fraction(1, 2**40), Fraction(1, 2**30)):
            yield f"controller, {d} inputs", lens, box, [1, 0, 0], most + more


def main() -> None:
    """A line for each question, and how many verdicts differ."""
    different = 0
    for name, lens, box, row, least in questions():
        asked = Property.of(box, ([[-v for v in row]], [-least]))
        exact = VERDICTS[lens.check(asked, max_seconds=SECONDS).verdict.name]
        code, outputs = by_marabou(lens, box, row, least)
        different += code != exact
        mark = "" if code == exact else "differs"
        print(f"{name:<26} y >= {float(least):<20.16g} exact {exact:<8} Marabou {code:<8} {outputs} {mark}", flush=True)
    print(f"{different} verdicts differ")


if __name__ == "__main__":
    main()
