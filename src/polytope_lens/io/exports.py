"""What can be written down, in which formats."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError
from polytope_lens.io import cplex_lp as lp
from polytope_lens.io import ine, json, latex, smtlib, vnnlib
from polytope_lens.io.files import write_text

if TYPE_CHECKING:
    from os import PathLike

    from polytope_lens.io.halfspaces import Halfspaces

SUFFIXES = {
    "wkt": ".wkt",
    "smtlib": ".smt2",
    "ine": ".ine",
    "vnnlib": ".vnnlib",
    "lp": ".lp",
    "latex": ".tex",
    "json": ".json",
}


class Exports(ABC):
    """The methods by which polytopes and regions are written down."""

    __slots__ = ()

    @abstractmethod
    def halfspaces(self) -> Halfspaces:
        """The inequalities as fractions, which all formats but WKT write."""

    @abstractmethod
    def to_wkt(self) -> str:
        """A bounded polygon as well-known text; see :func:`.wkt.to_wkt`."""

    def to_smtlib(self) -> str:
        """A script for SMT solvers, exact; see :func:`.smtlib.to_smtlib`."""
        return smtlib.to_smtlib(self.halfspaces())

    def to_ine(self) -> str:
        """The H-representation for cddlib and lrs, exact; see :func:`.ine.to_ine`."""
        return ine.to_ine(self.halfspaces())

    def to_vnnlib(self, *, n_outputs: int | None = None, version: str = "2.0") -> str:
        """A condition on the inputs of a network, for verifiers, exact; see :func:`.vnnlib.to_vnnlib`."""
        return vnnlib.to_vnnlib(self.halfspaces(), n_outputs=1 if n_outputs is None else n_outputs, version=version)

    def to_lp(self) -> str:
        """Constraints of a linear program, rounded; see :func:`.cplex_lp.to_lp`."""
        return lp.to_lp(self.halfspaces())

    def to_latex(self, *, digits: int | None = 4, owners: bool = True) -> str:
        """A system of inequalities to read; see :func:`.latex.to_latex`."""
        return latex.to_latex(self.halfspaces(), digits=digits, owners=owners)

    def to_json(self) -> str:
        """Fractions and floats as JSON, exact; see :func:`.json.to_json`."""
        return json.to_json(self.halfspaces())

    def write(self, path: str | PathLike[str], format: str | None = None) -> None:
        """Write a file in one of these formats; see :func:`write`."""
        write(self, path, format)


def write(cell: Exports, path: str | PathLike[str], format: str | None = None) -> None:
    """Write a polytope or a region to a file, which is complete or not there.

    Parameters
    ----------
    cell : Polytope or Region
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
    write_text(path, text_of(cell, format))


def text_of(cell: Exports, format: str) -> str:
    """A polytope or a region in the format of that name, with a line end at the end."""
    validate.option(format, name="`format`", allowed=SUFFIXES)
    text: str = getattr(cell, f"to_{format}")()
    return text if text.endswith("\n") else text + "\n"
