"""What can be written down of a polytope, in which formats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError
from polytope_lens.io import cplex_lp, ine, json, latex, smtlib, vnnlib, wkt
from polytope_lens.io.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from polytope_lens.polytope import Polytope

SUFFIXES = {
    "wkt": ".wkt",
    "smtlib": ".smt2",
    "ine": ".ine",
    "vnnlib": ".vnnlib",
    "lp": ".lp",
    "latex": ".tex",
    "json": ".json",
}


@dataclass(frozen=True, slots=True, repr=False)
class Export:
    r"""The formats in which a polytope, or a region's, can be written: ``polytope.export.smtlib()``.

    Parameters
    ----------
    polytope : function without arguments
        Gives the polytope; a region's is looked for when it is written.
    n_outputs : int
        Number of outputs of the network that VNN-LIB declares; that of a region's network.

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> print(Polytope([[-1, 0.5]], [2]).export.latex())
    \begin{aligned}
    -x_{0} + 0.5\,x_{1} &\le 2
    \end{aligned}
    """

    polytope: Callable[[], Polytope]
    n_outputs: int = 1

    def smtlib(self) -> str:
        """A script for SMT solvers, exact; see :func:`.smtlib.to_smtlib`."""
        return smtlib.to_smtlib(self.polytope())

    def ine(self) -> str:
        """The H-representation for cddlib and lrs, exact; see :func:`.ine.to_ine`."""
        return ine.to_ine(self.polytope())

    def vnnlib(self, *, n_outputs: int | None = None, version: str = "2.0") -> str:
        """A condition on the inputs of a network, for verifiers, exact; see :func:`.vnnlib.to_vnnlib`."""
        n_outputs = self.n_outputs if n_outputs is None else n_outputs
        return vnnlib.to_vnnlib(self.polytope(), n_outputs=n_outputs, version=version)

    def lp(self) -> str:
        """Constraints of a linear program, rounded; see :func:`.cplex_lp.to_lp`."""
        return cplex_lp.to_lp(self.polytope())

    def latex(self, *, digits: int | None = 4, owners: bool = True) -> str:
        """A system of inequalities to read; see :func:`.latex.to_latex`."""
        return latex.to_latex(self.polytope(), digits=digits, owners=owners)

    def json(self) -> str:
        """Fractions and floats as JSON, exact; see :func:`.json.to_json`."""
        return json.to_json(self.polytope())

    def wkt(self) -> str:
        """A bounded polygon as well-known text, each corner the exact one, rounded once; see :func:`.wkt.to_wkt`."""
        return wkt.to_wkt(self.polytope())

    def __repr__(self) -> str:
        return f"Export({', '.join(SUFFIXES)})"


def write(export: Export, path: str | PathLike[str], format: str | None = None) -> None:
    """Write a polytope or a region to a file, which is complete or not there.

    Parameters
    ----------
    export : Export
        As ``polytope.export`` and ``region.export`` are.
    path : str or path-like
    format : "wkt", "smtlib", "ine", "vnnlib", "lp", "latex" or "json", optional
        By default what the name ends in: .wkt, .smt2, .ine, .vnnlib, .lp, .tex or .json.

    Raises
    ------
    OptionError
        No such format, or a name that does not tell.
    """
    if format is None:
        suffix = Path(path).suffix.lower()
        named = [name for name, ending in SUFFIXES.items() if ending == suffix]
        if not named:
            raise OptionError(
                f"a polytope is written to a file that ends in {', '.join(SUFFIXES.values())}, or with `format`, but "
                f"{str(path)!r} ends otherwise."
            )
        format = named[0]
    write_text(path, text_of(export, format))


def text_of(export: Export, format: str) -> str:
    """A polytope in the format of that name, with a line end at the end."""
    validate.option(format, name="`format`", allowed=SUFFIXES)
    text: str = getattr(export, format)()
    return text if text.endswith("\n") else text + "\n"
