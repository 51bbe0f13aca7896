"""The one object that most users meet; every method is a line that calls the rest of the library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._docstrings import documented_by
from polytope_lens.comparison import equality
from polytope_lens.comparison import network_distance as distances
from polytope_lens.comparison import overlay as overlays
from polytope_lens.displays import cards
from polytope_lens.engines import enumerate as engines
from polytope_lens.engines import estimate as estimates
from polytope_lens.errors import OptionError, PartialPartitionError
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.importers import read as readers
from polytope_lens.local import attribution, complexity, crossings, cutting_neurons, regions_at, robustness
from polytope_lens.network import characteristic_polynomial as characteristic
from polytope_lens.network import count_bounds
from polytope_lens.network import network as net
from polytope_lens.network import subspace as flats
from polytope_lens.path import path as paths
from polytope_lens.preimages import image as images
from polytope_lens.preimages import level_facets as levels
from polytope_lens.preimages import preimage as preimages
from polytope_lens.proof.write import write_proof
from polytope_lens.properties import extremum, radius_proof, steepest
from polytope_lens.properties import property_check as checks
from polytope_lens.search import explore as exploration

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray
    from torch import nn

    from polytope_lens._types import ExactNumber, ExactVector, Floats, Point, Points
    from polytope_lens.domain import Domain
    from polytope_lens.engines.expected_run import RegionEstimate
    from polytope_lens.engines.spread import TaskExecutor
    from polytope_lens.engines.table import EngineChoice
    from polytope_lens.importers.check import SelfCheck
    from polytope_lens.importers.layering import Lowering
    from polytope_lens.importers.read import Model
    from polytope_lens.importers.state_dict import Architecture
    from polytope_lens.importers.wanted import Inputs, InputShape, Outputs
    from polytope_lens.local.attribution import Attributions
    from polytope_lens.local.complexity import ComplexityEstimate, LocalComplexity
    from polytope_lens.local.crossings import Crossings
    from polytope_lens.local.cutting_neurons import CuttingNeurons
    from polytope_lens.local.regions_at import RegionsAt
    from polytope_lens.local.robustness import Robustness, RobustnessRadii
    from polytope_lens.partition.partition import Partition
    from polytope_lens.partition.parts import KeptColumn
    from polytope_lens.partition.provenance import RegionCounts
    from polytope_lens.preimages.target import Target, TargetSets
    from polytope_lens.properties.best_first import ExtremeValue
    from polytope_lens.properties.property import InputSets, Property
    from polytope_lens.region import Region
    from polytope_lens.search.explore import SearchOrder


@checked
@dataclass(init=False, frozen=True, slots=True, eq=False)
class Lens:
    """A network, seen as the polytopes it cuts its input space into.

    Parameters
    ----------
    model : torch.nn.Module, path, scikit-learn model, ONNX model, state_dict, or Network
        A torch module whose operations are piecewise affine, in eval mode; a canonical `Network`; scikit-learn's
        ``MLPClassifier`` or ``MLPRegressor``, alone or behind scalers in a ``Pipeline``; or a file: ``.onnx``, ``.npz``
        with arrays ``W0, b0, W1, b1, ...``, ``.safetensors``, ``.pt``/``.pth`` with a saved ``nn.Sequential`` or
        state_dict. Files are loaded without running any code from them.
    input_shape : sequence of int, or mapping of str to these, optional
        Shape of one sample, as (3, 32, 32): needed where the model does not tell. Inputs are its values in C order.
    inputs : str, sequence of str, or mapping, optional
        Which of several inputs are looked at, laid end to end in this order; or ``{"mask": values}``, which fixes some
        and looks at the others.
    outputs : str, int, or sequence of these, optional
        Which of several outputs, laid end to end: names, or places in a tuple. In an ONNX model any value has a name.
    architecture : list of steps, str, or torch.nn.Module, optional
        What a state_dict or a ``.safetensors`` file is about; see `importers.state_dict`.

    Raises
    ------
    UnsupportedLayerError
        Names the first module or node that is not piecewise affine or not read by this release.
    InvalidNetworkError, FileFormatError

    Notes
    -----
    Weights convert to float64 without rounding, so the lens looks at the exact function that the weights define. A
    float32 forward pass of the same model may disagree with it within rounding of a boundary.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])  # max(x, y)
    >>> lens([[2.0, 3.0]])
    array([[3.]])
    >>> lens.count(Box([-1, -1], [1, 1]))
    RegionCounts(total=4, per_layer=[4])
    """

    network: net.Network
    self_check: SelfCheck | None = field(default=None)
    flat: flats.Flat | None = field(default=None)
    lowering: Lowering | None = field(default=None)

    def __init__(
        self,
        model: Model,
        input_shape: InputShape | None = None,
        *,
        inputs: Inputs | None = None,
        outputs: Outputs | None = None,
        architecture: Architecture | nn.Module | None = None,
    ) -> None:
        self._fill(*readers.read(model, input_shape, architecture, inputs, outputs))

    def _fill(self, network: net.Network, lowering: Lowering | None = None, check: SelfCheck | None = None) -> None:
        object.__setattr__(self, "network", network)
        object.__setattr__(self, "lowering", lowering)
        object.__setattr__(self, "self_check", check)
        object.__setattr__(self, "flat", None)

    @classmethod
    @documented_by(readers.part)
    def part(
        cls,
        model: nn.Module,
        path: str,
        input_shape: InputShape | None = None,
        *,
        inputs: Inputs | None = None,
        outputs: Outputs | None = None,
    ) -> Lens:
        """Lens of a piece of a larger torch model, whose rest need not be piecewise affine."""
        lens = cls.__new__(cls)
        lens._fill(*readers.part(model, path, input_shape, inputs, outputs))
        return lens

    @classmethod
    @documented_by(net.from_arrays)
    def from_arrays(
        cls,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike],
        negative_slope: float | Sequence[ArrayLike] = 0.0,
    ) -> Lens:
        """Lens of a network given by its weight matrices and biases, the output layer last.

        Examples
        --------
        >>> Lens.from_arrays([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]], [[0.0, 0.0], [0.0]])
        Lens(Network(2 -> 2 -> 1, 2 neurons that cut, ReLU))
        """
        return cls(net.from_arrays(weights, biases, negative_slope=negative_slope))

    @classmethod
    def example(cls) -> Lens:
        """Lens of a small network that comes with the library, to try things on.

        It has two inputs, one output, and six layers of 14 neurons with random weights.

        Examples
        --------
        >>> from polytope_lens import Box, Lens
        >>> Lens.example().count(Box([-1, -1], [1, 1]))
        RegionCounts(total=3997, per_layer=[81, 368, 906, 1732, 3015, 3997])
        """
        return cls(readers.EXAMPLE)

    def __call__(self, X: ArrayLike) -> Floats:
        """The network's output, (n, d) -> (n, out), or (d,) -> (out,), in float64 arithmetic."""
        rows = validate.points(X, self.network.input_dim, what="the lens")
        values = net.evaluate(self.network, rows)
        return values[0] if validate.n_axes(X) == 1 else values

    def patterns(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Which pre-activations are positive at each point, (n, d) -> (n, n_neurons) bool; exact."""
        rows = validate.points(X, self.network.input_dim, what="`patterns`")
        return point_signs(self.network, rows) > 0

    @overload
    def at(self, x: Point, domain: Domain = None) -> Region: ...
    @overload
    def at(self, x: Points, domain: Domain = None) -> RegionsAt: ...
    @overload
    def at(self, x: ArrayLike, domain: Domain = None) -> Region | RegionsAt: ...
    @documented_by(regions_at.at)
    def at(self, x: ArrayLike, domain: Domain = None) -> Region | RegionsAt:
        return regions_at.at(self.network, x, domain)

    @documented_by(engines.partition)
    def partition(
        self,
        domain: Domain = None,
        engine: EngineChoice = "auto",
        *,
        workers: int = 1,
        progress: bool | None = None,
        mesh: bool = True,
        proof: str | os.PathLike[str] | None = None,
        store: str | os.PathLike[str] | None = None,
        resume: bool = False,
        keep: Sequence[KeptColumn] = ("witnesses",),
        executor: TaskExecutor | None = None,
        max_regions: int | None = None,
        max_seconds: float | None = None,
        max_memory: float | None = None,
    ) -> Partition:
        """Every region of a domain.

        Parameters
        ----------
        proof : path, optional
            Also write a log there from which anybody can prove the number of regions again, with
            ``polytope-lens verify``; see `write.write_proof`.

        Examples
        --------
        >>> from polytope_lens import Box, Lens
        >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> lens.partition(Box([-1, -1], [1, 1]))
        Partition(4 regions of Box([-1.0, -1.0], [1.0, 1.0]), per layer [4], subdivide, COMPLETE)
        """
        found = engines.partition(
            self.network, domain, engine=engine, workers=workers, progress=progress, mesh=mesh, store=store,
            resume=resume, keep=keep, executor=executor, max_regions=max_regions, max_seconds=max_seconds,
            max_memory=max_memory,
        )  # fmt: skip
        if proof is not None:
            _require_all(found)
            write_proof(self.network, found.domain, proof, [len(found), *found.counts_per_layer], progress=progress)
        return found

    @documented_by(engines.count)
    def count(
        self,
        domain: Domain = None,
        engine: EngineChoice = "auto",
        *,
        workers: int = 1,
        progress: bool | None = None,
        proof: str | os.PathLike[str] | None = None,
        store: str | os.PathLike[str] | None = None,
        resume: bool = False,
        executor: TaskExecutor | None = None,
        max_regions: int | None = None,
        max_seconds: float | None = None,
        max_memory: float | None = None,
    ) -> RegionCounts:
        """Number of regions of a domain, in total and after each layer, without storing them.

        Parameters
        ----------
        proof : path, optional
            Also write a log there from which anybody can prove the numbers again, with ``polytope-lens verify``; see
            `write.write_proof`.
        """
        found = engines.count(
            self.network, domain, engine=engine, workers=workers, progress=progress, store=store, resume=resume,
            executor=executor, max_regions=max_regions, max_seconds=max_seconds, max_memory=max_memory,
        )  # fmt: skip
        if proof is not None:
            _require_all(found)
            write_proof(self.network, domain, proof, [found.total, *found.per_layer], progress=progress)
        return found

    @documented_by(estimates.estimate)
    def estimate(
        self,
        domain: Domain = None,
        engine: EngineChoice = "auto",
        *,
        max_seconds: float = estimates.MAX_SECONDS,
        probes: int | None = None,
        cells: int | None = None,
        seed: int = 0,
        workers: int = 1,
    ) -> RegionEstimate:
        """How many regions a domain has, how long it takes to find them and how much room they take: an estimate."""
        return estimates.estimate(
            self.network, domain, engine=engine, max_seconds=max_seconds, probes=probes, cells=cells, seed=seed,
            workers=workers,
        )  # fmt: skip

    @documented_by(engines.regions)
    def regions(self, domain: Domain = None, engine: EngineChoice = "auto", *, workers: int = 1) -> Iterator[Region]:
        return engines.regions(self.network, domain, engine=engine, workers=workers)

    @documented_by(checks.check)
    def check(
        self,
        asked: Property | str | os.PathLike[str],
        *,
        max_seconds: float | None = None,
        workers: int = 1,
        proof: str | os.PathLike[str] | None = None,
        progress: bool | None = None,
    ) -> checks.CheckResult:
        return checks.check(
            self.network, asked, max_seconds=max_seconds, workers=workers, proof=proof, progress=progress
        )

    @documented_by(extremum.maximum, checks.check)
    def maximum(
        self, c: ExactVector, domain: InputSets, *, max_seconds: float | None = None, workers: int = 1,
        proof: str | os.PathLike[str] | None = None, progress: bool | None = None,
    ) -> ExtremeValue:  # fmt: skip
        return extremum.maximum(
            self.network, c, domain, max_seconds=max_seconds, workers=workers, proof=proof, progress=progress
        )

    @documented_by(extremum.minimum, extremum.maximum, checks.check)
    def minimum(
        self, c: ExactVector, domain: InputSets, *, max_seconds: float | None = None, workers: int = 1,
        proof: str | os.PathLike[str] | None = None, progress: bool | None = None,
    ) -> ExtremeValue:  # fmt: skip
        return extremum.minimum(
            self.network, c, domain, max_seconds=max_seconds, workers=workers, proof=proof, progress=progress
        )

    @documented_by(steepest.lipschitz_bounds)
    def lipschitz(
        self, domain: Domain, norm: float = 2, output_norm: float | None = None, *, exact: bool = False,
        max_seconds: float | None = None, workers: int = 1, proof: str | os.PathLike[str] | None = None,
        progress: bool | None = None,
    ) -> steepest.LipschitzBounds:  # fmt: skip
        return steepest.lipschitz_bounds(
            self.network, domain, norm, output_norm, exact=exact, max_seconds=max_seconds, workers=workers,
            proof=proof, progress=progress,
        )  # fmt: skip

    @documented_by(preimages.preimage)
    def preimage(
        self, target: TargetSets | Target, domain: Domain = None, *, engine: EngineChoice = "auto", workers: int = 1,
        progress: bool | None = None, mesh: bool = True, max_regions: int | None = None,
        max_seconds: float | None = None,
    ) -> preimages.Preimage:  # fmt: skip
        return preimages.preimage(
            self.network, target, domain, engine=engine, workers=workers, progress=progress, mesh=mesh,
            max_regions=max_regions, max_seconds=max_seconds,
        )  # fmt: skip

    @documented_by(levels.level_facets)
    def level_facets(
        self, c: ExactVector | int, value: ExactNumber = 0, domain: Domain = None, *, engine: EngineChoice = "auto",
        workers: int = 1, progress: bool | None = None,
    ) -> levels.LevelFacets:  # fmt: skip
        return levels.level_facets(
            self.network, c, value, domain, engine=engine, workers=workers, progress=progress
        )  # fmt: skip

    @documented_by(images.image)
    def image(
        self, domain: Domain, *, engine: EngineChoice = "auto", workers: int = 1, progress: bool | None = None
    ) -> images.Image:
        return images.image(self.network, domain, engine=engine, workers=workers, progress=progress)

    @documented_by(exploration.explore)
    def explore(
        self,
        x: ArrayLike,
        domain: Domain = None,
        *,
        max_regions: int | None = 10_000,
        max_flips: int | None = None,
        radius: float | None = None,
        order: SearchOrder | None = None,
        norm: float = 2,
        progress: bool | None = None,
    ) -> Partition:
        """Regions around a point, found by crossing facets, where all of them are too many."""
        return exploration.explore(
            self.network, x, domain, max_regions=max_regions, max_flips=max_flips, radius=radius, order=order,
            norm=norm, progress=progress,
        )  # fmt: skip

    @documented_by(paths.path)
    def path(self, x: ArrayLike, y: ArrayLike, *more: ArrayLike) -> paths.Path:
        """Every region on the way from x straight to y, and on to further points if there are any."""
        return paths.path(self.network, x, y, *more)

    @documented_by(count_bounds.region_count_bounds)
    def region_count_bounds(self) -> count_bounds.RegionCountBounds:
        """What the network's shape alone says about its number of regions: published bounds."""
        return count_bounds.region_count_bounds(self.network)

    @documented_by(characteristic.characteristic_polynomial)
    def characteristic_polynomial(self) -> characteristic.CharacteristicPolynomial:
        return characteristic.characteristic_polynomial(self.network)

    @documented_by(distances.distance)
    def distance(
        self, other: Lens | net.Network, domain: Domain, *, exact: bool = False, max_seconds: float | None = None,
        workers: int = 1, proof: str | os.PathLike[str] | None = None, progress: bool | None = None,
    ) -> distances.Distance:  # fmt: skip
        """How far another network is from this one on a bounded domain: supremum, and up to three inputs L1 and L2.

        Parameters
        ----------
        other : Lens or Network
            With as many inputs and outputs.
        """
        return distances.distance(
            self.network, _network_of(other), domain, exact=exact, max_seconds=max_seconds, workers=workers,
            proof=proof, progress=progress,
        )  # fmt: skip

    @documented_by(equality.is_equal, checks.check)
    def is_equal(
        self, other: Lens | net.Network, domain: InputSets, *, within: ExactNumber = 0,
        max_seconds: float | None = None, workers: int = 1, proof: str | os.PathLike[str] | None = None,
        progress: bool | None = None,
    ) -> checks.CheckResult:  # fmt: skip
        """Whether another network is the same function on a domain, or nearly so: HOLDS, VIOLATED with a point, OPEN.

        Parameters
        ----------
        other : Lens or Network
            With as many inputs and outputs.
        """
        return equality.is_equal(
            self.network, _network_of(other), domain, within=within, max_seconds=max_seconds, workers=workers,
            proof=proof, progress=progress,
        )  # fmt: skip

    @documented_by(overlays.overlay, engines.partition)
    def overlay(
        self, other: Lens | net.Network, domain: Domain, *, workers: int = 1, progress: bool | None = None
    ) -> overlays.Overlay:
        """Which regions of this network and of another overlap, and how much.

        Parameters
        ----------
        other : Lens or Network
            With as many inputs; its layers may have any widths.
        domain : Box or Polytope
            A bounded one.
        """
        second = _network_of(other)
        one, two = (
            engines.partition(network, domain, workers=workers, progress=progress) for network in (self.network, second)
        )
        return overlays.overlay(one, two, workers=workers, progress=progress)

    @overload
    def robustness_radius(
        self, x: Point, *, norm: float = 2, rival: int | None = None, pair: tuple[int, int] | None = None,
        output: int | None = None, value: float | None = None, domain: Domain = None, max_regions: int | None = 10_000,
        exact: bool = False, proof: str | os.PathLike[str] | None = None, progress: bool | None = None,
    ) -> Robustness: ...  # fmt: skip
    @overload
    def robustness_radius(
        self, x: Points, *, norm: float = 2, rival: int | None = None, pair: tuple[int, int] | None = None,
        output: int | None = None, value: float | None = None, domain: Domain = None, max_regions: int | None = 10_000,
        exact: bool = False, proof: str | os.PathLike[str] | None = None, progress: bool | None = None,
    ) -> RobustnessRadii: ...  # fmt: skip
    @overload
    def robustness_radius(
        self, x: ArrayLike, *, norm: float = 2, rival: int | None = None, pair: tuple[int, int] | None = None,
        output: int | None = None, value: float | None = None, domain: Domain = None, max_regions: int | None = 10_000,
        exact: bool = False, proof: str | os.PathLike[str] | None = None, progress: bool | None = None,
    ) -> Robustness | RobustnessRadii: ...  # fmt: skip
    @documented_by(robustness.robustness_radius, radius_proof.proved_radius)
    def robustness_radius(
        self,
        x: ArrayLike,
        *,
        norm: float = 2,
        rival: int | None = None,
        pair: tuple[int, int] | None = None,
        output: int | None = None,
        value: float | None = None,
        domain: Domain = None,
        max_regions: int | None = 10_000,
        exact: bool = False,
        proof: str | os.PathLike[str] | None = None,
        progress: bool | None = None,
    ) -> Robustness | RobustnessRadii:
        """Distance from a point, or from each of many, to the decision boundary, with proved bounds."""
        asked: dict[str, Any] = {
            "norm": norm, "rival": rival, "pair": pair, "output": output, "value": value, "domain": domain,
            "max_regions": max_regions, "progress": progress,
        }  # fmt: skip
        if proof is not None:
            return radius_proof.proved_radius(self.network, x, proof, **asked)
        return robustness.robustness_radius(self.network, x, exact=exact, **asked)

    @overload
    def local_complexity(
        self, x: ArrayLike, radius: float, *, norm: float = 2, max_regions: int | None = None,
        estimate: Literal[False] = False,
    ) -> LocalComplexity: ...  # fmt: skip
    @overload
    def local_complexity(
        self, x: ArrayLike, radius: float, *, estimate: Literal[True], n_directions: int | None = None, seed: int = 0
    ) -> ComplexityEstimate: ...
    @documented_by(complexity.local_complexity, complexity.local_complexity_estimate)
    def local_complexity(
        self,
        x: ArrayLike,
        radius: float,
        *,
        norm: float = 2,
        max_regions: int | None = None,
        estimate: bool = False,
        n_directions: int | None = None,
        seed: int = 0,
    ) -> LocalComplexity | ComplexityEstimate:
        """Regions that meet the open ball around a point, and boundaries of neurons that cut it; exact.

        Parameters
        ----------
        estimate : bool
            Instead, look at the signs of neurons at the corners of a random cross-polytope in the ball of norm 2, which
            is the usual approximation and takes a forward pass; see `local_complexity_estimate`. The options
            `n_directions` and `seed` are about this one, `norm` and `max_regions` about the exact answer.
        """
        if not estimate:
            if n_directions is not None:
                raise OptionError(
                    "`n_directions` is about an estimate of the local complexity: ask for `estimate=True`."
                )
            return complexity.local_complexity(self.network, x, radius, norm=norm, max_regions=max_regions)
        if norm != 2 or max_regions is not None:
            raise OptionError(
                "an estimate of the local complexity is about the ball of norm 2 and counts no regions: leave out "
                "`norm` and `max_regions`, or `estimate`."
            )
        return complexity.local_complexity_estimate(self.network, x, radius, n_directions=n_directions, seed=seed)

    @documented_by(cutting_neurons.cutting_neurons)
    def cutting_neurons(
        self, x: ArrayLike, radius: float, *, norm: float = 2, max_regions: int | None = 200
    ) -> CuttingNeurons:
        return cutting_neurons.cutting_neurons(self.network, x, radius, norm=norm, max_regions=max_regions)

    @documented_by(crossings.crossings)
    def crossings(self, X: ArrayLike, Y: ArrayLike) -> Crossings:
        return crossings.crossings(self.network, X, Y)

    @overload
    def integrated_gradients(
        self, x: Point, baseline: Point, *, output: int = 0, exact: Literal[False] = False,
        progress: bool | None = None,
    ) -> Floats: ...  # fmt: skip
    @overload
    def integrated_gradients(
        self, x: Point, baseline: Point, *, output: int = 0, exact: Literal[True], progress: bool | None = None
    ) -> NDArray[np.object_]: ...
    @overload
    def integrated_gradients(
        self, x: Points, baseline: ArrayLike, *, output: int = 0, exact: bool = False, progress: bool | None = None
    ) -> Attributions: ...
    @overload
    def integrated_gradients(
        self, x: ArrayLike, baseline: ArrayLike, *, output: int = 0, exact: bool = False, progress: bool | None = None
    ) -> Floats | NDArray[np.object_] | Attributions: ...
    @documented_by(attribution.integrated_gradients)
    def integrated_gradients(
        self, x: ArrayLike, baseline: ArrayLike, *, output: int = 0, exact: bool = False, progress: bool | None = None
    ) -> Floats | NDArray[np.object_] | Attributions:
        """What each input contributes to an output on the straight way from a baseline to x."""
        return attribution.integrated_gradients(
            self.network, x, baseline, output=output, exact=exact, progress=progress
        )

    def slice(self, *points: ArrayLike, origin: ArrayLike | None = None, basis: ArrayLike | None = None) -> Lens:
        """The network restricted to a flat: ``slice(p, q, r)`` for the plane through three points.

        Parameters
        ----------
        *points : k + 1 arrays of shape (d,)
            On the slice, the first has the coordinates (0, ..., 0), the second (1, 0, ..., 0), the third
            (0, 1, 0, ...), and so on.
        origin, basis : (d,) array and (k, d) array, instead of points
            Coordinates y stand for ``origin + y @ basis``.

        Returns
        -------
        Lens
            With k inputs. Its `flat` says where it lies; `embed` and `project` translate points.

        Raises
        ------
        DomainError
            Points or basis that span fewer than k dimensions; decided exactly.
        DimensionError, OptionError

        Notes
        -----
        Exact: weights and basis are not multiplied. The flat's own maps come first among the network's layers, as
        layers that only pass values on: one for a basis, two for points. They cut nothing and have no bits, so patterns
        are the same as before; but they count as layers, as they do in any network: layer l of the original network is
        layer ``len(flat.layers) + l`` of the slice's.

        Examples
        --------
        >>> lens = Lens.from_arrays([[[1, 0, 0], [0, 1, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> plane = lens.slice([0, 0, 0], [1, 0, 0], [0, 1, 2])
        >>> plane.count().per_layer.tolist(), plane.embed([[2.0, 1.0]])
        ([1, 1, 4], array([[2., 1., 2.]]))
        """
        d = self.network.input_dim
        if origin is not None and basis is not None and not points:
            flat = flats.spanned_by(origin, basis, d)
        elif origin is None and basis is None:
            flat = flats.through_points(points, d)
        else:
            raise OptionError("`slice` takes points that span the flat, or else both `origin` and `basis`.")
        sliced = Lens(flats.restrict(self.network, flat))
        object.__setattr__(sliced, "flat", flat if self.flat is None else flats.compose(flat, self.flat))
        return sliced

    def embed(self, Y: ArrayLike) -> Floats:
        """Inputs of the original network that points of a slice stand for, (n, k) -> (n, d) or (k,) -> (d,); rounded.

        For a lens that is no slice, the points themselves.
        """
        rows = validate.points(Y, self.network.input_dim, what="`embed`")
        inputs = rows if self.flat is None else self.flat.embed(rows)
        return inputs[0] if validate.n_axes(Y) == 1 else inputs

    def project(self, X: ArrayLike) -> Floats:
        """Coordinates on a slice of the points of it nearest to some inputs, (n, d) -> (n, k) or (d,) -> (k,); rounded.

        The inverse of `embed` for points on the slice.
        """
        flat = self.flat
        rows = validate.points(X, self.network.input_dim if flat is None else flat.ambient_dim, what="`project`")
        coordinates = rows if flat is None else flat.project(rows)
        return coordinates[0] if validate.n_axes(X) == 1 else coordinates

    def _repr_html_(self) -> str:
        steps = () if self.lowering is None else self.lowering.steps
        layers, title = net.told_layers(self.network), f"Lens({self.network!r})"
        return cards.network_card(title, *layers, told=self._told(), steps=steps, asked=cards.ASK_A_LENS)

    def _told(self) -> list[str]:
        """What is known of the network besides its layers, in a few words each."""
        if self.flat is not None:
            return [repr(self.flat)]
        told = [] if self.lowering is None else self.lowering.told()
        if self.self_check is not None:
            check = self.self_check
            told.append(f"differs from the module by at most {check.deviation:.1e} on {check.n_points} points")
            told.append(f"where rounding allows {check.bound:.1e}")
        return told

    def __repr__(self) -> str:
        return f"Lens({', '.join([repr(self.network), *self._told()])})"


def _require_all(found: Partition | RegionCounts) -> None:
    """Refuse to prove numbers that are lower bounds."""
    if not found.is_complete:
        raise PartialPartitionError(
            f"a proof log is about all regions of a domain, but {found!r} are not all. Raise the limit, or leave out "
            "`proof`."
        )


def _network_of(other: Lens | net.Network) -> net.Network:
    """The network of what a lens is compared with."""
    if isinstance(other, Lens):
        return other.network
    return validate.instance(other, net.Network, name="`other`", advice="Make a lens of a model first: `Lens(model)`.")
