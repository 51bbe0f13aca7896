"""The command line, ``polytope-lens COMMAND``: argument parsing and printing, nothing else."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens import __version__
from polytope_lens.errors import DomainError, FileFormatError, OptionError, PolytopeLensError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.domain import Domain
    from polytope_lens.lens import Lens

ENGINES = ("auto", "split", "subdivide", "brute")
ORDERS = ("distance", "breadth")
FORMATS = ("wkt", "smtlib", "ine", "vnnlib", "lp", "latex", "json")
COLORS = ("value", "pattern", "slope", "layer")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns 0 if it worked, 1 if a proof was rejected, 2 after one sentence on standard error if the input was bad.
    """
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments) or 0
    except (PolytopeLensError, OSError) as error:
        print(f"polytope-lens: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("polytope-lens: interrupted; nothing was written.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytope-lens", description="Exact polytope geometry of trained ReLU and leaky-ReLU networks."
    )
    parser.add_argument("--version", action="version", version=f"polytope-lens {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    def network(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "file", help="network: .onnx, .npz with W0, b0, W1, b1, ..., .safetensors, or .pt/.pth saved by torch"
        )
        sub.add_argument(
            "--input-shape", nargs="+", type=int, metavar="N", help="shape of one sample, where the file does not tell"
        )
        sub.add_argument(
            "--architecture", nargs="+", metavar="STEP",
            help="what a file of weights is about: its layers and activations in order, or one activation for all",
        )  # fmt: skip

    def domain(sub: argparse.ArgumentParser) -> None:
        where = sub.add_mutually_exclusive_group()
        where.add_argument(
            "--box", nargs="+", type=float, metavar="X",
            help="lower and upper bound of every coordinate, or the lower and then the upper corner",
        )  # fmt: skip
        where.add_argument("--everywhere", action="store_true", help="all of R^d")
        sub.add_argument("--engine", choices=ENGINES, default="auto")

    def as_json(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--json", action="store_true", help="print JSON")

    def point(sub: argparse.ArgumentParser) -> None:
        network(sub)
        sub.add_argument("x", nargs="*", type=float, help="coordinates of the point")
        sub.add_argument("--point", metavar="FILE", help="take the point from a .npy file instead")

    inspect = command("inspect", _inspect, "What a model becomes: layers, widths, weights, and the steps in them.")
    network(inspect)
    as_json(inspect)

    at = command("at", _at, "The polytope that a point lives on: pattern, affine map, facets.")
    point(at)
    at.add_argument("--all", action="store_true", help="print all inequalities, not only the facets")
    as_json(at)

    path = command("path", _path, "Every region on a straight way from one point to another.")
    network(path)
    path.add_argument("--from", dest="start", nargs="+", type=float, metavar="X", help="coordinates of the start")
    path.add_argument("--to", dest="stop", nargs="+", type=float, metavar="X", help="coordinates of the end")
    path.add_argument("--points", metavar="FILE", help="go through the rows of a .npy file instead")
    as_json(path)

    def proof(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--proof", metavar="LOG", help="also write a log that proves the numbers; see `verify`")

    count = command("count", _count, "Number of regions, after each layer and in total.")
    network(count)
    domain(count)
    proof(count)
    as_json(count)

    partition = command("partition", _partition, "Every region of a domain.")
    network(partition)
    domain(partition)
    proof(partition)
    partition.add_argument("--save", metavar="FILE", help="also write all of it to a file, .npz; see Partition.load")
    partition.add_argument("--limit", type=int, default=10, help="print this many regions (JSON prints all)")
    as_json(partition)

    explore = command("explore", _explore, "Regions around a point, found by crossing facets.")
    point(explore)
    many = explore.add_mutually_exclusive_group()
    many.add_argument("--max-regions", type=int, default=10_000, metavar="N", help="default: %(default)s")
    many.add_argument("--unlimited", action="store_true", help="as many regions as there are")
    explore.add_argument("--max-flips", type=int, metavar="K", help="cross at most so many facets")
    explore.add_argument("--radius", type=float, metavar="R", help="every region that meets a ball around the point")
    explore.add_argument("--order", choices=ORDERS, help="nearest first, or those with the fewest facets to cross")
    explore.add_argument(
        "--box", nargs="+", type=float, metavar="X",
        help="stay between these bounds: one pair for every coordinate, or the lower and then the upper corner",
    )  # fmt: skip
    explore.add_argument("--limit", type=int, default=10, help="print this many regions (JSON prints all)")
    as_json(explore)

    export = command("export", _export, "Write the polytope that a point lives on in the format of another program.")
    network(export)
    export.add_argument("x", nargs="*", type=float, help="coordinates of the point")
    export.add_argument("--point", metavar="FILE", help="take the point from a .npy file instead")
    export.add_argument(
        "--box", nargs="+", type=float, metavar="X",
        help="clip it to these bounds: one pair for every coordinate, or the lower and then the upper corner",
    )  # fmt: skip
    export.add_argument("--format", choices=FORMATS, help="by default what the name of the output ends in")
    export.add_argument("-o", "--output", metavar="FILE", help="file to write; by default the text is printed")
    robustness = command("robustness", _robustness, "How far a point is from the decision boundary.")
    point(robustness)
    robustness.add_argument("--norm", type=float, default=2, help="1, 2 or inf (default: %(default)s)")
    robustness.add_argument("--target", type=int, nargs="+", metavar="I", help="only this output, or a pair of them")
    robustness.add_argument("--value", type=float, help="where an output has this value instead")
    robustness.add_argument("--output", type=int, metavar="I", help="which one")
    robustness.add_argument("--max-regions", type=int, default=10_000, metavar="N", help="default: %(default)s")
    as_json(robustness)

    plot = command("plot", _plot, "Draw the regions of a network with two inputs.")
    network(plot)
    domain(plot)
    plot.add_argument("-o", "--output", required=True, help="picture to write: .png, .svg or .pdf")
    plot.add_argument("--color", choices=COLORS, default="value")
    plot.add_argument("--output-index", type=int, default=0, help="which output of the network to draw")
    plot.add_argument("--points", metavar="FILE", help="points to draw on top, (n, 2) in a .npy file")
    plot.add_argument("--no-boundaries", action="store_true")

    verify = command("verify", _verify, "Prove again, in integer arithmetic, the numbers of regions that a log claims.")
    verify.add_argument("log", help="proof log, written with --proof or proof=")
    verify.add_argument("--network", metavar="FILE", help="also check that the log is about this network")
    as_json(verify)

    demo = command("demo", _demo, "Train a network on a ring and look at its true polytopes.")
    demo.add_argument("-o", "--output", default="demo", help="folder for pictures and film (default: %(default)s)")
    demo.add_argument("--steps", type=int, default=6000)
    demo.add_argument("--seed", type=int, default=0)
    return parser


def _at(arguments: argparse.Namespace) -> None:
    lens = _lens(arguments)
    region = lens.at(_point(arguments, lens, "at"))
    system = region.inequalities()
    zero = region.vanishing().tolist()
    everywhere = region.vanishing(everywhere=True).tolist() if zero else []
    walls = [neuron for neuron in zero if neuron not in everywhere]
    if arguments.json:
        _print_json(
            {
                "pattern": [layer.astype(int).tolist() for layer in region.pattern.layers],
                "hex": region.pattern.hex,
                "on_boundary": bool(walls),
                "vanishing": zero,
                "affine_map": {"A": region.affine_map.A.tolist(), "b": region.affine_map.b.tolist()},
                "inequalities": {
                    "A": system.A.tolist(),
                    "b": system.b.tolist(),
                    "layer": system.layer.tolist(),
                    "neuron": system.neuron.tolist(),
                    "is_facet": system.is_facet.tolist(),
                },
            }
        )
        return
    print(f"pattern {region.pattern}")
    if walls:
        named = "; ".join(f"layer {layer}, neuron {neuron}" for layer, neuron in walls)
        print(f"the point lies on the boundary: {named} {'vanish' if len(walls) > 1 else 'vanishes'} there")
    print(f"{len(system)} inequalities A @ x <= b, {int(system.is_facet.sum())} of them facets:")
    print(system.format(only_facets=not arguments.all))
    for i, (row, offset) in enumerate(zip(region.affine_map.A, region.affine_map.b, strict=True)):
        terms = " ".join(f"{value:+.6g} x{k}" for k, value in enumerate(row[:8]))
        print(f"output {i} = {terms}{' + ...' if len(row) > 8 else ''} {offset:+.6g}")


def _path(arguments: argparse.Namespace) -> None:
    lens = _lens(arguments)
    points = [point for point in (arguments.start, arguments.stop) if point is not None]
    if arguments.points and not points:
        points = list(np.atleast_1d(_array(arguments.points)))
    elif arguments.points or len(points) < 2:
        raise OptionError("`path` goes --from one point --to another, or else through the rows of --points FILE.")
    if len(points) < 2:
        raise OptionError(f"a path needs at least two points, but {arguments.points} holds one.")
    path = lens.path(*points)
    names = [region.pattern.hex for region in path]
    if arguments.json:
        _print_json(
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


def _count(arguments: argparse.Namespace) -> None:
    lens = _lens(arguments)
    counts = lens.count(_domain(arguments, lens), arguments.engine, proof=arguments.proof)
    if arguments.json:
        certificate = asdict(counts.certificate)
        _print_json({"total": counts.total, "per_layer": counts.per_layer.tolist(), "certificate": certificate})
        return
    for layer, count in enumerate(counts.per_layer):
        print(f"after layer {layer}: {count}")
    print(f"total: {counts.total}")


def _partition(arguments: argparse.Namespace) -> None:
    lens = _lens(arguments)
    found = lens.partition(_domain(arguments, lens), arguments.engine, proof=arguments.proof)
    if arguments.save:
        found.save(arguments.save)
    if arguments.json:
        _print_json(
            {
                "n_regions": len(found),
                "per_layer": found.counts_per_layer.tolist(),
                "engine": found.engine,
                "status": found.status.name,
                "certificate": asdict(found.certificate),
                "regions": [
                    {
                        "pattern": found[i].pattern.hex,
                        "witness": found.witnesses[i].tolist(),
                        "map": found.maps[i].tolist(),
                    }
                    for i in range(len(found))
                ],
            }
        )
        return
    print(found)
    for i in range(min(len(found), max(arguments.limit, 0))):
        print(f"{i:8d}  {found[i].pattern.hex}  inside: {np.array2string(found.witnesses[i], precision=6)}")
    if len(found) > arguments.limit:
        print(f"... and {len(found) - arguments.limit} more; --limit shows more of them, --json all")


def _explore(arguments: argparse.Namespace) -> None:
    lens = _lens(arguments)
    found = lens.explore(
        _point(arguments, lens, "explore"),
        _box(arguments.box, lens) if arguments.box is not None else None,
        max_regions=None if arguments.unlimited else arguments.max_regions,
        max_flips=arguments.max_flips,
        radius=arguments.radius,
        order=arguments.order,
    )
    search = found.search
    assert search is not None
    names = {"distance": search.distances, "crossings": search.crossings}
    columns = {name: values.tolist() for name, values in names.items() if values is not None}
    if arguments.json:
        _print_json(
            {
                "n_regions": len(found),
                "engine": found.engine,
                "status": found.status.name,
                "explanation": found.explain(),
                "uncrossed": search.n_uncrossed,
                "unseen": search.n_unseen,
                "certificate": asdict(found.certificate),
                "regions": [
                    {
                        "pattern": found[i].pattern.hex,
                        "witness": found.witnesses[i].tolist(),
                        "map": found.maps[i].tolist(),
                        **{name: values[i] for name, values in columns.items()},
                    }
                    for i in search.order.tolist()
                ],
            }
        )
        return
    print(f"{len(found)} regions. {found.explain()}")
    shown = max(arguments.limit, 0)
    for i in search.order[:shown].tolist():
        told = "  ".join(f"{name} {values[i]:<9.4g}" for name, values in columns.items())
        print(f"{told}  {found[i].pattern.hex}")
    if len(found) > shown:
        print(f"... and {len(found) - shown} more; --limit shows more of them, --json all")


def _export(arguments: argparse.Namespace) -> None:
    if arguments.format is None and arguments.output is None:
        raise OptionError(f"`export` needs --format, one of {', '.join(FORMATS)}, or else -o FILE that ends like one.")
    lens = _lens(arguments)
    box = _box(arguments.box, lens) if arguments.box is not None else None
    region = lens.at(_point(arguments, lens, "export"), box)
    if arguments.output is None:
        from polytope_lens.io.exports import text_of

        print(text_of(region, arguments.format), end="")
    else:
        region.write(arguments.output, arguments.format)


def _robustness(arguments: argparse.Namespace) -> None:
    lens, target = _lens(arguments), arguments.target
    found = lens.robustness_radius(
        _point(arguments, lens, "robustness"),
        norm=arguments.norm,
        target=target[0] if target and len(target) == 1 else target,
        output=arguments.output,
        value=arguments.value,
        max_regions=arguments.max_regions,
    )
    if not arguments.json:
        print(found.explain())
        print(f"proved: at least {found.lower!r}, at most {found.upper!r}")
        return
    numbers = {"radius": found.radius, "lower": found.lower, "upper": found.upper}
    _print_json(
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


def _plot(arguments: argparse.Namespace) -> None:
    target = Path(arguments.output)
    if target.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise OptionError(f"a picture is written as .png, .svg or .pdf, but {arguments.output!r} ends otherwise.")
    lens = _lens(arguments)
    found = lens.partition(_domain(arguments, lens), arguments.engine)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 6.0), layout="constrained")
    found.plot(
        figure.add_subplot(projection="3d" if lens.network.input_dim == 3 else None),
        arguments.color,
        boundaries=not arguments.no_boundaries,
        points=_array(arguments.points) if arguments.points else None,
        output=arguments.output_index,
    )
    figure.savefig(target, dpi=200)
    print(f"{target}: {len(found)} regions")


def _inspect(arguments: argparse.Namespace) -> None:
    from polytope_lens.importers.describe import describe, layer_facts

    lens = _lens(arguments)
    lowering = lens.lowering
    if not arguments.json:
        print(describe(lens.network, lowering))
        return
    _print_json(
        {
            "input_dim": lens.network.input_dim,
            "output_dim": lens.network.output_dim,
            "n_neurons": lens.network.n_neurons,
            "input_shape": None if lowering is None else lowering.input_shape,
            "output_shape": None if lowering is None else lowering.output_shape,
            "stripped": None if lowering is None else lowering.stripped,
            "self_check": None if lens.self_check is None else asdict(lens.self_check),
            "layers": [asdict(layer) for layer in layer_facts(lens.network, lowering)],
        }
    )


def _verify(arguments: argparse.Namespace) -> int:
    from polytope_lens.lens import Lens
    from polytope_lens.proof.checker import verify
    from polytope_lens.proof.log import is_about

    lens = Lens(arguments.network) if arguments.network else None
    answer = verify(arguments.log)
    if lens is not None and answer["proved"] and not is_about(arguments.log, lens.network):
        answer = {"proved": False, "line": 2, "reason": f"{arguments.network} holds another network than the log"}
    if arguments.json:
        _print_json(answer)
    elif answer["proved"]:
        about = f" of the network in {arguments.network}" if lens is not None else ""
        print(f"proved: {answer['total']} regions{about}, {answer['per_layer']} after each layer")
    else:
        print(f"{arguments.log}: REJECTED at line {answer['line']}: {answer['reason']}")
    return 0 if answer["proved"] else 1


def _demo(arguments: argparse.Namespace) -> None:
    from polytope_lens import demo

    demo.run(arguments.output, steps=arguments.steps, seed=arguments.seed)


def _lens(arguments: argparse.Namespace) -> Lens:
    from polytope_lens.lens import Lens

    steps = arguments.architecture
    architecture = steps[0] if steps is not None and len(steps) == 1 else steps
    return Lens(arguments.file, arguments.input_shape, architecture=architecture)


def _point(arguments: argparse.Namespace, lens: Lens, command: str) -> Any:
    """The point asked for, as numbers or in a file."""
    if bool(arguments.x) == bool(arguments.point):
        raise OptionError(
            f"`{command}` needs the {lens.network.input_dim} coordinates of one point, either as numbers or by --point "
            "FILE."
        )
    return _array(arguments.point) if arguments.point else arguments.x


def _box(bounds: list[float], lens: Lens) -> Domain:
    """A box given by one pair of bounds, or by its corners."""
    from polytope_lens.domain import Box

    d = lens.network.input_dim
    if len(bounds) == 2:
        return Box([bounds[0]] * d, [bounds[1]] * d)
    if len(bounds) == 2 * d:
        return Box(bounds[:d], bounds[d:])
    raise DomainError(
        f"--box takes 2 numbers, or {2 * d} for a network with {d} inputs (lower corner, then upper corner), but "
        f"received {len(bounds)}."
    )


def _domain(arguments: argparse.Namespace, lens: Lens) -> Domain:
    """The domain asked for, or else the one in the file."""
    if arguments.everywhere:
        return None
    if arguments.box is not None:
        return _box(arguments.box, lens)
    if Path(arguments.file).suffix == ".npz":
        from polytope_lens.importers.npz import load_npz

        domain = load_npz(arguments.file)[1]
        if domain is not None:
            return domain
    raise DomainError(
        "where should the regions be looked for? Say --box LOWER UPPER, or --everywhere for all of R^d; "
        f"{arguments.file} names no bounded domain."
    )


def _array(file: str) -> Any:
    try:
        with Path(file).open("rb") as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise FileFormatError(f"{file} is not a .npy file of numbers.") from error


def _print_json(value: dict[str, Any]) -> None:
    json.dump(value, sys.stdout)
    print()
