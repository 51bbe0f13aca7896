"""Where the results of a study go: rows of docs/studies/data/NAME.csv, figures of docs/studies, and a table to read.

A file of rows has key columns (which network, which setting) and measured ones. A run replaces the rows it has measured
anew and keeps the others, so the short run of a study refreshes its part of what the full one has found, and a run that
was stopped loses nothing. Figures are drawn from the file, whoever has filled it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("Agg")
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.figure import Figure

PAGES = Path(__file__).parents[1] / "docs" / "studies"
# Okabe and Ito: told apart by everybody.
BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE, GREY = (
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#7f7f7f",
)  # fmt: skip


def arguments(description: str | None) -> argparse.Namespace:
    """The command line that studies share: how much of them, and where rows and figures go if not to docs/studies."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="all of the study; the docstring tells how long that takes")
    parser.add_argument("--longest", action="store_true", help="also what the docstring says takes longer, if anything")
    parser.add_argument("--pages", type=Path, default=PAGES, help="where rows and figures go (default: docs/studies)")
    return parser.parse_args()


def kept(name: str, pages: Path = PAGES) -> pd.DataFrame:
    """The rows of a file, an empty frame where there is none."""
    path = pages / "data" / f"{name}.csv"
    return pd.read_csv(path) if path.exists() else pd.DataFrame()


def keep(
    name: str, keys: Sequence[str], rows: Iterable[Mapping[str, Any]], pages: Path = PAGES, *, sample: str | None = None
) -> pd.DataFrame:
    """Put rows into a file, in place of those with the same keys; all rows, sorted by keys.

    `sample` is the column that tells how large the sample is of which a row is the mean: a larger one is not replaced.
    """
    new = pd.DataFrame(list(rows))
    old = kept(name, pages)
    frame = new if old.empty else pd.concat([old.astype({key: new[key].dtype for key in keys}), new])
    frame = frame if sample is None else frame.sort_values(sample, kind="stable")
    frame = frame.drop_duplicates(list(keys), keep="last").sort_values(list(keys), ignore_index=True)
    path = pages / "data" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    frame.to_csv(partial, index=False, float_format="%.6g")
    partial.replace(path)
    return frame


def draw(name: str, figure: Figure, pages: Path = PAGES) -> None:
    """Write a figure as docs/studies/NAME.png."""
    figure.savefig(pages / f"{name}.png", dpi=110, bbox_inches="tight", metadata={"Software": ""})


def show(title: str, frame: pd.DataFrame) -> None:
    """Print a table under a heading."""
    print(f"\n{title}\n{'-' * len(title)}\n{frame.to_string(index=False, float_format='{:.5g}'.format, na_rep='-')}")
