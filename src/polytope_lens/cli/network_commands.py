"""Commands about a network: what it is, its regions, how they look, and whether their number is proved."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.cli.arguments import (
    Choices,
    add_as_json,
    add_choice,
    add_command,
    add_domain,
    add_limit,
    add_listing,
    add_max_seconds,
    add_network,
    add_proof,
    add_workers,
    array_of,
    as_told,
    domain_of,
    lens_of,
    partition_of,
)
from polytope_lens.cli.option_words import in_options
from polytope_lens.cli.output import CODES, print_json, print_more, print_proof, regions_as_json
from polytope_lens.cli.picture_files import check_picture, new_axes, save_axes
from polytope_lens.errors import OptionError
from polytope_lens.io.files import named

if TYPE_CHECKING:
    import argparse

    from polytope_lens.cli.arguments import Commands


# Characters of a domain that are printed.
MOST_WORDS = 500
# Files of properties; what `verify` is given else is a network.
PROPERTIES = re.compile(r"\.vnnlib(\.gz)?$", re.IGNORECASE)


def add(commands: Commands) -> None:
    """Add these commands."""
    inspect = add_command(
        commands, "inspect", _inspect, "What a model becomes: layers, widths, weights, and the steps in them.",
        "net.npz", "model.onnx --input-shape 3 32 32 --outputs logits",
    )  # fmt: skip
    add_network(inspect)
    add_as_json(inspect)

    bounds = add_command(
        commands, "bounds", _bounds, "What the shape of a network says about its number of regions: published bounds.",
        "net.npz",
    )  # fmt: skip
    add_network(bounds)
    add_as_json(bounds)

    count = add_command(
        commands, "count", _count, "Number of regions, after each layer and in total.",
        "net.npz --box -1 1 --proof run.proof", "net.npz --everywhere --workers 2 --json",
    )  # fmt: skip
    add_network(count)
    add_domain(count)
    add_listing(count)
    add_proof(count, "the numbers")
    _add_run(count)
    add_as_json(count)

    estimate = add_command(
        commands, "estimate", _estimate, "About how many regions there are, and how long it takes to find them.",
        "net.npz --box -1 1 --max-seconds 20",
    )  # fmt: skip
    add_network(estimate)
    add_domain(estimate)
    engines = Choices("engines.table", "ENGINES", "auto")
    add_choice(estimate, "--engine", engines, "how they would be found", default="auto")
    estimate.add_argument("--max-seconds", type=float, metavar="S", help="how long to look (default: 5)")
    estimate.add_argument(
        "--probes", type=int, metavar="N", help="so many thinned walks instead, however long they take"
    )
    estimate.add_argument("--cells", type=int, metavar="N", help="how many cells each of them keeps at each depth")
    estimate.add_argument("--seed", type=int, default=0, metavar="N", help="where random numbers begin")
    add_workers(estimate, "threads for which the time is predicted")
    add_as_json(estimate)

    partition = add_command(
        commands, "partition", _partition, "Every region of a domain.",
        "net.npz --box -1 1 --save run.npz", "net.npz --box -1 1 --json",
    )  # fmt: skip
    add_network(partition)
    add_domain(partition)
    add_listing(partition)
    add_proof(partition, "the numbers")
    _add_run(partition)
    partition.add_argument(
        "--keep",
        nargs="*",
        default=["witnesses"],
        metavar="WHAT",
        help="what the store keeps of each region besides its pattern: witnesses, maps, volumes, vertices",
    )
    partition.add_argument("--save", metavar="FILE", help="also write all of it to a file, .npz; see Partition.load")
    add_limit(partition)
    add_as_json(partition)

    plot = add_command(
        commands,
        "plot",
        _plot,
        "Draw the regions of a network with two or three inputs, or where --box leaves as many free.",
        "net.npz --box -1 1 -o polytopes.svg --color pattern",
        "net.npz --box -1 1 -o polytopes.html --points X.npy --labels y.npy",
    )
    add_network(plot)
    add_domain(plot)
    add_listing(plot)
    plot.add_argument(
        "-o", "--output", required=True, metavar="FILE", help="picture to write: .png, .svg or .pdf, or page: .html"
    )
    colors = Choices("render.explorer.explorer", "COLORS")
    add_choice(plot, "--color", colors, "what is drawn, the last in pages only", default="value")
    plot.add_argument("--surface", action="store_true", help="the graph over two inputs, as a folded sheet, instead")
    plot.add_argument("--output-index", type=int, default=0, metavar="I", help="which output of the network to draw")
    plot.add_argument("--points", metavar="FILE", help="inputs to draw on top, (n, d) in a .npy file")
    plot.add_argument("--labels", metavar="FILE", help="a class of each of these, (n,) in a .npy file")
    plot.add_argument("--no-boundaries", action="store_true", help="no lines between regions")

    verify = add_command(
        commands, "verify", _verify,
        "Prove again what a log claims: numbers of regions, a property, a greatest or least value, a radius, a slope, "
        "or that networks are equal.",
        "run.proof net.npz",
    )  # fmt: skip
    verify.add_argument("log", help="proof log, written with --proof or proof=")
    verify.add_argument("network", nargs="?", metavar="NETWORK", help="also check that the log is about this network")
    verify.add_argument(
        "about", nargs="?", metavar="PROPERTY|OTHER",
        help="and about this property, a file in VNN-LIB, or about how this other network differs",
    )  # fmt: skip
    verify.add_argument("--network", dest="named", metavar="FILE", help="the network, said by its name")
    add_workers(verify, "processes that share the pieces of the log (default: one; with --plain, one for each core)", 0)
    verify.add_argument("--max-seconds", type=float, metavar="S", help="not proved what takes longer (default: 600)")
    verify.add_argument(
        "--plain", action="store_true", help="decide all in integers, by checker.py: slower, and easier to believe"
    )
    add_as_json(verify)


def _add_run(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--store", metavar="FOLDER", help="write what is found to this folder, so that --resume can go on")
    sub.add_argument("--resume", action="store_true", help="go on with the run in --store, if there is one")
    sub.add_argument("--max-regions", type=int, metavar="N", help="end after so many regions; exit code 3")
    add_max_seconds(sub)
    sub.add_argument("--max-memory", type=float, metavar="BYTES", help="end where the process takes more; exit code 3")


def _run_of(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ("store", "resume", "max_regions", "max_seconds", "max_memory")
    return {name: getattr(arguments, name) for name in names}


def _inspect(arguments: argparse.Namespace) -> None:
    from polytope_lens.importers.describe import describe, layer_facts

    lens = lens_of(arguments)
    lowering = lens.lowering
    if not arguments.json:
        print(describe(lens.network, lowering))
        return
    print_json(
        {
            "input_dim": lens.network.input_dim,
            "output_dim": lens.network.output_dim,
            "n_neurons": lens.network.n_neurons,
            "input_shape": None if lowering is None else lowering.input_shape,
            "output_shape": None if lowering is None else lowering.output_shape,
            "inputs": None if lowering is None else lowering.inputs,
            "outputs": None if lowering is None else lowering.outputs,
            "stripped": None if lowering is None else lowering.stripped,
            "remarks": None if lowering is None else lowering.remarks,
            "self_check": None if lens.self_check is None else asdict(lens.self_check),
            "layers": [asdict(layer) for layer in layer_facts(lens.network, lowering)],
        }
    )


def _bounds(arguments: argparse.Namespace) -> None:
    found = lens_of(arguments).region_count_bounds()
    if arguments.json:
        print_json({"upper": found.upper, "bounds": [asdict(bound) for bound in found.bounds]})
    else:
        print(found)


def _count(arguments: argparse.Namespace) -> int:
    lens = lens_of(arguments)
    with as_told(arguments):
        counts = lens.count(
            domain_of(arguments, lens), arguments.engine, workers=arguments.workers, proof=arguments.proof,
            progress=True, **_run_of(arguments),
        )  # fmt: skip
    code = CODES.get(counts.status, 0)
    if arguments.json:
        print_json(
            {
                "total": counts.total,
                "per_layer": counts.per_layer.tolist(),
                "status": counts.status.name,
                "certificate": asdict(counts.certificate),
            }
        )
        return code
    least = "" if counts.is_complete else "at least "
    for layer, count in enumerate(counts.per_layer):
        print(f"after layer {layer}: {least}{count}")
    print(f"total: {least}{counts.total}")
    print_proof(arguments.proof, is_logged=counts.is_complete, status=counts.status)
    if code:
        print(in_options(counts.explain(), arguments.parser))
    return code


def _estimate(arguments: argparse.Namespace) -> None:
    from polytope_lens.engines.estimate import MAX_SECONDS

    lens = lens_of(arguments)
    found = lens.estimate(
        domain_of(arguments, lens),
        arguments.engine,
        max_seconds=MAX_SECONDS if arguments.max_seconds is None else arguments.max_seconds,
        probes=arguments.probes,
        cells=arguments.cells,
        seed=arguments.seed,
        workers=arguments.workers,
    )
    if arguments.json:
        print_json({**asdict(found), "per_layer": found.per_layer.tolist()})
    else:
        print(found)


def _partition(arguments: argparse.Namespace) -> int:
    lens = lens_of(arguments)
    found = partition_of(arguments, lens, proof=arguments.proof, keep=arguments.keep, **_run_of(arguments))
    code = CODES.get(found.status, 0)
    if arguments.save:
        found.save(arguments.save)
    if arguments.json:
        facts = {
            "n_regions": len(found),
            "per_layer": found.counts_per_layer.tolist(),
            "engine": found.engine,
            "status": found.status.name,
            "certificate": asdict(found.certificate),
        }
        # What is in a store is read from there.
        regions = {} if arguments.store else {"regions": regions_as_json(found, range(len(found)))}
        print_json(facts | regions)
        return code
    print(found)
    print_proof(arguments.proof, is_logged=found.is_complete, status=found.status)
    if code:
        print(in_options(found.explain(), arguments.parser))
    for i in range(min(len(found), max(arguments.limit, 0))):
        region = found[i]
        print(f"{i:8d}  {region.pattern.hex}  inside: {np.array2string(region.point, precision=6)}")
    print_more(len(found), arguments.limit, "the store has all" if arguments.store else "--json all")
    return code


def _plot(arguments: argparse.Namespace) -> None:
    target = Path(arguments.output)
    is_page = target.suffix.lower() == ".html"
    check_picture(arguments.output, ".html")
    if arguments.labels and not arguments.points:
        raise OptionError("--labels are the classes of --points. Say these, too, or leave the labels out.")
    if arguments.surface and (is_page or arguments.points):
        raise OptionError("--surface is a picture without points. Leave --points out, or --surface.")
    lens = lens_of(arguments)
    found = partition_of(arguments, lens)
    points = array_of(arguments.points) if arguments.points else None
    labels = array_of(arguments.labels) if arguments.labels else None
    if is_page:
        page = found.explorer(
            target,
            arguments.color,
            boundaries=not arguments.no_boundaries,
            points=points,
            labels=labels,
            output=arguments.output_index,
        )
        print(f"{target}: {page}")
        return
    from polytope_lens.flat_domain import within

    in_space = within(found).network.input_dim == 3
    ax = new_axes(in_space=in_space or arguments.surface)
    shown: dict[str, Any] = {"boundaries": not arguments.no_boundaries, "output": arguments.output_index}
    if arguments.surface:
        found.plot.surface(ax, arguments.color, **shown)
    else:
        found.plot(ax, arguments.color, points=points, labels=labels, **shown)
    save_axes(ax, arguments.output)
    print(f"{target}: {len(found)} regions")


def _how(answer: dict[str, Any]) -> str:
    """By which checker a log was proved."""
    if answer["checker"] == "plain" or answer.get("questions") == 0:
        return "in integers, by checker.py"
    if "questions" not in answer:
        return "by compiled code"
    things = "pieces" if "total" in answer else "lines"
    return f"by compiled code, {answer['by_integers']} of {answer['questions']} {things} in integers"


def _verify(arguments: argparse.Namespace) -> int:
    from polytope_lens.lens import Lens
    from polytope_lens.proof import checker, fast_checker
    from polytope_lens.proof.log import is_about
    from polytope_lens.properties.property_proof import is_about_property
    from polytope_lens.properties.vnnlib_reader import read_vnnlib

    # Two places, for argparse of 3.14 writes None over an option where an argument of its name is missing.
    model = arguments.network or arguments.named
    network = Lens(model).network if model else None
    about, is_property = arguments.about, arguments.about and PROPERTIES.search(arguments.about)
    asked = read_vnnlib(about) if is_property else None
    other = Lens(about).network if about and not is_property else None
    with named(Path(arguments.log), "read"), Path(arguments.log).open("rb"):
        pass  # or it says why not, as of all other files
    seconds = checker.SECONDS if arguments.max_seconds is None else arguments.max_seconds
    if arguments.plain:
        jobs = max(1, arguments.workers or os.cpu_count() or 1)
        answer = {**checker.verify(arguments.log, seconds, jobs), "checker": "plain"}
    else:
        answer = fast_checker.verify(arguments.log, seconds, max(1, arguments.workers))
    is_open = not answer["proved"] and answer["reason"].startswith("not decided")
    if not answer["proved"] and answer["line"] == 1 and answer["reason"].startswith("a damaged line"):
        answer["reason"] = "this is no proof log, such as --proof and proof= write"
    if network is not None and answer["proved"] and not is_about(answer, network, other):
        reason = f"{model} holds another network than the log"
        if other is not None and "less" in answer:
            reason = f"the log is not about what {model} gives more than {about}"
        elif other is not None or "less" in answer:
            what = "the difference of two networks" if "less" in answer else "one network"
            reason = f"the log is about {what}: name {'both' if other is None else 'that one alone'}"
        answer = {"proved": False, "line": 2, "reason": reason}
    elif network and asked and answer["proved"] and not is_about_property(answer, network, asked):
        answer = {"proved": False, "line": 2, "reason": f"{about} holds another property than the log"}
    if arguments.json:
        print_json(answer)
    elif answer["proved"]:
        widths = ", ".join(map(str, answer["widths"])) or "no"
        that = f", that in {model}" if network is not None else ""
        says = answer.get("says") or f"{answer['total']} regions, {answer['per_layer']} after each layer"
        print(f"proved: {says}")
        for name in ("value", "bound", "radius", "reached", "point"):
            if name in answer:
                told = answer[name] if isinstance(answer[name], str) else ", ".join(answer[name])
                print(f"{name}: {_shortened(told)}")
        print(f"network: {answer['inputs']} inputs, {widths} hidden neurons, SHA-256 {answer['network']}{that}")
        if "less" in answer:
            widths = ", ".join(map(str, answer["less"])) or "no"
            print(f"outputs: those of this network less those of another one, with {widths} hidden neurons")
        kind = "domain" if "domain" in answer else "property"
        print(f"{kind}: {_shortened(answer[kind])}")
        print(f"checked: {_how(answer)}")
    else:
        verdict = "NOT DECIDED" if is_open else "REJECTED"
        print(f"{arguments.log}: {verdict} at line {answer['line']}: {answer['reason']}")
    if is_open:
        return 3
    return 0 if answer["proved"] else 1


def _shortened(told: str) -> str:
    return told if len(told) <= MOST_WORDS else told[:MOST_WORDS] + " ... (all of it with --json)"
