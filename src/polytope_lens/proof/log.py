"""The file that a proof is written to: lines of words, the network and the domain first, a digest last."""

from __future__ import annotations

import gzip
import hashlib
import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from polytope_lens.domain import Box
from polytope_lens.io.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flint import fmpz

    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network

    # Is told of regions that have been proved.
    Tick = Callable[[int], object]


VERSION = "polytope_lens proof 1"


class LogFile:
    """Writes lines and keeps the digest of all of them but pieces, which have digests of their own."""

    def __init__(self, file: BinaryIO | gzip.GzipFile) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, *words: object) -> None:
        """One line; the words are written as ``str`` makes them."""
        line = (" ".join(map(str, words)) + "\n").encode("ascii")
        self._file.write(line)
        self._digest.update(line)

    def write_piece(self, text: bytes) -> None:
        """Bytes of which a line has said the digest."""
        self._file.write(text)

    def close(self) -> None:
        """Write the last line, the digest of the ones before it."""
        self._file.write(f"sha256 {self._digest.hexdigest()}\n".encode("ascii"))


@contextmanager
def log_file(path: str | os.PathLike[str]) -> Iterator[LogFile]:
    """A log that appears at `path` when it is complete, and not before; packed if its name ends in .gz."""
    with whole_file(path) as file, ExitStack() as stack:
        packed = os.fspath(path).endswith(".gz")
        log = LogFile(stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0)) if packed else file)
        yield log
        log.close()


def describe(network: Network) -> list[str]:
    """The lines that name a network: its inputs and hidden layers, floats in hexadecimal, hence exact."""
    lines = [f"inputs {network.input_dim}"]
    for layer in network.layers:
        lines.append(f"layer {layer.width}")
        kinds = layer.negative_slope, layer.positive_slope, layer.cuts.astype(np.float64)
        neurons = np.column_stack([*kinds, layer.dense_weight(), layer.bias])
        lines.extend(f"neuron {floats(neuron)}" for neuron in neurons)
    return lines


def describe_outputs(network: Network) -> list[str]:
    """The lines that add a network's output layer."""
    weight: Any = network.output_weight
    rows = np.column_stack([weight if isinstance(weight, np.ndarray) else weight.toarray(), network.output_bias])
    return [f"outputs {len(rows)}", *(f"output {floats(row)}" for row in rows)]


def describe_domain(domain: Domain) -> list[str]:
    """The lines that name a domain."""
    if isinstance(domain, Box):
        return [f"domain box {floats(domain.lower)} {floats(domain.upper)}"]
    sides = [] if domain is None else [f"side {floats([*a, -b])}" for a, b in zip(domain.A, domain.b, strict=True)]
    return [f"domain polytope {len(sides)}", *sides]


def is_about(answer: Mapping[str, Any], network: Network) -> bool:
    """Whether what the checker proved is about this network, number for number.

    Outputs have no part in regions, but in properties they have: then they are compared, too.
    """
    outputs = describe_outputs(network) if "statement" in answer else []
    lines = "".join(f"{line}\n" for line in (VERSION, *describe(network), *outputs))
    return bool(answer["network"] == hashlib.sha256(lines.encode("ascii")).hexdigest())


def floats(values: Iterable[float]) -> str:
    """Floats in hexadecimal, hence exact."""
    return " ".join(float(value).hex() for value in values)


def hexadecimal(value: fmpz | int) -> str:
    """An integer as the checker reads it."""
    return f"{int(value):x}"
