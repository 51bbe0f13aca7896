"""What other solvers say of properties that are only just true, or hardly ever violated.

    pip install maraboupy z3-solver
    python benchmarks/other_verifiers.py [Marabou] [z3]

Each row is a network, a statement about its outputs, the exact verdict, and those of the named solvers: Marabou (Wu et
al. 2024, *Marabou 2.0*) with its default options, which computes in floats, and z3 (de Moura and Bjorner 2008), which
computes in fractions and knows nothing of networks. docs/verification.md has the table. The networks are those of the
tests' hostile properties.
"""

from __future__ import annotations

import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from hostile_networks import absorbed, controller, needle, tents
from polytope_lens import Box, Lens, Property

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 20
VERDICTS = {"VIOLATED": "sat", "HOLDS": "unsat", "OPEN": "unknown"}


def affine(query: Any, row: Any, bias: float, inputs: list[int]) -> int:
    """A variable that is a combination of others."""
    from maraboupy import MarabouUtils

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
    from maraboupy import Marabou
    from maraboupy.MarabouNetwork import MarabouNetwork

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


def by_z3(lens: Lens, box: Box, row: list[int], least: Fraction) -> tuple[str, Any]:
    """The same of z3, over the reals."""
    import z3

    def exact(value: float | Fraction) -> Any:
        return z3.Q(*Fraction(value).as_integer_ratio())

    def affine_of(weights: Any, bias: float, values: list[Any]) -> Any:
        return z3.Sum([exact(w) * v for w, v in zip(weights.tolist(), values, strict=True) if w] + [exact(bias)])

    solver, network = z3.SolverFor("QF_LRA"), lens.network
    solver.set("timeout", 1000 * SECONDS)
    values = [z3.Real(f"x{k}") for k in range(network.input_dim)]
    for x, lower, upper in zip(values, box.lower.tolist(), box.upper.tolist(), strict=True):
        solver.add(exact(lower) <= x, x <= exact(upper))
    for at, layer in enumerate(network.layers):
        before = [affine_of(*pair, values) for pair in zip(layer.dense_weight(), layer.bias.tolist(), strict=True)]
        values = [z3.Real(f"a{at}_{j}") for j in range(len(before))]
        for z, a in zip(before, values, strict=True):
            solver.add(z3.If(z > 0, a == z, a == 0))
    weight = network.dense_output_weight()
    outputs = [affine_of(*pair, values) for pair in zip(weight, network.output_bias.tolist(), strict=True)]
    solver.add(z3.Sum([v * y for v, y in zip(row, outputs, strict=True)]) >= exact(least))
    code = str(solver.check())
    return code, [str(solver.model().eval(y)) for y in outputs] if code == "sat" else None


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


SOLVERS = {"Marabou": by_marabou, "z3": by_z3}


def main() -> None:
    """A line for each question and solver, and how many verdicts differ."""
    names = sys.argv[1:] or [*SOLVERS]
    wrong, open_ = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for name, lens, box, row, least in questions():
        asked = Property.of(box, ([[-v for v in row]], [-least]))
        exact = VERDICTS[lens.check(asked, max_seconds=SECONDS).verdict.name]
        for solver in names:
            start = time.process_time()
            code, outputs = SOLVERS[solver](lens, box, row, least)
            seconds = time.process_time() - start
            is_open = code not in ("sat", "unsat")
            open_[solver] += is_open
            wrong[solver] += not is_open and code != exact
            mark = "" if code == exact or is_open else "differs"
            told = f"{name:<26} y >= {float(least):<20.16g} exact {exact:<8}"
            print(f"{told} {solver} {code:<8} {seconds:.2f} s {outputs} {mark}", flush=True)
    print(*(f"{solver}: {wrong[solver]} verdicts differ, {open_[solver]} open" for solver in names), sep="\n")


if __name__ == "__main__":
    main()
