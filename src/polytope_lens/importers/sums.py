"""Tensors as sums over the values that they are made of, in exact arithmetic: how equality is proved when reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens.importers.graph import Affine, Bend, selection
from polytope_lens.importers.layering import exact_product, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Ints, Sparse
    from polytope_lens.importers.graph import Node, Tensor

# Beyond this many weights in a matrix, values are not traced back through it.
MOST_ENTRIES = 2**22


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Tensors as sums over atoms: one exact matrix each, with the constant in the last column."""

    matrices: tuple[Sparse, ...]
    bends: dict[int, tuple[Bend, int]]  # by column: which bend, and which of its values
    arguments: dict[Bend, Sparse]  # what goes into each bend, over the same columns


def sums(tensors: Sequence[Tensor], *, through_weights: bool = False, into_bends: bool = False) -> Sums | None:
    """Tensors as sums over the same atoms; None if that takes rounding, or very large matrices.

    Atoms are the input, bends, and (unless they are seen through) maps with weights.
    """
    given = [tensor.node for tensor in tensors]
    if into_bends:
        given += [node.node for node in atoms_of(given, through_weights=through_weights) if isinstance(node, Bend)]
    atoms = atoms_of(given, through_weights=through_weights)
    starts = dict(zip(atoms, np.cumsum([0, *(atom.size for atom in atoms)]).tolist(), strict=False))
    # What was computed twice is one atom.
    same = _first_alike(atoms) if len({(type(atom), atom.size) for atom in atoms}) < len(atoms) else {}
    starts = {atom: starts[same.get(atom, atom)] for atom in atoms}
    width = sum(atom.size for atom in atoms) + 1
    matrices: dict[Node, Sparse] = {
        atom: selection(np.arange(atom.size), starts[atom] + np.arange(atom.size), (atom.size, width)) for atom in atoms
    }
    constant = selection(np.zeros(1, dtype=np.int64), np.array([width - 1]), (1, width))
    for node in dict.fromkeys(node for start in given for node in in_order(start)):
        if not isinstance(node, Affine) or node in matrices or any(s not in matrices for s, _ in node.terms):
            continue
        if node.learned and (not through_weights or sum(m.nnz for _, m in node.terms) > MOST_ENTRIES):
            continue
        outer = sparse.hstack([*(m for _, m in node.terms), sparse.csr_array(node.bias[:, None])], format="csr")
        inner = sparse.vstack([*(matrices[source] for source, _ in node.terms), constant], format="csr")
        found = exact_product(outer, inner)
        if found is not None:
            matrices[node] = found
    if any(node not in matrices for node in given):
        return None
    arguments = {a: matrices[a.node] for a in atoms if isinstance(a, Bend) and a.node in matrices}
    bends = {starts[atom] + i: (atom, i) for atom in arguments for i in range(atom.size)}
    return Sums(tuple(matrices[tensor.node] for tensor in tensors), bends, arguments)


def atoms_of(nodes: Sequence[Node], *, through_weights: bool) -> list[Node]:
    """What nodes are sums of."""
    found: list[Node] = []
    stack, seen = list(dict.fromkeys(nodes)), set(nodes)
    while stack:
        node = stack.pop()
        if not isinstance(node, Affine) or (node.learned and not through_weights):
            found.append(node)
            continue
        for source, _ in node.terms:
            if source not in seen:
                seen.add(source)
                stack.append(source)
    return found


def _first_alike(atoms: Sequence[Node]) -> dict[Node, Node]:
    """For each atom the first one that is computed in the same way from the same."""
    first: dict[object, Node] = {}
    alike: dict[Node, Node] = {}
    for node in dict.fromkeys(node for atom in atoms for node in in_order(atom)):
        key: object = node
        if isinstance(node, Bend):
            key = alike[node.node], node.negative.tobytes(), node.positive.tobytes()
        elif isinstance(node, Affine) and sum(matrix.nnz for _, matrix in node.terms) <= MOST_ENTRIES:
            parts = [
                (alike[source], matrix.indptr.tobytes(), matrix.indices.tobytes(), matrix.data.tobytes())
                for source, matrix in node.terms
            ]
            key = (*parts, node.bias.tobytes())
        alike[node] = first.setdefault(key, node)
    kept: dict[Node, Node] = {}
    return {atom: kept.setdefault(alike[atom], atom) for atom in atoms}


def first_equals(tensor: Tensor) -> Ints:
    """For each value the first place of one that is the same sum, which may be its own."""
    own = np.arange(tensor.size)
    node = tensor.node
    if not isinstance(node, Affine) or node.learned:
        return own
    found = sums([tensor])
    if found is None:
        return own
    (matrix,) = found.matrices
    matrix.sort_indices()
    first: dict[tuple[bytes, bytes], int] = {}
    for i, (start, stop) in enumerate(zip(matrix.indptr[:-1].tolist(), matrix.indptr[1:].tolist(), strict=True)):
        own[i] = first.setdefault((matrix.indices[start:stop].tobytes(), matrix.data[start:stop].tobytes()), i)
    return own
