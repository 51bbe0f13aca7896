"""Commands about a whole domain without all of its regions: properties, extrema, steepness, equality of networks."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from polytope_lens.cli.arguments import (
    add_as_json,
    add_bounded_domain,
    add_command,
    add_exact,
    add_max_seconds,
    add_network,
    add_proof,
    add_workers,
    domain_of,
    lens_of,
)
from polytope_lens.cli.option_words import in_options
from polytope_lens.cli.output import CODES, about, as_plain, print_json, print_point, print_proof
from polytope_lens.cli.output_forms import add_output, output_of
from polytope_lens.cli.parser import exact_number
from polytope_lens.displays.phrases import many
from polytope_lens.errors import Status

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from polytope_lens.cli.arguments import Commands
    from polytope_lens.properties.property_check import CheckResult

# Exit codes by verdict
VERDICTS = {"HOLDS": 0, "VIOLATED": 1, "OPEN": 3}


def add(commands: Commands) -> None:
    """Add these commands."""
    check = add_command(
        commands,
        "check",
        _check,
        "Whether a property holds on its whole domain: exit code 0 if it holds, 1 if it is violated, 3 if it is open.",
        "net.npz property.vnnlib --max-seconds 116 --workers 2",
        "net.npz property.vnnlib --proof holds.proof",
    )
    add_network(check)
    check.add_argument("property", help="file in VNN-LIB, .vnnlib, also as .gz, which states the violation")
    add_max_seconds(check, "after that the answer is that it is open")
    add_workers(check)
    add_proof(check)
    add_as_json(check)

    for name, run, which in (("maximum", _maximum, "greatest"), ("minimum", _minimum, "least")):
        extremum = add_command(
            commands, name, run, f"The {which} value of an output on a domain, exactly, and where it is taken.",
            "net.npz --box -1 1", "classes.npz --box 0 0.1 --combination '2 y0 - y1' --max-seconds 60 --json",
        )  # fmt: skip
        add_network(extremum)
        add_bounded_domain(extremum, exact=True)
        add_output(extremum)
        add_max_seconds(extremum, "after that the answer is two bounds; exit code 3")
        add_workers(extremum)
        add_proof(extremum)
        add_as_json(extremum)

    steep = add_command(
        commands, "lipschitz", _lipschitz, "How steep a network is on a domain: bounds on its Lipschitz constant.",
        "net.npz --box -1 1", "net.npz --box -1 1 --norm inf --exact --max-seconds 60",
    )  # fmt: skip
    add_network(steep)
    add_bounded_domain(steep)
    steep.add_argument("--norm", type=float, default=2, metavar="P", help="of inputs: 1, 2 or inf")
    steep.add_argument("--output-norm", type=float, metavar="Q", help="of outputs; by default that of inputs")
    add_exact(steep)
    add_max_seconds(steep, "after that the bounds are apart; exit code 3")
    add_workers(steep)
    add_proof(steep)
    add_as_json(steep)

    equal = add_command(
        commands, "is-equal", _is_equal,
        "Whether two networks are the same function on a domain, or nearly: exit code 0 if so, 1 if not, 3 if it is "
        "open.",
        "net.npz pruned.npz --box -1 1", "net.npz pruned.npz --box -1 1 --within 0.03 --max-seconds 60",
    )  # fmt: skip
    add_network(equal)
    equal.add_argument("other", help="the other network, read as the first one is")
    add_bounded_domain(equal, exact=True)
    equal.add_argument(
        "--within", type=exact_number, default=0, metavar="V", help="by how much outputs may differ; 0.1 is 1/10"
    )
    add_max_seconds(equal, "after that the answer is that it is open")
    add_workers(equal)
    add_proof(equal)
    add_as_json(equal)


def _check(arguments: argparse.Namespace) -> int:
    found = lens_of(arguments).check(
        arguments.property, max_seconds=arguments.max_seconds, workers=arguments.workers, proof=arguments.proof
    )
    return _print_verdict(arguments, found, found.verdict.name, in_options(found.explain(), arguments.parser))


def _is_equal(arguments: argparse.Namespace) -> int:
    lens, other = lens_of(arguments), lens_of(arguments, arguments.other)
    domain = domain_of(arguments, lens)
    assert domain is not None  # --everywhere is no option here
    found = lens.is_equal(
        other, domain, within=arguments.within, max_seconds=arguments.max_seconds,
        workers=arguments.workers, proof=arguments.proof,
    )  # fmt: skip
    title = {"HOLDS": "EQUAL", "VIOLATED": "DIFFERENT"}.get(found.verdict.name, found.verdict.name)
    more = f" by more than {about(arguments.within)}" if arguments.within else ""
    work = f"{many(found.n_boxes, 'box', 'es')} and {many(found.n_regions, 'region')}"
    told = {
        "HOLDS": f"No output differs{more} anywhere on the domain, proved by {work}.",
        "VIOLATED": f"Outputs differ{more}, found after {work}, for example at",
        "OPEN": f"After {work} no point is known where outputs differ{more}, and {1 - found.decided:.3g} of the domain "
        "is not decided.",
    }[found.verdict.name]
    return _print_verdict(arguments, found, title, told, output="difference of output")


def _print_verdict(
    arguments: argparse.Namespace, found: CheckResult, title: str, told: str, *, output: str = "output"
) -> int:
    """Print an answer with the point that it names; returns the exit code."""
    code = CODES[found.status] if found.status is Status.INTERRUPTED else VERDICTS[found.verdict.name]
    point = found.counterexample
    if not arguments.json:
        print(title)
        print(told)
        if point is not None:
            print_point(point.point)
            for k, v in enumerate(point.outputs):
                print(f"{output} {k} is about {float(v)!r}")
        print_proof(arguments.proof, is_logged=found.status is Status.COMPLETE, status=found.status)
        return code
    print_json(
        {
            "verdict": found.verdict.name,
            "point": None if point is None else as_plain(point.point),
            "outputs": None if point is None else as_plain(point.outputs),
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


def _maximum(arguments: argparse.Namespace) -> int:
    return _extremum(arguments, "greatest")


def _minimum(arguments: argparse.Namespace) -> int:
    return _extremum(arguments, "least")


def _extremum(arguments: argparse.Namespace, which: str) -> int:
    lens = lens_of(arguments)
    row, domain = output_of(arguments, lens.network.output_dim), domain_of(arguments, lens)
    ask: Callable[..., Any] = lens.maximum if which == "greatest" else lens.minimum
    found = ask(row, domain, max_seconds=arguments.max_seconds, workers=arguments.workers, proof=arguments.proof)
    if arguments.json:
        names = ("value", "bound", "point", "status", "n_boxes", "n_regions")
        print_json({name: as_plain(getattr(found, name)) for name in names})
        return CODES.get(found.status, 0)
    if found.is_complete:
        print(f"the {which} value is {about(found.value)}, taken at")
    else:
        beyond = "no value exceeds" if which == "greatest" else "no value is below"
        print(f"the {which} value known is {about(found.value)}, and {beyond} {about(found.bound)}; it is taken at")
    print_point(found.point)
    print_proof(arguments.proof, is_logged=found.is_logged, status=found.status)
    return CODES.get(found.status, 0)


def _lipschitz(arguments: argparse.Namespace) -> int:
    lens = lens_of(arguments)
    found = lens.lipschitz(
        domain_of(arguments, lens), arguments.norm, arguments.output_norm, exact=arguments.exact,
        max_seconds=arguments.max_seconds, workers=arguments.workers, proof=arguments.proof,
    )  # fmt: skip
    if arguments.json:
        names = ("lower", "upper", "point", "norm", "output_norm", "status", "n_boxes", "n_regions")
        values = {name: getattr(found, name) for name in names}
        norms = {name: f"{values[name]:g}" for name in ("norm", "output_norm")}  # JSON has no infinity
        print_json(as_plain(values | norms))
        return CODES.get(found.status, 0)
    print(in_options(found.explain(), arguments.parser))
    if arguments.exact:
        print(f"proved: at least {about(found.lower, inf)}, at most {about(found.upper, inf)}")
    print("The steepest region known holds")
    print_point(found.point.tolist())
    print_proof(arguments.proof, is_logged=found.is_logged, status=found.status)
    return CODES.get(found.status, 0)
