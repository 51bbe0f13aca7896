"""Compiling all kernels at once, for images of containers: what, how long, how large, and where it is kept."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from polytope_lens.cli.arguments import add_as_json, add_command
from polytope_lens.cli.output import print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from polytope_lens._compiled.jit import Compilation
    from polytope_lens.cli.arguments import Commands
    from polytope_lens.lens import Lens

MOST_INPUTS = 4
"""From four inputs on the code is the same."""


def add(commands: Commands) -> None:
    """Add this command."""
    sub = add_command(
        commands,
        "warm-up",
        _warm_up,
        "Compile everything that the first calls would compile, a minute or two, and say where it is kept.",
        "",
    )
    add_as_json(sub)


def _warm_up(arguments: argparse.Namespace) -> None:
    found = warm_up(None if arguments.json else lambda one: print(line(one), flush=True))
    if arguments.json:
        print_json({"compiled": [{**one._asdict(), "file": one.file and str(one.file)} for one in found]})
        return
    folders = sorted({str(one.file.parent) for one in found if one.file is not None})
    kept = f", kept in {', '.join(folders)}" if folders else ""
    seconds, size = sum(one.seconds for one in found), sum(one.size for one in found)
    print(f"{len(found)} compiled in {seconds:.0f} s, {size / 2**20:.1f} MB{kept}")


def line(one: Compilation) -> str:
    """What there is to say about a kernel that was compiled."""
    return f"{one.what:<40} {one.seconds:6.1f} s {one.size / 2**10:7.0f} kB"


def warm_up(report: Callable[[Compilation], object] | None = None) -> list[Compilation]:
    """Ask small networks everything that kernels answer; what was compiled for it, for this very processor."""
    from polytope_lens._compiled import jit, machine_code

    before, n_told = jit.spent[0], len(jit.compiled)
    start = n_told
    jit.spent[0] = float("inf")  # also what small questions do without
    machine_code.takes_shipped[0] = False
    try:
        for _ in _asked():
            for one in jit.compiled[n_told:]:
                if report is not None:
                    report(one)
            n_told = len(jit.compiled)
    finally:
        jit.spent[0] = before
        machine_code.takes_shipped[0] = True
    return jit.compiled[start:]


def _asked() -> Iterator[object]:
    """Answers of small networks with one input and more, with dense layers and with sparse ones."""
    import numpy as np

    from polytope_lens.domain import Box

    for d in range(1, MOST_INPUTS + 1):
        box, x = Box([-1] * d, [1] * d), np.full(d, 0.25)
        for lens in (_lens(d, sparse=False), _lens(d, sparse=True)):
            for domain in (box, None):
                yield lens.count(domain, progress=False)
                yield lens.partition(domain, "split", progress=False)
                yield lens.at(x, domain).neighbors()
                found = lens.partition(domain, progress=False)
                yield found
                yield found.adjacency()
                yield found.bounded_mask()
                yield found.chebyshev_balls()
            found = lens.partition(box, progress=False)
            yield found.linear_pieces()
            yield found.volumes() if d < MOST_INPUTS else None
            yield found[0].volume()
            yield lens.partition(box, mesh=False, progress=False).extrema()
            yield found.locate(x)
            yield lens.at(x).chebyshev_ball()
            yield found.chebyshev_balls()
            yield lens.path(np.zeros(d), np.ones(d))
            yield found.function.pieces(0.1)
            yield lens.explore(x, max_regions=5, progress=False)
    yield from _proofs()


def _proofs() -> Iterator[object]:
    """Proofs of all forms, checked."""
    from polytope_lens.domain import Box
    from polytope_lens.proof.fast_checker import verify
    from polytope_lens.properties.property import Property

    with TemporaryDirectory() as folder:
        log = Path(folder) / "run.proof"
        for d in (2, 3):
            box = Box([-1] * d, [1] * d)
            yield _lens(d, sparse=False).count(box, proof=log, progress=False)
            yield verify(log)
        yield _lens(1, sparse=False).check(Property.of(Box([-1], [1]), ([[-1]], [-1000])), proof=log, progress=False)
        yield verify(log)


def _lens(d: int, *, sparse: bool) -> Lens:
    """A network of two layers; sparse as a convolution is, where several rows share their columns."""
    import numpy as np

    from polytope_lens._deferred import sparse as matrices
    from polytope_lens.lens import Lens
    from polytope_lens.network.network import Layer, Network, from_arrays

    rng = np.random.default_rng(d)
    sizes = (d, 6, 6, 1)
    weights = [rng.normal(size=(m, n)) for n, m in pairwise(sizes)]
    network = from_arrays(weights, [rng.normal(size=m) for m in sizes[1:]])
    if not sparse:
        return Lens(network)
    first, second = network.layers
    halves = matrices.csr_array(second.weight * np.kron(np.eye(2), np.ones((3, 3))))
    blocks = Layer(halves, second.bias, second.negative_slope, second.positive_slope, second.cuts)
    return Lens(Network((first, blocks), matrices.csr_array(network.output_weight), network.output_bias))
