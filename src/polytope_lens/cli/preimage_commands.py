"""Commands about where outputs lie: preimages, how often, images, level sets in any number of inputs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from polytope_lens.cli.arguments import (
    add_as_json,
    add_bounded_domain,
    add_command,
    add_domain,
    add_exact,
    add_limit,
    add_listing,
    add_max_seconds,
    add_network,
    add_proof,
    as_told,
    domain_of,
    lens_of,
)
from polytope_lens.cli.option_words import in_options
from polytope_lens.cli.output import (
    CODES,
    about,
    as_plain,
    point_text,
    print_json,
    print_more,
    print_proof,
    regions_as_json,
)
from polytope_lens.cli.output_forms import add_output, add_target, output_of, target_of
from polytope_lens.cli.parser import exact_number
from polytope_lens.cli.picture_files import add_picture, check_picture, new_axes, save_axes
from polytope_lens.errors import Status

if TYPE_CHECKING:
    import argparse

    from polytope_lens.cli.arguments import Commands
    from polytope_lens.preimages.preimage import Preimage

LOW = "--where 'y0 <= -0.2'"
# What is left for volumes if the time ends before.
LEAST_SECONDS = 0.001


def add(commands: Commands) -> None:
    """Add these commands."""
    preimage = add_command(
        commands, "preimage", _preimage, "Which inputs lead to some outputs: all polytopes of these, exactly.",
        f"net.npz --box -1 1 {LOW}", "classes.npz --box -1 1 --where 1 -o class1.png",
        "classes.npz --everywhere --where 'y0 <= 0' 'y1 >= 1' --where 'y0 >= 2 y1' --flat-parts --json",
    )  # fmt: skip
    add_network(preimage)
    add_domain(preimage)
    add_target(preimage)
    add_listing(preimage)
    preimage.add_argument("--flat-parts", action="store_true", help="also where outputs only touch the target")
    preimage.add_argument("--max-regions", type=int, metavar="N", help="end after so many regions; exit code 3")
    add_max_seconds(preimage)
    preimage.add_argument("--save", metavar="FILE", help="also write all cells to a file, .npz; see Partition.load")
    add_picture(preimage, "the cells, where two or three inputs vary")
    add_limit(preimage, "cells")
    add_as_json(preimage)

    probability = add_command(
        commands, "probability", _probability,
        "How often outputs lie in a set, for inputs that are uniformly distributed on a domain: proved bounds.",
        f"net.npz --box -1 1 {LOW}", "classes.npz --box -1 1 --where 0 --exact",
        f"net.npz --box -1 1 {LOW} --proof run.proof",
    )  # fmt: skip
    add_network(probability)
    add_bounded_domain(probability)
    add_target(probability)
    add_listing(probability)
    add_exact(probability)
    add_max_seconds(probability, "after that the bounds are farther apart; beyond four inputs 10 by default")
    add_proof(probability, "it, exactly")
    add_as_json(probability)

    image = add_command(
        commands, "image", _image, "Which outputs a domain has: a polytope for each region.",
        "net.npz --box -1 1", "classes.npz --box -1 1 -o image.svg",
    )  # fmt: skip
    add_network(image)
    add_bounded_domain(image)
    add_listing(image)
    add_exact(image)
    add_picture(image, "the polytopes, of networks with two outputs")
    add_limit(image, "polytopes")
    add_as_json(image)

    facets = add_command(
        commands, "level-facets", _level_facets,
        "Where an output takes a value, in any number of inputs: facets between cells, and plateaus apart.",
        "net.npz --box -1 1 --value 0", "classes.npz --box -1 1 --combination 'y0 - y1' --json",
    )  # fmt: skip
    add_network(facets)
    add_domain(facets)
    add_output(facets)
    facets.add_argument(
        "--value", type=exact_number, default=0, metavar="V", help="the value that it takes; 0.1 is 1/10"
    )
    add_listing(facets)
    facets.add_argument("--touched", action="store_true", help="also sets of fewer dimensions where it takes the value")
    facets.add_argument("--with-corners", action="store_true", help="also the corners of each facet")
    add_exact(facets)
    add_limit(facets, "facets")
    add_as_json(facets)


def _found(arguments: argparse.Namespace, **options: Any) -> Preimage:
    lens = lens_of(arguments)
    target = target_of(arguments.where, lens.network.output_dim)
    with as_told(arguments):
        return lens.preimage(
            target, domain_of(arguments, lens), engine=arguments.engine, workers=arguments.workers,
            max_seconds=arguments.max_seconds, **options,
        )  # fmt: skip


def _preimage(arguments: argparse.Namespace) -> int:
    check_picture(arguments.output)
    found = _found(arguments, max_regions=arguments.max_regions)
    code = 0 if found.has_all_cells else CODES.get(found.status, 0)
    explanation = in_options(found.explain(), arguments.parser)
    parts = found.flat_parts() if arguments.flat_parts and found.has_all_cells else None
    if arguments.save:
        found.save(arguments.save)
    if arguments.output is not None:
        from polytope_lens.flat_domain import within

        ax = new_axes(in_space=within(found).network.input_dim == 3)
        found.plot(ax)
        save_axes(ax, arguments.output)
    if arguments.json:
        told = {"flat_parts": None if parts is None else [{"dim": p.dim, "point": as_plain(p.point)} for p in parts]}
        print_json(
            {
                "n_cells": len(found),
                "engine": found.engine,
                "status": found.status.name,
                "explanation": explanation,
                "cells": regions_as_json(found, range(len(found))),
                **(told if arguments.flat_parts else {}),
            }
        )
        return code
    print(found)
    if code:
        print(explanation)
    for i in range(min(len(found), max(arguments.limit, 0))):
        print(f"{i:8d}  {found[i].pattern.hex}  inside: {point_text(found[i].point)}")
    print_more(len(found), arguments.limit)
    for part in parts or ():
        print(f"touched in dimension {part.dim}, at {point_text(part.point)}")
    if parts == ():
        print("Nowhere is the target only touched.")
    return code


def _probability(arguments: argparse.Namespace) -> int:
    begun = time.monotonic()
    found, seconds = _found(arguments), arguments.max_seconds
    left = None if seconds is None else max(seconds - (time.monotonic() - begun), LEAST_SECONDS)
    if found.status is Status.INTERRUPTED:
        left = LEAST_SECONDS
    share = found.probability(exact=arguments.exact, max_seconds=left, proof=arguments.proof)
    code = 0 if found.has_all_cells else CODES.get(found.status, 0)
    if arguments.json:
        names = ("lower", "upper", "is_exact", "is_logged")
        facts = {"n_cells": len(found), "status": found.status.name}
        print_json(as_plain({name: getattr(share, name) for name in names} | facts))
        return code
    bounds = about(share.lower) if share.is_exact else f"between {about(share.lower)} and {about(share.upper)}"
    print(f"probability: {bounds}")
    print_proof(arguments.proof, is_logged=share.is_logged, status=found.status)
    if code:
        print(in_options(found.explain(), arguments.parser))
    return code


def _image(arguments: argparse.Namespace) -> None:
    check_picture(arguments.output)
    lens = lens_of(arguments)
    with as_told(arguments):
        found = lens.image(domain_of(arguments, lens), engine=arguments.engine, workers=arguments.workers)
    if arguments.output is not None:
        ax = new_axes(in_space=False)
        found.plot(ax)
        save_axes(ax, arguments.output)
    lower, upper = (corner.tolist() for corner in found.bounding_box())
    exact = arguments.exact

    def corners(i: int) -> list[list[Any]]:
        every: list[list[Any]] = (found.vertices(i, exact=True) if exact else found.vertices(i)).tolist()
        return every

    if arguments.json:
        parts = [as_plain(corners(i)) for i in range(len(found))]
        print_json({"n_polytopes": len(found), "lower": lower, "upper": upper, "polytopes": parts})
        return
    print(found)
    for k, (low, high) in enumerate(zip(lower, upper, strict=True)):
        print(f"output {k} is between {low!r} and {high!r}")
    for i in range(min(len(found), max(arguments.limit, 0))):
        print(f"{i:8d}  corners: {'  '.join(map(point_text, corners(i)))}")
    print_more(len(found), arguments.limit)


def _level_facets(arguments: argparse.Namespace) -> None:
    lens = lens_of(arguments)
    row, exact = output_of(arguments, lens.network.output_dim), arguments.exact
    with as_told(arguments):
        found = lens.level_facets(
            row, arguments.value, domain_of(arguments, lens), engine=arguments.engine, workers=arguments.workers
        )
    parts = found.touched() if arguments.touched else None
    sides = found.facets.regions.tolist()

    def corners(i: int) -> list[list[Any]]:
        facet = found.polytope(i)
        every: list[list[Any]] = (facet.vertices(exact=True) if exact else facet.vertices()).tolist()
        return every

    if arguments.json:
        told = {"touched": None if parts is None else [{"dim": p.dim, "point": as_plain(p.point)} for p in parts]}
        facets = [
            {
                "cells": sides[i],
                "owners": found.facets.owners(i),
                **({"corners": as_plain(corners(i))} if arguments.with_corners else {}),
            }
            for i in range(len(found))
        ]
        print_json(
            {
                "n_facets": len(found),
                "facets": facets,
                "plateaus": found.plateaus.tolist(),
                "cells": regions_as_json(found.cells, range(len(found.cells))),
                **(told if arguments.touched else {}),
            }
        )
        return
    print(found)
    for i in range(min(len(found), max(arguments.limit, 0))):
        beside = " and ".join("what is beyond" if side < 0 else f"cell {side}" for side in sides[i])
        ends = f", corners {'  '.join(map(point_text, corners(i)))}" if arguments.with_corners else ""
        print(f"{i:8d}  between {beside}{ends}")
    print_more(len(found), arguments.limit)
    for i in found.plateaus.tolist():
        print(f"plateau: cell {i}, around {point_text(found.cells[i].point)}")
    for part in parts or ():
        print(f"touched in dimension {part.dim}, at {point_text(part.point)}")
    if parts == ():
        print("Nowhere else is the value taken.")
