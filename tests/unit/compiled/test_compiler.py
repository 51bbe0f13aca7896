"""Object files of kernels: what is in them, and what they are not made for."""

from __future__ import annotations

import llvmlite.binding as llvm
import numpy as np
import pytest

from polytope_lens._compiled import compiler


def total(array, k):
    return array[k] + array.size, k


def views(array):
    return array[1:]


def test_an_object_shows_one_function_and_needs_no_others():
    code, returned = compiler.object_code(compiler.dispatcher(total, {}), (np.zeros(3), 1))
    assert returned == ("d", "q")
    assert compiler.ENTRY.encode() in code
    assert b"numba" not in code and b"Py" not in code
    assert len(code) < 4000
    assert any(section.is_text() for section in llvm.ObjectFileRef.from_data(code).sections())


def test_a_kernel_that_returns_an_array_is_refused():
    with pytest.raises(Exception, match="array"):
        compiler.object_code(compiler.dispatcher(views, {}), (np.zeros(3),))


def test_numbers_written_down_do_not_make_a_function_anew():
    def plus(n, k):
        return n + k

    part = compiler.dispatcher(plus, {})

    def repeated(k):
        n = -1
        for i in range(k):
            n = part(n, i)
        return part(part(n, 3), 7)

    _, returned = compiler.object_code(compiler.dispatcher(repeated, {}), (5,))
    assert returned == "q" and len(part.overloads) == 1
