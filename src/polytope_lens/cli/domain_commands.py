"""Commands about all regions of a domain together: level sets, neurons, a table, how far another network is."""

from __future__ import annotations

import sys
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polytope_lens.cli.arguments import (
    add_as_json,
    add_bounded_domain,
    add_command,
    add_domain,
    add_exact,
    add_listing,
    add_max_seconds,
    add_network,
    add_proof,
    add_workers,
    as_told,
    domain_of,
    lens_of,
    partition_of,
)
from polytope_lens.cli.output import CODES, as_plain, point_text, print_json, print_proof
from polytope_lens.cli.parser import number
from polytope_lens.cli.picture_files import add_picture, check_picture, new_axes, save_axes
from polytope_lens.displays.phrases import many
from polytope_lens.errors import OptionError
from polytope_lens.io.text_table import text_table

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from polytope_lens.cli.arguments import Commands
    from polytope_lens.function.level_set import LevelSet
    from polytope_lens.function.level_surface import LevelSurface
    from polytope_lens.partition.partition import Partition
    from polytope_lens.polyhedral_complex.neurons import Neurons

SUFFIXES = (".csv", ".parquet")


def add(commands: Commands) -> None:
    """Add these commands."""
    level_set = add_command(
        commands, "level-set", _level_set,
        "Where an output takes a value, or two outputs are equal: curves in the plane, surfaces in space.",
        "net.npz --box -1 1 --value 0 -o curve.svg", "classes.npz --box -1 1 --pair 0 1 --json",
    )  # fmt: skip
    add_network(level_set)
    add_domain(level_set)
    add_listing(level_set)
    which = level_set.add_mutually_exclusive_group()
    which.add_argument("--value", type=number, default=0.5, metavar="V", help="the value that the output takes")
    which.add_argument("--pair", type=int, nargs=2, metavar="I", help="where these two outputs are equal instead")
    level_set.add_argument("--output-index", type=int, default=0, metavar="I", help="which output that is")
    add_exact(level_set)
    add_picture(level_set, "the regions with the curves, or of the surface")
    add_as_json(level_set)

    neurons = add_command(
        commands, "neurons", _neurons, "What each neuron does on a domain: where it is on, and how much it cuts.",
        "net.npz --box -1 1", "net.npz --box -1 1 -o neurons.csv",
    )  # fmt: skip
    add_network(neurons)
    add_domain(neurons)
    add_listing(neurons)
    _add_table(neurons)
    add_as_json(neurons)

    table = add_command(
        commands, "table", _table, "One row for each region: pattern, facets, neighbours, size, slope, a point inside.",
        "net.npz --box -1 1 > regions.csv", "net.npz --box -1 1 --with-maps -o regions.parquet",
    )  # fmt: skip
    add_network(table)
    add_domain(table)
    add_listing(table)
    table.add_argument("--without-facets", action="store_true", help="leave out what takes longest without a mesh")
    table.add_argument("--with-maps", action="store_true", help="also the affine map of each region")
    _add_table(table)

    compare = add_command(
        commands, "compare", _compare,
        "How far two networks are apart on a domain: the supremum, and up to three inputs L1 and L2; nothing is "
        "sampled.",
        "net.npz pruned.npz --box -1 1", "net.npz pruned.npz --box -1 1 --max-seconds 60 --json",
    )  # fmt: skip
    add_network(compare)
    compare.add_argument("other", help="the other network, read as the first one is")
    add_bounded_domain(compare)
    add_workers(compare)
    add_max_seconds(compare, "find the supremum alone, after that between two bounds; exit code 3")
    compare.add_argument("--yes", action="store_true", help="go on, too, where it takes more than a day or than memory")
    add_exact(compare)
    add_proof(compare, "the supremum")
    add_as_json(compare)


def _add_table(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "-o", "--output", metavar="FILE", help="table to write: .csv or .parquet; by default it is printed"
    )


def _level_set(arguments: argparse.Namespace) -> None:
    check_picture(arguments.output)
    found = partition_of(arguments, lens_of(arguments))
    pair, exact = arguments.pair, arguments.exact
    if pair is None:
        level = found.level_set(arguments.output_index, arguments.value, exact=exact)
    else:
        level = found.boundary(*pair, exact=exact)
    if arguments.output is not None:
        _draw(arguments, found, level)
    if arguments.json:
        print_json(_as_pieces(level))
        return
    print(level)
    if pair is None and not len(level):
        _tell_range(found, arguments)
    for i in range(len(level)):
        print(f"{i:8d}  {'  '.join(map(point_text, level[i].tolist()))}")


def _tell_range(found: Partition, arguments: argparse.Namespace) -> None:
    """Say which values there are, where one was asked for that is not taken, or at points alone."""
    range_of = found.extrema(arguments.output_index)
    least, greatest = float(range_of.minimum.value), float(range_of.maximum.value)
    print(f"output {arguments.output_index} is between {least:.6g} and {greatest:.6g} there")


def _draw(arguments: argparse.Namespace, found: Partition, level: LevelSet | LevelSurface) -> None:
    """A picture of a level set: in the plane over the regions, in space alone."""
    from polytope_lens.flat_domain import within

    seen = within(found)
    ax: Any = new_axes(in_space=seen.network.input_dim == 3)
    if seen.network.input_dim == 3:
        from polytope_lens.drawing.space_axes import fit_space
        from polytope_lens.polyhedral_complex.requirements import require_polyhedral_mesh

        points = require_polyhedral_mesh(found).points
        fit_space(ax, points.min(axis=0), points.max(axis=0), [f"input {k}" for k in level.axes])
    else:
        found.plot(ax, output=arguments.output_index if arguments.pair is None else arguments.pair[0])
    level.plot(ax)
    save_axes(ax, arguments.output)


def _as_pieces(level: LevelSet | LevelSurface) -> dict[str, Any]:
    """The pieces of a level set, each with its points, and what is thinner or thicker."""
    from polytope_lens.function.level_set import LevelSet

    points = [as_plain(level[i]) for i in range(len(level))]
    flat = {"flat_regions": level.flat_regions.tolist()}
    if isinstance(level, LevelSet):
        pieces = [{"closed": bool(closed), "points": each} for closed, each in zip(level.closed, points, strict=True)]
        return {"length": level.length, "polylines": pieces, "isolated": as_plain(level.isolated), **flat}
    pieces = [{"region": int(region), "points": each} for region, each in zip(level.regions, points, strict=True)]
    return {"area": level.area, "polygons": pieces, **flat}


def _shown(value: float | Fraction) -> str:
    return str(value) if isinstance(value, Fraction) else f"{value:.6g}"


def _neurons(arguments: argparse.Namespace) -> None:
    _check_table(arguments.output)
    found = partition_of(arguments, lens_of(arguments)).neurons()
    if arguments.output is not None:
        _write(found.to_frame(), arguments.output)
    elif arguments.json:
        print_json({"neurons": _rows(found)})
    else:
        print(found)
        rows = [[_cell(value) for value in row.values()] for row in _rows(found)]
        print(text_table([field.name for field in fields(found)], rows))


def _cell(value: float | str | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _rows(found: Neurons) -> list[dict[str, Any]]:
    """A row for each neuron; what is not known is None."""
    columns = {field.name: as_plain(getattr(found, field.name)) for field in fields(found)}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _table(arguments: argparse.Namespace) -> None:
    _check_table(arguments.output)
    found = partition_of(arguments, lens_of(arguments))
    frame = found.to_frame(with_facets=not arguments.without_facets, with_maps=arguments.with_maps).reset_index()
    if arguments.output is None:
        # In pieces: of one that is long, the end may be lost.
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
    else:
        _write(frame, arguments.output)


def _check_table(output: str | None) -> None:
    """Refuse a name that no table has, before the work."""
    if output is not None and Path(output).suffix.lower() not in SUFFIXES:
        raise OptionError(f"a table is written as {' or '.join(SUFFIXES)}, but {output!r} ends otherwise.")


def _write(frame: pd.DataFrame, output: str) -> None:
    """A table as a file, which is complete or not there."""
    from polytope_lens.errors import require
    from polytope_lens.io.files import whole_file

    if Path(output).suffix.lower() == ".parquet":
        require("pyarrow", extra="data", purpose="a table in .parquet")
        with whole_file(output) as file:
            frame.to_parquet(file, index=False)
    else:
        with whole_file(output) as file:
            file.write(frame.to_csv(index=False, lineterminator="\n").encode())
    print(f"{output}: {len(frame)} rows of {len(frame.columns)} columns")


def _compare(arguments: argparse.Namespace) -> int:
    lens, other = lens_of(arguments), lens_of(arguments, arguments.other)
    with as_told(arguments):
        found = lens.distance(
            other, domain_of(arguments, lens), exact=arguments.exact, max_seconds=arguments.max_seconds,
            workers=arguments.workers, proof=arguments.proof,
        )  # fmt: skip
    code = CODES.get(found.status, 0)
    if arguments.json:
        print_json({field.name: as_plain(getattr(found, field.name)) for field in fields(found)})
        return code
    sup = _shown(found.sup) if found.is_complete else f"between {_shown(found.sup)} and {_shown(found.bound)}"
    print(f"supremum: {sup}, of output {found.output} at {point_text(found.argmax.tolist())}")
    if found.l1 is None or found.l2 is None or found.mean_difference is None:
        print(f"{many(found.n_regions, 'region')} listed")
        print_proof(arguments.proof, is_logged=found.is_logged, status=found.status)
        return code
    print(f"L1: {_shown(found.l1)}")
    print(f"L2: {_shown(found.l2)}")
    print(f"mean difference: {', '.join(map(_shown, found.mean_difference.tolist()))}")
    print(f"both are affine on each of {found.n_regions} regions")
    return code
