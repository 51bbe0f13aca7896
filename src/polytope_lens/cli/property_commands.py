"""The command about a property of a network: whether it holds on its whole domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.cli.arguments import add_as_json, add_command, add_network, add_workers, lens_of
from polytope_lens.cli.option_words import in_options
from polytope_lens.cli.output import print_json
from polytope_lens.errors import Status

if TYPE_CHECKING:
    import argparse

    from polytope_lens.cli.arguments import Commands

# Exit codes by verdict
CODES = {"HOLDS": 0, "VIOLATED": 1, "OPEN": 3}
INTERRUPTED = 130


def add(commands: Commands) -> None:
    """Add this command."""
    check = add_command(
        commands,
        "check",
        _check,
        "Whether a property holds on its whole domain: exit code 0 if it holds, 1 if it is violated, 3 if it is open.",
        "model.onnx property.vnnlib --max-seconds 116 --workers 2",
    )
    add_network(check)
    check.add_argument("property", help="file in VNN-LIB, .vnnlib, also as .gz, which states the violation")
    check.add_argument("--max-seconds", type=float, metavar="S", help="after that the answer is that it is open")
    add_workers(check)
    check.add_argument("--proof", metavar="LOG", help="also write a log that proves the answer; see `verify`")
    add_as_json(check)


def _check(arguments: argparse.Namespace) -> int:
    from polytope_lens.arithmetic.rational import written

    lens = lens_of(arguments)
    found = lens.check(
        arguments.property, max_seconds=arguments.max_seconds, workers=arguments.workers, proof=arguments.proof
    )
    code = INTERRUPTED if found.status is Status.INTERRUPTED else CODES[found.verdict.name]
    point = found.counterexample
    if arguments.json:
        print_json(
            {
                "verdict": found.verdict.name,
                "point": None if point is None else [written(v) for v in point.point],
                "outputs": None if point is None else [written(v) for v in point.outputs],
                "case": None if point is None else point.case,
                "float32_point": None if point is None or point.rounded is None else point.rounded.tolist(),
                "is_violated_in_float32": None if point is None else point.is_violated_in_float32,
                "n_boxes": found.n_boxes,
                "n_regions": found.n_regions,
                "decided": found.decided,
                "open_boxes": [[box.lower.tolist(), box.upper.tolist()] for box in found.open_boxes],
                "seconds": found.seconds,
                "is_complete": found.status is Status.COMPLETE,
            }
        )
        return code
    print(found.verdict.name)
    print(in_options(found.explain(), arguments.parser))
    if point is not None:
        for k, v in enumerate(point.point):
            print(f"input {k} = {written(v)}, about {float(v)!r}")
        for k, v in enumerate(point.outputs):
            print(f"output {k} is about {float(v)!r}")
    return code
