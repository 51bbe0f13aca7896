"""Eight numbers at a time: what loops over neurons are made of.

Written as vector instructions because compilers do not find them here: loops over some ten neurons end before their
vector part begins, and arrays that might overlap keep it from being made at all. A sum of products may be fused into
one rounding instead of two where the processor can, which no error bound minds. Arrays are read and written in whole
groups of eight, so their last axis has to be a multiple of :data:`LANES`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 8
VECTOR = ir.VectorType(ir.DoubleType(), LANES)
FUSE = ("contract",)


def padded(n: int) -> int:
    """The least multiple of :data:`LANES` that is not less than n."""
    return -(-n // LANES) * LANES


def _place(context: Any, builder: Any, kind: Any, array: Any, indices: list[Any]) -> Any:
    """Pointer to eight numbers that begin at an entry of an array."""
    view = context.make_array(kind)(context, builder, array)
    item = cgutils.get_item_pointer(context, builder, kind, view, indices)
    return builder.bitcast(item, VECTOR.as_pointer())


def _spread(builder: Any, value: Any) -> Any:
    """Eight copies of a number."""
    vector = ir.Constant(VECTOR, ir.Undefined)
    for lane in range(LANES):
        vector = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), lane))
    return vector


def _size(builder: Any, vector: Any) -> Any:
    """Absolute values of eight numbers."""
    kind = ir.FunctionType(VECTOR, [VECTOR])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.fabs.v{LANES}f64"), [vector])


def _multiply_add(builder: Any, factor: Any, vector: Any, to: Any) -> Any:
    return builder.fadd(to, builder.fmul(factor, vector, flags=FUSE), flags=FUSE)


def _add_scaled(absolute: bool) -> Any:
    def typed(typing: Any, to: Any, f: Any, k: Any, at: Any, source: Any, start: Any, factor: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            to, f, k, at, source, start, factor = arguments
            target = _place(context, builder, signature.args[0], to, [f, k, at])
            vector = builder.load(_place(context, builder, signature.args[4], source, [start]), align=8)
            vector = _size(builder, vector) if absolute else vector
            total = _multiply_add(builder, _spread(builder, factor), vector, builder.load(target, align=8))
            builder.store(total, target, align=8)
            return context.get_dummy_value()

        i = types.int64
        return types.void(to, i, i, i, source, i, types.float64), code

    return intrinsic(typed)


add_scaled = _add_scaled(absolute=False)
"""``add_scaled(to, f, k, at, source, start, factor)``: ``to[f, k, at:at + 8] += factor * source[start:start + 8]``."""
add_scaled_size = _add_scaled(absolute=True)
"""The same with the absolute values of the source."""


def _compare(typing: Any, rows: Any, layer: Any, at: Any, sure: Any, spread: Any, x: Any, y: Any, radius: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, layer, at, sure, spread, x, y, radius = arguments
        index = layer.type

        def load(place: int, array: Any, *indices: Any) -> Any:
            return builder.load(_place(context, builder, signature.args[place], array, [*indices, at]), align=8)

        a, b, c = (load(0, rows, layer, ir.Constant(index, k)) for k in range(3))
        value = _multiply_add(builder, _spread(builder, x), a, _multiply_add(builder, _spread(builder, y), b, c))
        bound = _multiply_add(builder, _spread(builder, radius), load(4, spread, layer), load(3, sure, layer))
        octet, word = ir.IntType(LANES), ir.IntType(64)
        above = builder.fcmp_ordered(">", value, bound)
        below = builder.fcmp_ordered(">", builder.fsub(ir.Constant(VECTOR, [-0.0] * LANES), value), bound)
        above, below = (builder.zext(builder.bitcast(flags, octet), word) for flags in (above, below))
        return builder.or_(above, builder.shl(below, ir.Constant(word, LANES)))

    i, d = types.int64, types.float64
    return types.uint64(rows, i, i, sure, spread, d, d, d), code


compare: Any = intrinsic(_compare)
"""``compare(rows, layer, at, sure, spread, x, y, radius)``: signs of eight neurons at a point of the plane.

With ``value = rows[layer, 0] x + rows[layer, 1] y + rows[layer, 2]`` and ``bound = sure[layer] + spread[layer] radius``
(entries `at` to `at + 8` of each): bits 0 to 7 tell whether value > bound, bits 8 to 15 whether -value > bound.
"""
