"""Archives of arrays: what is written comes back, and nothing is missing unnoticed."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from polytope_lens.errors import FileFormatError, PolytopeLensError
from polytope_lens.io.array_archive import DIGEST, MOST_GROWTH, digest, load_array, load_arrays, save_arrays

ARRAYS = {
    "W0": np.arange(6.0).reshape(2, 3),
    "name": np.array("ξ"),
    "none": np.zeros((0, 3)),
    "by_columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "flags": np.array([True, False]),
    "swapped": np.arange(3, dtype=">i2"),
    "W1": np.ones((1, 2), dtype=np.float32),
}
MEMBER = b"PK\x01\x02"


def same(found, arrays):
    return found.keys() == arrays.keys() and all(
        found[name].dtype == array.dtype and np.array_equal(found[name], array) for name, array in arrays.items()
    )


@pytest.fixture(params=["sealed", "compressed", "of numpy", "streamed"])
def whole(request, tmp_path):
    """A file as this library writes it, and as others do."""
    path = tmp_path / "whole.npz"
    if request.param == "of numpy":
        np.savez(path, **ARRAYS)
    elif request.param == "streamed":  # sizes stand behind the members, for nobody could go back to their fronts
        with path.open("wb") as file:
            np.savez(OneWay(file), **ARRAYS)
    else:
        save_arrays(path, ARRAYS, compress=request.param == "compressed")
    return path


class OneWay(io.RawIOBase):
    """A file that only goes on."""

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


def test_arrays_come_back(whole):
    assert same(load_arrays(whole), ARRAYS)


def test_the_digest_is_about_names_types_shapes_and_numbers():
    changes = [
        {"W0": ARRAYS["W0"].reshape(3, 2)},
        {"W0": ARRAYS["W0"].astype(np.float32)},
        {"W0": np.nextafter(ARRAYS["W0"], 9)},
        {"W2": ARRAYS["W0"]},
        {"none": np.zeros((0, 2))},
        {"name": np.array("η")},
    ]
    seals = {digest(ARRAYS | change) for change in [{}, *changes]}
    assert len(seals) == 1 + len(changes)
    assert digest(dict(reversed(ARRAYS.items()))) == digest(ARRAYS)


def test_no_byte_of_a_directory_hides_an_array(whole):
    """Each byte of it in turn, and each length of a comment that swallows entries behind it."""
    data, path = whole.read_bytes(), whole.with_name("damaged.npz")
    start = data.index(MEMBER)
    damaged = [data[:at] + bytes([value]) + data[at + 1 :]
               for at in range(start, len(data)) for value in {0, data[at] ^ 1, data[at] ^ 0x80, 255}]  # fmt: skip
    ends = [at for at in range(start, len(data)) if data[at : at + 4] in (MEMBER, b"PK\x05\x06")]
    for first, at in enumerate(ends):
        if data[at : at + 4] == MEMBER:
            name, extra = struct.unpack("<HH", data[at + 28 : at + 32])
            damaged += [data[: at + 32] + struct.pack("<H", end - (at + 46 + name + extra)) + data[at + 34 :]
                        for end in ends[first + 2 :]]  # fmt: skip
    refused = []
    for changed in damaged:
        path.write_bytes(changed)
        try:
            assert same(load_arrays(path), ARRAYS)
        except FileFormatError as error:
            refused.append(str(error))
    assert len(refused) > len(damaged) / 3
    assert all("\n" not in message and str(path) in message for message in refused)


def test_an_array_that_is_left_out_breaks_the_seal(tmp_path):
    path = tmp_path / "a.npz"
    save_arrays(path, ARRAYS)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for left_out in arrays:
        np.savez(path, **{name: array for name, array in arrays.items() if name != left_out})
        with pytest.raises(FileFormatError, match=r"lost its array|another digest"):
            load_arrays(path, sealed="W0" if left_out == DIGEST else "")


def header(shape, dtype="<f8", version=(1, 0)):
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"text", "'a.txt', which is no array"),
        ("a.npy", b"text", "is damaged"),
        ("a.npy", b"", "is damaged"),
        ("a.npy", header((10**12,)), "not as long as it says"),
        ("a.npy", header((2**33, 2**31)), "not as long as it says"),
        ("a.npy", header((-1,)) , "not as long as it says"),
        ("a.npy", header((1,)) + bytes(9), "not as long as it says"),
        ("a.npy", header((1,), version=(3, 0)) + bytes(8), "in a format that is not read"),
        ("a.npy", header((), "<U1") + b"\xff" * 4, "'a.npy' is no text"),
        ("a.npy", header((2,), ">U1") + b"\0\0\0a\x00\x11\0\0", "'a.npy' is no text"),
        ("a.npy", header((1,), "|O") + bytes(8), "Python objects, in 'a.npy'"),
        ("a.npy", header((1,), "|O8") + bytes(8), "Python objects, in 'a.npy'|damaged"),
        ("a.npy", header((2**24,)) + bytes(2**27), f"more than {MOST_GROWTH} times as many"),
    ],
)  # fmt: skip
def test_members_that_are_no_arrays_are_refused(tmp_path, name, content, says, monkeypatch):
    monkeypatch.setattr("polytope_lens.io.files.FREE_BYTES", 2**26)
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    with pytest.raises(FileFormatError, match=says):
        load_arrays(path)


def test_two_arrays_of_one_name_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    content = header((1,)) + bytes(8)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", content)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", content)
    with pytest.raises(FileFormatError, match="the list of its arrays"):
        load_arrays(path)


def test_arrays_behind_headers_of_any_length_are_aligned(tmp_path):
    """NumPy pads its headers to 64 bytes, others may not."""
    path, header = tmp_path / "odd.npz", b"{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}\n"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(9):
            padded = header[:-1] + b" " * n + b"\n"
            data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + np.arange(3.0).tobytes()
            archive.writestr(f"a{n}.npy", data)
    found = load_arrays(path)
    assert len(found) == 9 and all(array.flags.aligned and array.tolist() == [0, 1, 2] for array in found.values())


def test_reading_takes_no_more_memory_than_the_file(tmp_path):
    path = tmp_path / "large.npz"
    save_arrays(path, {"x": np.arange(2**19), "y": np.ones(2**19)})
    load_arrays(path)
    tracemalloc.start()
    load_arrays(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.1 * path.stat().st_size


def test_an_archive_of_nothing_is_one(tmp_path):
    np.savez(tmp_path / "a.npz")
    assert load_arrays(tmp_path / "a.npz") == {}
    with pytest.raises(PolytopeLensError, match="cannot be read: Is a directory"):
        load_arrays(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Write it with numpy.save"),
        (b"text", "Write it with numpy.save"),
        (header((10**12,)), "the file is not as long as it says"),
        (header((1,)), "the file is not as long as it says"),
        (header((1,)) + bytes(9), "the file is not as long as it says"),
        (header((1,), "|O") + bytes(8), "Python objects, in the file, which are never read"),
        (header((1,), "<U2") + bytes(8), "but of <U2"),
    ],
)
def test_single_arrays_are_read_or_refused_in_one_sentence(tmp_path, content, says):
    np.save(tmp_path / "good.npy", ARRAYS["W0"])
    assert np.array_equal(load_array(tmp_path / "good.npy"), ARRAYS["W0"])
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(FileFormatError, match=rf"a\.npy is not a \.npy file of numbers.*{says}"):
        load_array(tmp_path / "a.npy")
