"""Runs into folders, small but in many parts, and whether they are those that nothing interrupted."""

from __future__ import annotations

import os
from functools import cache
from itertools import pairwise
from tempfile import TemporaryDirectory

import numpy as np

from disks import CrashError
from polytope_lens import Box, Lens, Partition
from polytope_lens.engines import driver, runs
from polytope_lens.errors import FileAccessError, PolytopeLensError, Status

ALL = ("witnesses", "maps", "volumes", "vertices")


@cache
def lens_of(*widths, seed=0):
    rng = np.random.default_rng(seed)
    shapes = list(pairwise(widths))
    return Lens.from_arrays([rng.normal(size=(n, d)) for d, n in shapes], [rng.normal(size=n) * 0.3 for _, n in shapes])


def in_many_parts(patch, batch=16):
    """A part for each batch of a few regions, and no waiting for the disk."""
    patch.setattr(os, "fsync", lambda descriptor: None)
    patch.setattr(driver, "FIRST_BATCH", batch)
    patch.setattr(driver, "BATCH", batch)
    patch.setattr(runs, "PART_SECONDS", -1.0)


class Case:
    """A run: what is asked, and its answer in arrays."""

    def __init__(self, widths, keep, seed=0):
        self.lens, self.keep = lens_of(*widths, seed=seed), keep
        self.box = Box(np.full(widths[0], -1.0), np.full(widths[0], 1.0))
        self._expected = None

    def run(self, folder, **options):
        if self.keep is None:
            return self.lens.count(self.box, store=folder, **options)
        return self.lens.partition(self.box, store=folder, keep=self.keep, **options)

    def arrays(self, found):
        if self.keep is None:
            return [np.array(found.total), found.per_layer, np.array(_decided(found))]
        columns = [found.packed_patterns, found.counts_per_layer, np.array(_decided(found))]
        columns += [np.concatenate([piece[name] for piece in found.pieces(name)]) for name in self.keep[:3]]
        if "vertices" in self.keep:
            pieces = [piece["vertices"] for piece in found.pieces("vertices")]
            columns += [np.concatenate([np.diff(starts) for starts, _ in pieces])]
            columns += [np.concatenate([points for _, points in pieces])]
        return columns

    @property
    def expected(self):
        if self._expected is None:
            with TemporaryDirectory() as folder:
                self._expected = self.arrays(self.run(f"{folder}/run"))
        return self._expected

    def check(self, found):
        assert found.status is Status.COMPLETE
        for mine, other in zip(self.arrays(found), self.expected, strict=True):
            np.testing.assert_array_equal(mine, other)

    def resumes(self, folder, **options):
        """Whether going on ends as if nothing had happened, and so when it is read again."""
        self.check(self.run(folder, resume=True, **options))
        if self.keep is not None:
            self.check(Partition.load(folder))


def _decided(found):
    return [found.certificate.float64, found.certificate.double_double, found.certificate.rational]


COUNT = Case((2, 7, 6, 1), None)
PLANE = Case((2, 7, 6, 1), ALL)
SPACE = Case((4, 4, 3, 2), ("witnesses", "maps"))


# ---- damage


def refusal(act, errors=(FileAccessError,)):
    """The one sentence by which something is refused, if it is."""
    try:
        act()
    except CrashError:
        return "crashed"
    except errors as error:
        told = str(error)
    else:
        return ""
    assert "\n" not in told
    return told


def damaged(content, kind, rng):
    """Bytes of which some are not what they were."""
    if not content:
        return b"?"
    at = int(rng.integers(len(content)))
    to = min(at + int(rng.integers(1, 40)), len(content))
    if kind == "flipped":
        return content[:at] + bytes([content[at] ^ (1 << int(rng.integers(8)))]) + content[at + 1 :]
    if kind == "cut":
        return content[:at]
    if kind == "left out":
        return content[:at] + content[to:]
    if kind == "zeroed":
        return content[:at] + bytes(to - at) + content[to:]
    return content[:at] + bytes(rng.integers(0, 256, to - at, dtype=np.uint8)) + content[to:]


KINDS = ("flipped", "cut", "left out", "zeroed", "replaced")


def is_told_or_redone(case, run):
    """A damaged run is read as it was, or refused in a sentence; going on likewise."""

    def read():
        if case.keep is not None:
            found = Partition.load(run)
            found.verify()
            if found.is_complete:
                case.check(found)

    refusal(read, PolytopeLensError)
    return not refusal(lambda: case.check(case.run(run, resume=True)), PolytopeLensError)
