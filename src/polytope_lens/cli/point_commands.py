"""Commands about a point: its polytope, ways and searches from it, how robust it is."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.cli.arguments import (
    Choices,
    add_as_json,
    add_choice,
    add_command,
    add_domain,
    add_limit,
    add_network,
    add_point,
    add_proof,
    array_of,
    box_of,
    lens_of,
    point_of,
)
from polytope_lens.cli.option_words import in_options
from polytope_lens.cli.output import CODES, print_json, print_more, print_proof, regions_as_json
from polytope_lens.cli.parser import number
from polytope_lens.errors import OptionError
from polytope_lens.io.files import write_text
from polytope_lens.network.network import fits_written_out

if TYPE_CHECKING:
    import argparse

    from polytope_lens.cli.arguments import Commands
    from polytope_lens.lens import Lens

# Of patterns that are printed.
MOST_BITS = 2000
FORMATS = Choices("io.export", "SUFFIXES")


def add(commands: Commands) -> None:
    """Add these commands."""
    at = add_command(
        commands, "at", _at, "The polytope that a point lives on: pattern, affine map, facets.",
        "net.npz 0.3 -0.2", "net.npz --point x.npy --box -1 1 --json",
    )  # fmt: skip
    add_point(at)
    add_domain(at, "clip it to these bounds")
    at.add_argument("--all", action="store_true", help="print all inequalities, not only the facets")
    add_as_json(at)

    path = add_command(
        commands, "path", _path, "Every region on the way straight from one point to the next.",
        "net.npz 0 0 1 1", "net.npz --points corners.npy --json",
    )  # fmt: skip
    add_network(path)
    path.add_argument(
        "x", nargs="*", default=[], type=number, help="coordinates of the points, one point after the other"
    )
    path.add_argument("--points", metavar="FILE", help="go through the rows of a .npy file instead")
    add_as_json(path)

    explore = add_command(
        commands, "explore", _explore, "Regions around a point, found by crossing facets.",
        "net.npz 0.3 -0.2 --max-regions 1000", "net.npz --point x.npy --radius 0.1",
    )  # fmt: skip
    add_point(explore)
    many = explore.add_mutually_exclusive_group()
    many.add_argument("--max-regions", type=int, default=10_000, metavar="N", help="end after so many; exit code 3")
    many.add_argument("--unlimited", action="store_true", help="as many regions as there are")
    explore.add_argument("--max-flips", type=int, metavar="K", help="cross at most so many facets")
    explore.add_argument("--radius", type=float, metavar="R", help="every region that meets a ball around the point")
    order = Choices("search.explore", "ORDERS")
    add_choice(explore, "--order", order, "nearest first, or those with the fewest facets to cross")
    add_domain(explore, "stay between these bounds")
    add_limit(explore)
    add_as_json(explore)

    export = add_command(
        commands, "export", _export, "Write the polytope that a point lives on in the format of another program.",
        "net.npz 0.3 -0.2 -o region.smt2",
    )  # fmt: skip
    add_point(export)
    add_domain(export, "clip it to these bounds")
    add_choice(export, "--format", FORMATS, "by default what the name of the output ends in")
    export.add_argument("--vnnlib-version", metavar="V", help="1.0 or 2.0 (default: 2.0); only of VNN-LIB")
    export.add_argument("-o", "--output", metavar="FILE", help="file to write; by default the text is printed")

    robustness = add_command(
        commands, "robustness", _robustness, "How far a point is from the decision boundary.",
        "net.npz 0.3 -0.2 --value 0", "classes.npz 0.3 -0.2 --norm inf",
    )  # fmt: skip
    add_point(robustness)
    robustness.add_argument("--norm", type=float, default=2, metavar="P", help="1, 2 or inf")
    which = robustness.add_mutually_exclusive_group()
    which.add_argument("--rival", type=int, metavar="I", help="only where this output takes over")
    which.add_argument("--pair", type=int, nargs=2, metavar="I", help="where these two outputs are equal instead")
    which.add_argument("--value", type=number, metavar="V", help="where an output has this value instead")
    robustness.add_argument("--output-index", type=int, metavar="I", help="which output that is")
    add_domain(robustness, "look between these bounds only")
    robustness.add_argument(
        "--max-regions", type=int, default=10_000, metavar="N", help="end after so many; exit code 3"
    )
    add_proof(robustness, "the distance")
    add_as_json(robustness)


def _at(arguments: argparse.Namespace) -> None:
    lens = lens_of(arguments)
    region = lens.at(point_of(arguments, lens, "at"), box_of(arguments.box, lens))
    system = region.inequalities(facets=fits_written_out(lens.network))
    zero = region.vanishing().tolist()
    everywhere = region.vanishing(everywhere=True).tolist() if zero else []
    walls = [neuron for neuron in zero if neuron not in everywhere]
    affine = region.affine_map
    if arguments.json:
        if not isinstance(system.A, np.ndarray):
            raise OptionError(
                f"`--json` writes all inequalities, which here are {len(system):,} with {system.A.nnz:,} numbers. Ask "
                "for them in Python, `lens.at(x).inequalities(facets=False)`, or print the nearest without `--json`."
            )
        print_json(
            {
                "pattern": [layer.astype(int).tolist() for layer in region.pattern.layers],
                "hex": region.pattern.hex,
                "on_boundary": bool(walls),
                "vanishing": zero,
                "affine_map": {"A": affine.A.tolist(), "b": affine.b.tolist()},
                "inequalities": {
                    "A": system.A.tolist(),
                    "b": system.b.tolist(),
                    "layer": system.layer.tolist(),
                    "neuron": system.neuron.tolist(),
                    "is_facet": None if system.is_facet is None else system.is_facet.tolist(),
                },
            }
        )
        return
    bits = region.pattern.array
    short = f"{region.pattern}" if len(bits) <= MOST_BITS else f"of {len(bits):,} bits, {bits.sum():,} of them on"
    print(f"pattern {short}")
    if walls:
        named = "; ".join(f"layer {layer}, neuron {neuron}" for layer, neuron in walls)
        print(f"the point lies on the boundary: {named} {'vanish' if len(walls) > 1 else 'vanishes'} there")
    known = "" if system.is_facet is None else f", {int(system.is_facet.sum())} of them facets"
    print(f"{len(system)} inequalities A @ x <= b{known}:")
    print(system.format(only_facets=not arguments.all))
    for i, (row, offset) in enumerate(zip(affine.A, affine.b, strict=True)):
        terms = " ".join(f"{value:+.6g} x{k}" for k, value in enumerate(row[:8]))
        print(f"output {i} = {terms}{' + ...' if len(row) > 8 else ''} {offset:+.6g}")


def _path(arguments: argparse.Namespace) -> None:
    lens = lens_of(arguments)
    points = _points_of(arguments, lens)
    path = lens.path(*points)
    names = [region.pattern.hex for region in path]
    if arguments.json:
        print_json(
            {
                "length": path.length,
                "breakpoints": path.breakpoints.tolist(),
                "flips": path.flips,
                "patterns": names,
                "lengths": path.lengths.tolist(),
            }
        )
        return
    print(path)
    print(f"{'start':>22}  {names[0]}")
    for position, flips, name in zip(path.breakpoints.tolist(), path.flips, names[1:], strict=True):
        owners = "; ".join(f"layer {layer}, neuron {neuron}" for layer, neuron in flips)
        print(f"{position!r:>22}  {name}  {owners}")


def _points_of(arguments: argparse.Namespace, lens: Lens) -> list[Any]:
    """The points of a path: their coordinates, or the rows of a file."""
    d = lens.network.input_dim
    if bool(arguments.x) == bool(arguments.points):
        raise OptionError(f"`path` needs the {d} coordinates of each of its points, or else --points FILE.")
    if arguments.points:
        points = list(np.atleast_1d(array_of(arguments.points)))
        told = f"{arguments.points} holds {len(points)}"
    else:
        points = [arguments.x[k : k + d] for k in range(0, len(arguments.x), d)]
        told = f"received {len(arguments.x)} numbers"
        if len(points[-1]) < d:
            raise OptionError(f"each point of a path has {d} coordinates, but {told}.")
    if len(points) < 2:
        raise OptionError(f"a path needs at least two points of {d} coordinates each, but {told}.")
    return points


def _explore(arguments: argparse.Namespace) -> int:
    lens = lens_of(arguments)
    found = lens.explore(
        point_of(arguments, lens, "explore"),
        box_of(arguments.box, lens),
        max_regions=None if arguments.unlimited else arguments.max_regions,
        max_flips=arguments.max_flips,
        radius=arguments.radius,
        order=arguments.order,
    )
    search = found.search
    assert search is not None
    names = {"distance": search.distances, "crossings": search.crossings}
    columns = {name: values.tolist() for name, values in names.items() if values is not None}
    explanation = in_options(found.explain(), arguments.parser)
    code = CODES.get(found.status, 0)
    if arguments.json:
        print_json(
            {
                "n_regions": len(found),
                "engine": found.engine,
                "status": found.status.name,
                "explanation": explanation,
                "uncrossed": search.n_uncrossed,
                "unseen": search.n_unseen,
                "certificate": asdict(found.certificate),
                "regions": regions_as_json(found, search.order.tolist(), columns),
            }
        )
        return code
    print(f"{len(found)} regions. {explanation}")
    shown = max(arguments.limit, 0)
    for i in search.order[:shown].tolist():
        told = "  ".join(f"{name} {values[i]:<9.4g}" for name, values in columns.items())
        print(f"{told}  {found[i].pattern.hex}")
    print_more(len(found), arguments.limit)
    return code


def _export(arguments: argparse.Namespace) -> None:
    if arguments.format is None and arguments.output is None:
        raise OptionError(f"`export` needs --format, one of {', '.join(FORMATS)}, or else -o FILE that ends like one.")
    lens = lens_of(arguments)
    region = lens.at(point_of(arguments, lens, "export"), box_of(arguments.box, lens))
    from polytope_lens.io.export import format_of, text_of

    output = arguments.output
    chosen = arguments.format if output is None or arguments.format else format_of(output)
    options = {} if arguments.vnnlib_version is None else {"version": arguments.vnnlib_version}
    if options and chosen != "vnnlib":
        raise OptionError(f"--vnnlib-version is about the format vnnlib, but this is {chosen}. Leave it out.")
    text = text_of(region.export, chosen, **options)
    if output is None:
        print(text, end="")
    else:
        write_text(output, text)


def _robustness(arguments: argparse.Namespace) -> int:
    lens = lens_of(arguments)
    found = lens.robustness_radius(
        point_of(arguments, lens, "robustness"),
        norm=arguments.norm,
        rival=arguments.rival,
        pair=arguments.pair,
        output=arguments.output_index,
        value=arguments.value,
        domain=box_of(arguments.box, lens),
        max_regions=arguments.max_regions,
        proof=arguments.proof,
    )
    code = CODES.get(found.status, 0)
    if not arguments.json:
        print(in_options(found.explain(), arguments.parser))
        print_proof(arguments.proof, is_logged=found.is_logged, status=found.status)
        print(f"proved: at least {found.lower!r}, at most {found.upper!r}")
        return code
    numbers = {"radius": found.radius, "lower": found.lower, "upper": found.upper}
    print_json(
        {
            # JSON has neither infinity nor NaN.
            **{name: number if np.isfinite(number) else None for name, number in numbers.items()},
            "norm": f"{found.norm:g}",
            "point": None if found.point is None else found.point.tolist(),
            "outputs": found.pair,
            "n_regions": found.n_regions,
            "status": found.status.name,
        }
    )
    return code
