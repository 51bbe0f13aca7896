"""Archives of arrays, ``.npz``, in which nothing can be missing unnoticed.

A zip archive keeps a sum of each member, but none of its directory: there a few wrong bytes hide members. So an archive
is read if its members are its whole file, without gaps, and each is an array of exactly the size that it claims. Those
that this library writes hold, besides, the array ``sha256_of_all``: the digest of all others, in hexadecimal.
"""

from __future__ import annotations

import errno
import hashlib
import io
import math
import struct
import sys
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from polytope_lens.errors import FileFormatError
from polytope_lens.io.files import MOST_GROWTH, most_unpacked, open_to_read, whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Arrays = dict[str, Any]

DIGEST = "sha256_of_all"
# In front of each member of a zip archive: signature, flags, lengths of its name and of what follows the name.
LOCAL_HEADER = struct.Struct("<4s2xH18xHH")
HAS_TRAILER, TRAILERS = 8, (12, 16, 20, 24)
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
LONGEST_HEADER = 2**17
WRITE_AGAIN = "Write it again, with numpy.savez or by what wrote it before."


def save_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Any], *, compress: bool = False) -> None:
    """Write arrays, and their digest, as a file that is complete or not there."""
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    # As numpy.savez, of which old releases leave the archive open where a disk is full.
    with whole_file(path) as file, zipfile.ZipFile(file, "w", method) as archive:
        for name, array in {**arrays, DIGEST: np.array(digest(arrays))}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def load_arrays(path: str | os.PathLike[str], *, sealed: str = "") -> Arrays:
    """All arrays of an archive but the digest, which has to be theirs if it is there.

    So it has to be beside an array of the name `sealed`, which only formats have that are always written with one.

    Raises
    ------
    MissingFileError, FileAccessError
    FileFormatError
        A damaged file; one with anything but arrays of numbers and texts; one that has lost its digest.

    Notes
    -----
    Memory is that of the arrays, which take at most 256 MB, or 100 times the bytes of the file; else it is refused.
    Python objects are never read.
    """
    with open_to_read(path) as file:
        try:
            arrays = _members(file)
        except FileFormatError as error:
            raise FileFormatError(f"{path} {error} {WRITE_AGAIN}") from error
        except MemoryError as error:
            raise FileFormatError(f"{path} holds more than there is memory for.") from error
        except Exception as error:  # zipfile, zlib, lzma and numpy raise nearly anything
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise  # not about a place before the beginning of the file, to which damaged numbers lead
            raise FileFormatError(f"{path} is damaged, or not a .npz archive of plain arrays. {WRITE_AGAIN}") from error
    seal = arrays.pop(DIGEST, None)
    if seal is None and sealed in arrays:
        raise FileFormatError(f"{path} has lost its array {DIGEST}, so it may have lost others. {WRITE_AGAIN}")
    if seal is not None and str(seal) != digest(arrays):
        raise FileFormatError(
            f"{path} is not what was written: its arrays have another digest. {WRITE_AGAIN} If you changed it on "
            f"purpose, leave out the array {DIGEST}."
        )
    return arrays


def load_array(path: str | os.PathLike[str]) -> Any:
    """The array of numbers in a ``.npy`` file.

    Raises
    ------
    MissingFileError, FileAccessError, FileFormatError
    """
    with open_to_read(path) as file:
        size = file.seek(0, 2)
        file.seek(0)
        try:
            _check_header(file, size, "the file")
            file.seek(0)
            found = np.lib.format.read_array(file, allow_pickle=False)
        except Exception as error:  # numpy raises nearly anything about a damaged header
            why = f"It {error}" if isinstance(error, FileFormatError) else "Write it with numpy.save."
            raise FileFormatError(f"{path} is not a .npy file of numbers. {why}") from error
    if found.dtype.kind not in "buif":
        raise FileFormatError(f"{path} is not a .npy file of numbers, but of {found.dtype}.")
    return found


def digest(arrays: Mapping[str, Any]) -> str:
    """SHA-256 of arrays, their names, types and shapes, in hexadecimal."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        if array.nbytes:
            total.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def _members(file: BinaryIO) -> Arrays:
    with zipfile.ZipFile(file) as archive:
        listed = archive.infolist()
        _check_directory(file, archive, listed)
        size, claimed = file.seek(0, 2), sum(member.file_size for member in listed)
        if claimed > most_unpacked(size):
            raise FileFormatError(
                f"has {size:.3g} bytes and claims arrays of {claimed:.3g}, more than {MOST_GROWTH} times as many."
            )
        return {member.filename.removesuffix(".npy"): _array(file, archive, member) for member in listed}


def _check_directory(file: BinaryIO, archive: zipfile.ZipFile, listed: list[zipfile.ZipInfo]) -> None:
    """Members lie one behind the other, from the beginning of the file to the directory."""
    end = 0
    trailers: tuple[int, ...] = ()
    for member in sorted(listed, key=lambda member: member.header_offset):
        file.seek(member.header_offset)
        _, flags, name, extra = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
        gap = member.header_offset - end
        if gap and not (end and gap in trailers):
            break
        trailers = TRAILERS if flags & HAS_TRAILER else ()
        end = member.header_offset + LOCAL_HEADER.size + name + extra + member.compress_size
    else:
        gap = archive.start_dir - end
        if (not gap or (listed and gap in trailers)) and len({member.filename for member in listed}) == len(listed):
            return
    raise FileFormatError("is damaged: the list of its arrays is not that of what it holds.")


def _array(file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Any:
    """One array, whose size is known before memory is asked for; it is read into its place."""
    if not member.filename.endswith(".npy"):
        raise FileFormatError(f"holds {member.filename!r}, which is no array.")
    content = _content(file, archive, member)
    stream = io.BytesIO(content[:LONGEST_HEADER].tobytes())
    shape, by_columns, dtype = _check_header(stream, len(content), repr(member.filename))
    content = content[stream.tell() :]
    if not content.size:
        return np.empty(shape, dtype)
    found = content.view(dtype).reshape(shape[::-1]).T if by_columns else content.view(dtype).reshape(shape)
    if not found.flags.aligned:
        found = found.copy()
    if found.dtype.kind == "U":
        characters = (
            np.ascontiguousarray(found).reshape(-1).view(np.dtype(np.uint32).newbyteorder(found.dtype.byteorder))
        )
        if characters.max() > sys.maxunicode:
            raise FileFormatError(f"is damaged: {member.filename!r} is no text.")
    return found


def _content(file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[np.uint8]:
    """The bytes of a member, of which the sum is compared."""
    content = np.empty(member.file_size, dtype=np.uint8)
    with archive.open(member) as stream:
        if member.compress_type == zipfile.ZIP_STORED and member.file_size == member.compress_size:
            # In one piece, where the stream would be read in many.
            file.seek(member.header_offset)
            *_, name, extra = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
            file.seek(name + extra, io.SEEK_CUR)
            whole = _fill(file, content) and zlib.crc32(content.data) == member.CRC
        else:
            whole = _fill(stream, content) and not stream.read(1)  # at the end, where the sum is compared
    if not whole:
        raise FileFormatError(f"is damaged: {member.filename!r} is not what was written.")
    return content


def _fill(stream: Any, content: NDArray[np.uint8]) -> bool:
    """Whether there are enough bytes, which are read into their place."""
    view, at = content.data, 0
    while at < len(view) and (n := stream.readinto(view[at:])):
        at += n
    return at == len(view)


def _check_header(stream: Any, size: int, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether by columns, and type of an array.

    Refused is one that is not of plain numbers or texts, or that claims another size than it has.
    """
    read_header = HEADERS.get(np.lib.format.read_magic(stream))
    if read_header is None:
        raise FileFormatError(f"holds {name}, an array in a format that is not read.")
    shape, by_columns, dtype = read_header(stream)
    if dtype.hasobject:
        raise FileFormatError(f"holds Python objects, in {name}, which are never read.")
    if min(shape, default=0) < 0 or stream.tell() + math.prod(shape) * dtype.itemsize != size:
        raise FileFormatError(f"is damaged: {name} is not as long as it says.")
    return shape, by_columns, dtype
