"""What is kept of the regions of a run: batches of a walk, in the coordinates of users, as columns of a file.

Each number depends on its region alone, not on where batches and parts begin. So a run that was interrupted has the
same numbers, to the last bit, as one that was not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.domain import is_bounded
from polytope_lens.engines.charts import whole as whole_chart
from polytope_lens.engines.witnesses import certify_witnesses
from polytope_lens.errors import OptionError
from polytope_lens.flat_domain import flat_domain
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.network.affine import affine_maps
from polytope_lens.partition import parts
from polytope_lens.polyhedral_complex.volumes import areas_in_doubt
from polytope_lens.region import of_packed_pattern

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Words
    from polytope_lens.domain import Domain
    from polytope_lens.engines.chunks import Chunk, Outline
    from polytope_lens.network.network import Network

Columns = parts.Columns


class Columnist:
    """Makes columns of what a walk has found on a network and a domain; on the flat, if the domain is one.

    Parameters
    ----------
    keep : tuple of str
        Which ones besides patterns; see `parts.KEPT`.
    """

    def __init__(self, network: Network, domain: Domain, keep: tuple[str, ...]) -> None:
        self.network, self.keep = network, keep
        self._flat = flat_domain(network, domain)
        self._walked, self._domain = (
            (network, domain) if self._flat is None else (self._flat.network, self._flat.domain)
        )
        self._chart = whole_chart(self._walked, self._domain)
        if not is_bounded(self._domain) and {"volumes", "vertices"} & set(keep):
            raise OptionError(
                f"volumes and vertices are kept of bounded domains, but received {domain!r} and keep={list(keep)}. "
                "Choose a `Box`, or leave them out."
            )

    @property
    def needs_outlines(self) -> bool:
        """Whether the walk has to tell the corners of cells."""
        return "vertices" in self.keep or ("volumes" in self.keep and self._walked.input_dim == 2)

    def columns(self, chunk: Chunk) -> Columns:
        """The columns of a batch."""
        witnesses = certify_witnesses(self._walked, self._domain, chunk.patterns, chunk.witnesses, chunk.proved)
        found: Columns = {"patterns": chunk.patterns}
        if "witnesses" in self.keep:
            found["witnesses"] = witnesses if self._flat is None else self._flat.embed(witnesses)
        if "maps" in self.keep:
            found["maps"] = self._maps(chunk)
        if "volumes" in self.keep:
            found["volumes"] = self._volumes(chunk, witnesses)
        if "vertices" in self.keep:
            found["vertices"] = self._vertices(chunk, witnesses)
        return found

    def _maps(self, chunk: Chunk) -> Floats:
        if self._flat is None and self._chart.has_all_coordinates:
            return chunk.maps
        # Products of matrices round as their sizes are, so one by one.
        each = [affine_maps(self.network, words[None]) for words in chunk.patterns]
        return np.concatenate(each) if each else parts.nothing(self.network, ["maps"])["maps"]

    def _volumes(self, chunk: Chunk, witnesses: Floats) -> Floats:
        if chunk.outline is None or self._walked.input_dim != 2:
            return np.array([self._region(*pair).volume() for pair in zip(chunk.patterns, witnesses, strict=True)])
        found, doubtful = areas_in_doubt(_unjoined(chunk.outline))
        for i in np.flatnonzero(doubtful).tolist():
            found[i] = float(self._region(chunk.patterns[i], witnesses[i]).volume(exact=True))
        return found

    def _vertices(self, chunk: Chunk, witnesses: Floats) -> tuple[Any, Floats]:
        if chunk.outline is not None:
            indptr, points = chunk.outline.indptr, chunk.outline.points[:, :-1]
        else:
            each = [self._region(*pair).vertices() for pair in zip(chunk.patterns, witnesses, strict=True)]
            indptr = np.concatenate([[0], np.cumsum([len(corners) for corners in each], dtype=np.int64)])
            points = np.concatenate([*each, np.zeros((0, self._walked.input_dim))])
        return indptr, points if self._flat is None else self._flat.embed(points)

    def _region(self, words: Words, witness: Floats) -> Any:
        return of_packed_pattern(self._walked, words, self._domain, witness)


def _unjoined(outline: Outline) -> PlanarMesh:
    """A mesh of polygons that know nothing of each other."""
    n = len(outline.points)
    nobody = np.zeros(n, np.int64)
    return PlanarMesh(
        outline.points[:, :2], outline.points[:, 2], outline.indptr, np.arange(n), nobody, nobody.astype(bool)
    )


def joined(pieces: list[Columns]) -> Columns:
    """Columns of several batches as those of one."""
    if len(pieces) == 1:
        return pieces[0]
    found: Columns = {}
    for name in pieces[0]:
        if name == "vertices":
            sizes = np.concatenate([np.diff(piece[name][0]) for piece in pieces])
            points = np.concatenate([piece[name][1] for piece in pieces])
            found[name] = np.concatenate([[0], np.cumsum(sizes)]), points
        else:
            found[name] = np.concatenate([piece[name] for piece in pieces])
    return found


def n_numbers(columns: Columns) -> int:
    """How many numbers there are in columns."""
    return sum(
        int(part.size) for column in columns.values() for part in (column if isinstance(column, tuple) else [column])
    )
