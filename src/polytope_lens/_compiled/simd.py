"""Eight numbers at a time: what loops over neurons are made of.

Compilers do not find vector instructions here: loops over some ten neurons end before their vector part begins, and
arrays that might overlap keep it from being made at all. So kernels handle octets, eight float64 as one value, and
octets of words, eight uint64. Arrays that they come from are read in whole groups of eight, so their last axis has to
be a multiple of :data:`LANES`.

A product and the sum that it goes into may be fused into one operation with one rounding instead of two, where the
processor can. No error bound minds.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

LANES = 8
VECTOR, WORDS = ir.VectorType(ir.DoubleType(), LANES), ir.VectorType(ir.IntType(64), LANES)
FUSE = ("contract",)


class Octet(types.Type):
    """The type of eight numbers."""


class WordOctet(types.Type):
    """The type of eight words."""


@register_model(Octet)
class _OctetModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        models.PrimitiveModel.__init__(self, manager, kind, VECTOR)


@register_model(WordOctet)
class _WordOctetModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        models.PrimitiveModel.__init__(self, manager, kind, WORDS)


OCTET, WORD_OCTET = Octet("Octet"), WordOctet("WordOctet")


def padded(n: Any) -> Any:
    """The least multiple of :data:`LANES` that is not less than n."""
    return -(-n // LANES) * LANES


def _pointer(context: Any, builder: Any, kinds: Any, array: Any, place: Any) -> Any:
    view = context.make_array(kinds[0])(context, builder, array)
    index = cgutils.unpack_tuple(builder, place, len(kinds[1]))
    item = cgutils.get_item_pointer(context, builder, kinds[0], view, index)
    return builder.bitcast(item, (VECTOR if kinds[0].dtype == types.float64 else WORDS).as_pointer())


def _load(typing: Any, array: Any, place: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature.args, *arguments), align=8)

    return (OCTET if array.dtype == types.float64 else WORD_OCTET)(array, place), code


def _store(typing: Any, array: Any, place: Any, octet: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place, octet = arguments
        builder.store(octet, _pointer(context, builder, signature.args, array, place), align=8)
        return context.get_dummy_value()

    return types.void(array, place, octet), code


def _filled(builder: Any, kind: Any, number: Any) -> Any:
    octet = ir.Constant(kind, ir.Undefined)
    for lane in range(LANES):
        octet = builder.insert_element(octet, number, ir.Constant(ir.IntType(32), lane))
    return octet


def _elementwise(builder: Any, name: str, octet: Any) -> Any:
    kind = ir.FunctionType(octet.type, [octet.type])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [octet])


def _fill(typing: Any, number: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _filled(builder, VECTOR, arguments[0])

    return OCTET(types.float64), code


def _arithmetic(name: str) -> Any:
    def typed(typing: Any, a: Any, b: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, name)(*arguments)

        return OCTET(a, b), code

    return intrinsic(typed)


def _multiply_add(typing: Any, a: Any, b: Any, c: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b, c = arguments
        return builder.fadd(builder.fmul(a, b, flags=FUSE), c, flags=FUSE)

    return OCTET(a, b, c), code


def _fused(typing: Any, a: Any, b: Any, c: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f64")
        return builder.call(function, arguments)

    return OCTET(a, b, c), code


def _size(typing: Any, octet: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _elementwise(builder, f"llvm.fabs.v{LANES}f64", arguments[0])

    return OCTET(octet), code


def _exceeding(typing: Any, octet: Any, bound: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        octet, bound = arguments
        negated = builder.fsub(ir.Constant(VECTOR, [-0.0] * LANES), octet)
        above, below = (
            builder.zext(builder.bitcast(builder.fcmp_ordered(">", v, bound), ir.IntType(LANES)), ir.IntType(64))
            for v in (octet, negated)
        )
        return builder.or_(above, builder.shl(below, ir.Constant(ir.IntType(64), LANES)))

    return types.uint64(octet, bound), code


def _shared_bits(typing: Any, octet: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        shared = builder.and_(arguments[0], _filled(builder, WORDS, arguments[1]))
        return _elementwise(builder, f"llvm.ctpop.v{LANES}i64", shared)

    return WORD_OCTET(octet, types.uint64), code


def _plus(typing: Any, a: Any, b: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.add(*arguments)

    return WORD_OCTET(a, b), code


def _reaching(typing: Any, octet: Any, least: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        flags = builder.icmp_unsigned(">=", arguments[0], _filled(builder, WORDS, arguments[1]))
        return builder.zext(builder.bitcast(flags, ir.IntType(LANES)), ir.IntType(64))

    return types.uint64(octet, types.uint64), code


load: Any = intrinsic(_load)
"""``load(array, place)``: the octet that begins at a place, a tuple of indices."""
store: Any = intrinsic(_store)
"""``store(array, place, octet)``."""
fill: Any = intrinsic(_fill)
"""``fill(number)``: eight times the same."""
add: Any = _arithmetic("fadd")
"""``add(a, b)`` of octets, rounded; like the next two never fused with anything."""
subtract: Any = _arithmetic("fsub")
"""``subtract(a, b)``."""
multiply: Any = _arithmetic("fmul")
"""``multiply(a, b)``."""
multiply_add: Any = intrinsic(_multiply_add)
"""``multiply_add(a, b, c)``: ``a * b + c`` of octets, with one rounding or two."""
fused: Any = intrinsic(_fused)
"""``fused(a, b, c)``: ``a * b + c`` of octets, with one rounding; slow where the processor has no such operation."""
size: Any = intrinsic(_size)
"""``size(octet)``: absolute values."""
exceeding: Any = intrinsic(_exceeding)
"""``exceeding(octet, bound)``: bits 0 to 7 tell where octet > bound, bits 8 to 15 where -octet > bound."""
shared_bits: Any = intrinsic(_shared_bits)
"""``shared_bits(words, word)``: how many bits each of eight words has in common with a word."""
plus: Any = intrinsic(_plus)
"""``plus(words, words)``."""
reaching: Any = intrinsic(_reaching)
"""``reaching(words, least)``: bits 0 to 7 tell where a word, as a number, is at least `least`."""
