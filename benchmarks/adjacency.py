"""Speed of facets, adjacency and linear pieces on named networks, their counts asserted.

    python benchmarks/adjacency.py [--runs 3] [--long] [name ...]

One process, compiled code loaded; medians in seconds, with that of the partition itself for comparison.
"""

from __future__ import annotations

import argparse

from run import NETS, REGIONS, timed

# Facets between two regions, facets on the domain's boundary, linear pieces
COUNTS = {
    "s2_100_wide": (10000, 204, 5051),
    "s2_500_wide": (250000, 1004, 125251),
    "d2_14x6_box1": (7887, 214, 3997),
    "d2_64x3_box1": (29098, 408, 14651),
    "d3_20_unb": (3820, 0, 1351),
    "d3_16x2_box1": (10190, 1113, 3578),
    "d3_16x3_box1": (43132, 2724, 14826),
    "d4_12x2_unb": (55999, 0, 14924),
    "d5_12x2_box1": (78963, 22280, 17882),
    "d6_10x2_box1": (85920, 43619, 17302),
}
LONG = {"t2_30x30_box1": (651366, 960, 325923)}


def main() -> None:
    from polytope_lens.importers.npz import load_npz
    from polytope_lens.lens import Lens

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="networks, all by default")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--long", action="store_true", help="also a network of 325 923 regions")
    arguments = parser.parse_args()
    counts = {**COUNTS, **LONG}
    Lens(load_npz(NETS / "d3_16x2_box1.npz")[0]).partition().complex.facets()  # load the compiled code
    heads = ("network", "regions", "facets", "pieces", "partition s", "facets s", "pieces s")
    print("".join(f"{head:>13}" if i else f"{head:<15}" for i, head in enumerate(heads)))
    for name in arguments.names or [*COUNTS, *(LONG if arguments.long else ())]:
        network, domain = load_npz(NETS / f"{name}.npz")
        seconds, partition = timed(lambda: Lens(network).partition(domain), 1)  # noqa: B023
        assert len(partition) == {**REGIONS, "t2_30x30_box1": 325923}[name]
        facets_seconds, facets = timed(partition.complex.facets, arguments.runs)
        pieces_seconds, pieces = timed(partition.linear_pieces, arguments.runs)
        inner = int((facets.regions[:, 1] >= 0).sum())
        assert (inner, len(facets) - inner, pieces.n_pieces) == counts[name], name
        figures = f"{len(partition):>13}{len(facets):>13}{pieces.n_pieces:>13}"
        print(f"{name:<15}{figures}{seconds:>13.3f}{facets_seconds:>13.3f}{pieces_seconds:>13.3f}", flush=True)


if __name__ == "__main__":
    main()
