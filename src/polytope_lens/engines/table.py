"""The engines, and what each can do.

From this one table follow the choice of an engine, what is said where one cannot be had, the command line's list, and
the table in docs/engines.md. An engine is a function that walks one chart (`charts`); which charts there are, and
what is made of the regions found, is the business of `enumerate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from polytope_lens._arrays import validate
from polytope_lens.domain import is_bounded
from polytope_lens.engines import brute, polyhedra, split, subdivide
from polytope_lens.errors import OptionError

if TYPE_CHECKING:
    from polytope_lens.domain import Domain
    from polytope_lens.engines.charts import Chart
    from polytope_lens.engines.driver import SetUp, Walk
    from polytope_lens.network.network import Network

EngineName = Literal["subdivide", "polyhedra", "split", "brute"]
EngineChoice = Literal["auto", "subdivide", "polyhedra", "split", "brute"]


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to find every region, and its abilities.

    Parameters
    ----------
    name : str
    walk : Walk
    cells : str
        What it takes a cell for.
    set_up : SetUp, optional
        What a compiled walk begins with; None if it is none, of which no samples are taken.
    inputs : int, optional
        The number of inputs that it works for; any by default.
    in_one_piece : bool
        Whether it walks an unbounded domain as one chart, without regions that come up twice.
    outer : str, optional
        The engine that walks the charts of an unbounded domain around the central one, if this one does not.
    pays_from : int, optional
        How many hidden layers a network has at least with which "auto" takes this engine in an unbounded domain; None
        if "auto" never takes it, in bounded ones neither.
    has_mesh : bool
        Whether corners, edges and faces of regions come with them.
    is_proved : bool
        Whether proof logs are written along its walk.
    uses_sparsity : bool
        Whether zeros in the weights of sparse layers save work.
    shares_work : bool
        Whether several threads find regions faster than one.
    """

    name: EngineName
    walk: Walk
    cells: str
    set_up: SetUp | None = None
    inputs: int | None = None
    in_one_piece: bool = False
    outer: EngineName | None = None
    pays_from: int | None = 0
    has_mesh: bool = False
    is_proved: bool = False
    uses_sparsity: bool = True
    shares_work: bool = True

    def takes(self, dim: int) -> bool:
        """Whether it works for networks with so many inputs."""
        return self.inputs in (None, dim)

    def pays(self, network: Network, domain: Domain) -> bool:
        """Whether "auto" may take it."""
        if self.pays_from is None or not self.takes(network.input_dim):
            return False
        return is_bounded(domain) or len(network.layers) >= self.pays_from


ENGINES: dict[EngineName, Engine] = {
    engine.name: engine
    for engine in (
        Engine("subdivide", subdivide.walk, "polygons", subdivide.set_up, inputs=2, has_mesh=True, is_proved=True),
        # All of R^3 in pieces pays where cells have many vertices that deeper layers ask about. At infinity many
        # neurons vanish together, about each of which it would have to ask.
        Engine(
            "polyhedra",
            polyhedra.walk,
            "vertices of polyhedra",
            polyhedra.set_up,
            inputs=3,
            outer="split",
            pays_from=3,
            has_mesh=True,
        ),
        Engine("split", split.walk, "halfspaces", split.set_up, in_one_piece=True, is_proved=True),
        Engine("brute", brute.walk, "rational halfspaces", pays_from=None, uses_sparsity=False, shares_work=False),
    )
}
"""By name; of several that pay, "auto" takes the first."""


def choose_engine(choice: str, network: Network, domain: Domain) -> EngineName:
    """The engine that a name stands for with this network and domain.

    Raises
    ------
    OptionError
    """
    validate.option(choice, name="`engine`", allowed=["auto", *ENGINES])
    if choice == "auto":
        return next(engine.name for engine in ENGINES.values() if engine.pays(network, domain))
    engine, d = ENGINES[cast("EngineName", choice)], network.input_dim
    if not engine.takes(d):
        others = ", ".join(repr(other.name) for other in ENGINES.values() if other.takes(d))
        raise OptionError(
            f"the engine '{choice}' works for {engine.inputs} inputs, but this network has {d} (without those "
            f"that a flat box fixes). Use 'auto', or one of {others}."
        )
    return engine.name


def engine_for(chart: Chart, name: EngineName) -> Engine:
    """The engine that walks one chart of a domain for another."""
    engine = ENGINES[name]
    return engine if engine.outer is None or chart.is_input_space else ENGINES[engine.outer]
