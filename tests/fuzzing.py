"""Readers and mutated inputs: ``python tests/fuzzing.py READER N SEED`` reads N of them in this process.

What is printed are faults: anything but an answer or one sentence of an error of this library, an answer that differs
where sums should have told, more than `SECONDS` of a processor, more than `BYTES` beyond what the process has. A crash
ends it.
"""

from __future__ import annotations

import io
import random
import re
import resource
import signal
import struct
import sys
import tempfile
import traceback
import warnings
import zipfile
from pathlib import Path

import numpy as np

from polytope_lens.errors import PolytopeLensError

SECONDS, BYTES = 10, 3 * 2**30
MEMORY = Path("/dev/shm")  # opening files elsewhere takes longer than reading them
NUMBERS = (0, 1, -1, 2, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63)
WORDS = (
    "0",
    "1",
    "-1",
    "1/0",
    "1e999",
    "-0",
    "nan",
    "9" * 30,
    "0x1p-1080",
    "1_0",
    "",
    "\n",
    " ",
    "[",
    "]",
    "{",
    '"',
    "é",
    "\0",
)


class TooLongError(BaseException):
    """An input took longer than it may."""


# ---------------------------------------------------------------------------------------------------------- mutations


def of_bytes(data: bytes, rng: random.Random) -> bytes:
    """One to three small changes, or a large one."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(found)) if found else 0
        to = min(len(found), at + rng.choice((1, 2, 4, 8, 64, 1000)))
        kind = rng.randrange(9)
        if kind == 0 and found:
            found[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and found:
            found[at] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        elif kind == 2:
            size, order = rng.choice((2, 4, 8)), rng.choice("<>")
            value = rng.choice(NUMBERS) % 2 ** (8 * size)
            found[at : at + size] = struct.pack(order + {2: "H", 4: "I", 8: "Q"}[size], value)
        elif kind == 3:
            del found[at:to]
        elif kind == 4:
            found[at:at] = found[at:to]
        elif kind == 5:
            found[at:at] = rng.randbytes(to - at)
        elif kind == 6:
            other = rng.randrange(len(found) + 1)
            found[at:to] = found[other : other + to - at]
        elif kind == 7:
            found[at:to] = bytes(to - at)
        elif rng.random() < 0.2:
            del found[at:]
    return bytes(found)


def of_text(data: bytes, rng: random.Random) -> bytes:
    """Words exchanged, dropped, repeated, or replaced by strange ones; sometimes bytes."""
    if rng.random() < 0.3:
        return of_bytes(data, rng)
    words = re.split(r"(\s+|[,:\[\]{}\"/])", data.decode("latin-1"))
    for _ in range(rng.choice((1, 1, 2, 4))):
        i, j = rng.randrange(len(words)), rng.randrange(len(words))
        kind = rng.randrange(5)
        words[i] = (rng.choice(WORDS), words[j], "", words[i] * 2, str(rng.choice(NUMBERS)))[kind]
    return "".join(words).encode("latin-1", "replace")


def of_members(data: bytes, rng: random.Random, sealed: bool = False) -> bytes:
    """One member of an archive changed, and the sums set right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    for _ in range(rng.choice((1, 1, 2))):
        name, other = rng.choice(list(members)), rng.choice(list(members))
        kind = rng.randrange(6)
        if kind == 0 and len(members) > 1:
            del members[name]
        elif kind == 1:
            members[name] = members[other]
        else:
            members[name] = of_array(members[name], rng) if kind < 4 else of_bytes(members[name], rng)
    found = io.BytesIO()
    if sealed:
        from polytope_lens.io.array_archive import DIGEST, digest

        arrays = {}
        for name, content in members.items():
            try:
                arrays[name.removesuffix(".npy")] = np.load(io.BytesIO(content), allow_pickle=False)
            except Exception:
                return data
        arrays.pop(DIGEST, None)
        np.savez(found, **arrays, **{DIGEST: np.array(digest(arrays))})
        return found.getvalue()
    with zipfile.ZipFile(found, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return found.getvalue()


def of_array(content: bytes, rng: random.Random) -> bytes:
    """An array with other numbers, another shape or type; what is none as bytes."""
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception:
        return of_bytes(content, rng)
    kind = rng.randrange(6)
    if kind == 0 and array.size and array.dtype.kind in "iuf":
        array = array.copy()
        value = rng.choice((np.nan, np.inf, -np.inf, 1e308, 5e-324, *NUMBERS))
        with np.errstate(all="ignore"):
            array.flat[rng.randrange(array.size)] = np.array(float(value)).astype(array.dtype)
    elif kind == 1:
        array = array[: len(array) // 2] if array.ndim else array[None]
    elif kind == 2:
        array = array.T.copy()
    elif kind == 3 and array.dtype.kind in "biuf":
        array = array.astype(rng.choice(("f4", "f8", "i8", "u1", "?", "U3", "c16")), casting="unsafe")
    elif kind == 4:
        array = np.concatenate([array.ravel()] * 2)
    else:
        array = array.ravel()[:0]
    found = io.BytesIO()
    np.save(found, array)
    return found.getvalue()


def of_log(data: bytes, rng: random.Random) -> bytes:
    """A proof log with a digest of what it says now."""
    from proof_logs import sealed

    lines = data.decode().splitlines()[:-1]
    kind = rng.randrange(4)
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    if kind == 0:
        lines[i] = lines[j]
    elif kind == 1:
        del lines[i]
    elif kind == 2:
        lines.insert(i, lines[j])
    else:
        lines[i] = of_text(lines[i].encode(), rng).decode("latin-1")
    return sealed(lines) if rng.random() < 0.9 else of_bytes(sealed(lines), rng)


# ------------------------------------------------------------------------------------------------------------ readers


def _network():
    from families import golden
    from polytope_lens import Lens

    return Lens(golden((2, 3, 3), 1))


def npz():
    """A network as this library writes it: the same or refused."""
    from polytope_lens import Box
    from polytope_lens.importers.npz import arrays_of, load_npz, save_npz
    from polytope_lens.io.array_archive import digest

    def read(path):
        network, domain = load_npz(path)
        return digest(arrays_of(network)), None if domain is None else repr(domain)

    def write(path):
        save_npz(_network().network, path, Box([-1, -1], [1, 1]))

    return "net.npz", write, of_bytes, read, True


def npz_members():
    from polytope_lens import Lens

    return "net.npz", npz()[1], of_members, Lens, False


def partition():
    from polytope_lens import Box, Partition

    def write(path):
        _network().explore([0, 0], Box([-1, -1], [1, 1])).save(path)

    return "run.npz", write, of_bytes, lambda path: Partition.load(path).packed_patterns.tobytes(), True


def partition_members():
    from polytope_lens import Partition

    return "run.npz", partition()[1], lambda data, rng: of_members(data, rng, sealed=True), Partition.load, False


def recording():
    from polytope_lens.training import Recording

    def write(path):
        Recording([0, 3, 7], (_network().network, None, _network().network)).save(path)

    return "run.npz", write, of_bytes, lambda path: Recording.load(path).steps.tobytes(), True


def recording_members():
    from polytope_lens.training import Recording

    return "run.npz", recording()[1], lambda data, rng: of_members(data, rng, sealed=True), Recording.load, False


def npy():
    from polytope_lens.io.array_archive import load_array

    return "x.npy", lambda path: np.save(path, np.eye(3)), of_bytes, load_array, False


def onnx():
    import onnx_models
    from polytope_lens import Lens

    return "net.onnx", lambda path: path.write_bytes(onnx_models.mlp().SerializeToString()), of_bytes, Lens, False


def nnet():
    from polytope_lens import Lens

    lines = ["// by hand", "2,2,1,3,", "2,3,1,", "0,", "-1,-1,", "1,1,", "0,0,0,", "1,1,1,"]
    lines += ["1,0,", "0,1,", "1,1,", "0,", "0,", "-1,", "1,1,1,", "0.5,"]
    return "net.nnet", lambda path: path.write_text("\n".join(lines) + "\n"), of_text, Lens, False


def torch():
    return _torch(of_bytes)


def torch_members():
    return _torch(of_members)


def _torch(mutated):
    from torch import manual_seed, nn, save

    from polytope_lens import Lens

    def write(path):
        manual_seed(0)
        save(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.LeakyReLU(0.1), nn.Linear(3, 1)), path)

    return "net.pt", write, mutated, Lens, False


def safetensors():
    from safetensors.numpy import save_file

    from polytope_lens import Lens

    def write(path):
        save_file({"0.weight": np.ones((3, 2)), "0.bias": np.ones(3), "1.weight": np.ones((1, 3), dtype="f4")}, path)

    return "net.safetensors", write, of_bytes, lambda path: Lens(path, architecture="relu"), False


def png():
    return _image(".png", True)


def tiff():
    return _image(".tif", False)


def jpeg():
    return _image(".jpg", False)


def _image(suffix, has_sums):
    from PIL import Image

    from polytope_lens.experiments import from_file

    def write(path):
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 12)).astype(np.uint8)).save(path)

    return f"a{suffix}", write, of_bytes, lambda path: from_file(path).tobytes(), has_sums


def ine():
    from polytope_lens import Polytope

    def write(path):
        _network().at([0.1, 0.2]).export.write(path)

    return "a.ine", write, of_text, lambda path: Polytope.from_ine(path.read_text("latin-1")), False


def json():
    from polytope_lens import Polytope

    def write(path):
        _network().at([0.1, 0.2]).export.write(path)

    return "a.json", write, of_text, lambda path: Polytope.from_json(path.read_text("latin-1")), False


def proof():
    from polytope_lens import Box
    from proof_logs import verify

    def write(path):
        _network().count(Box([-1, -1], [1, 1]), proof=path)

    return "run.proof", write, of_log, lambda path: verify(path, 5), False


def proof_tree():
    from families import golden
    from polytope_lens import Lens
    from proof_logs import verify

    return "run.proof", lambda path: Lens(golden((3, 3, 2), 1)).count(proof=path), of_log, lambda p: verify(p, 5), False


READERS = {
    reader.__name__: reader
    for reader in (
        npz, npz_members, partition, partition_members, recording, recording_members, npy, onnx, nnet, torch,
        torch_members, safetensors, png, tiff, jpeg, ine, json, proof, proof_tree,
    )
}  # fmt: skip


def faults(name: str, n: int, seed: int) -> list[str]:
    """What went wrong with n mutated inputs of a reader."""
    file, write, mutated, read, has_sums = READERS[name]()
    found = []
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        path = Path(folder, file)
        write(path)
        good, expected = path.read_bytes(), read(path)
        signal.signal(signal.SIGPROF, _late)
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + BYTES,) * 2)
        for k in range(n):
            data = mutated(good, random.Random(f"{name} {seed} {k}"))
            path.write_bytes(data)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            try:
                answer = read(path)
                if has_sums and answer != expected:
                    found.append(f"input {k}: something else was accepted")
            except PolytopeLensError as error:
                if "\n" in str(error) or not str(error):
                    found.append(f"input {k}: no single sentence: {error!r}")
            except BaseException:
                found.append(f"input {k}: {traceback.format_exc()}")
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
    return found


def _late(*_):
    raise TooLongError


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for fault in faults(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])):
        print(fault)
