"""What can be written down of a polytope, in which formats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._docstrings import documented_by
from polytope_lens.errors import OptionError
from polytope_lens.io import cplex_lp, ine, json, latex, smtlib, vnnlib, wkt
from polytope_lens.io.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from polytope_lens.polytope import Polytope

Format = Literal["wkt", "smtlib", "ine", "vnnlib", "lp", "latex", "json"]
SUFFIXES: dict[Format, str] = {
    "wkt": ".wkt",
    "smtlib": ".smt2",
    "ine": ".ine",
    "vnnlib": ".vnnlib",
    "lp": ".lp",
    "latex": ".tex",
    "json": ".json",
}


@checked
@dataclass(frozen=True, slots=True, repr=False)
class Export:
    r"""The formats in which a polytope, or a region's, can be written: ``polytope.export.smtlib()``.

    A region's facets are looked for when it is written.

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> print(Polytope([[-1, 0.5]], [2]).export.latex())
    \begin{aligned}
    -x_{0} + 0.5\,x_{1} &\le 2
    \end{aligned}
    """

    _polytope: Callable[[], Polytope]
    _n_outputs: int = 1

    @documented_by(smtlib.to_smtlib)
    def smtlib(self) -> str:
        return smtlib.to_smtlib(self._polytope())

    @documented_by(ine.to_ine)
    def ine(self) -> str:
        return ine.to_ine(self._polytope())

    @documented_by(vnnlib.to_vnnlib)
    def vnnlib(self, *, n_outputs: int | None = None, version: vnnlib.VnnlibVersion = "2.0") -> str:
        """A polytope as a condition on the inputs of a network, to which one on the outputs may be added.

        Parameters
        ----------
        n_outputs : int, optional
            Outputs of the network; a region's are those of its own one, otherwise there is 1.
        """
        n_outputs = self._n_outputs if n_outputs is None else n_outputs
        return vnnlib.to_vnnlib(self._polytope(), n_outputs=n_outputs, version=version)

    @documented_by(cplex_lp.to_lp)
    def lp(self) -> str:
        return cplex_lp.to_lp(self._polytope())

    @documented_by(latex.to_latex)
    def latex(self, *, digits: int | None = 4, owners: bool = True) -> str:
        return latex.to_latex(self._polytope(), digits=digits, owners=owners)

    @documented_by(json.to_json)
    def json(self) -> str:
        return json.to_json(self._polytope())

    @documented_by(wkt.to_wkt)
    def wkt(self) -> str:
        return wkt.to_wkt(self._polytope())

    def write(self, path: str | PathLike[str], format: Format | None = None) -> None:
        """Write a file, which is complete or not there.

        Parameters
        ----------
        path : str or path-like
        format : "wkt", "smtlib", "ine", "vnnlib", "lp", "latex" or "json", optional
            By default what the name ends in: .wkt, .smt2, .ine, .vnnlib, .lp, .tex or .json.

        Raises
        ------
        OptionError
            No such format, or a name that does not tell.
        """
        write_text(path, text_of(self, format_of(path) if format is None else format))

    def __repr__(self) -> str:
        return f"Export({', '.join(SUFFIXES)})"


def format_of(path: str | PathLike[str]) -> Format:
    """The format that the name of a file tells.

    Raises
    ------
    OptionError
    """
    suffix = Path(path).suffix.lower()
    named = [name for name, ending in SUFFIXES.items() if ending == suffix]
    if not named:
        raise OptionError(
            f"a polytope is written to a file that ends in {', '.join(SUFFIXES.values())}, or with `format`, "
            f"but {str(path)!r} ends otherwise."
        )
    return named[0]


def text_of(export: Export, format: Format, **options: Any) -> str:
    """A polytope in the format of that name, with a line end at the end; options are those of the format."""
    validate.option(format, name="`format`", allowed=SUFFIXES)
    text: str = getattr(export, format)(**options)
    return text if text.endswith("\n") else text + "\n"
