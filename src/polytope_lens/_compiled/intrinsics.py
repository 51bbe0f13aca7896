"""What the compiler makes of the names in `simd`, `bits` and `structures`.

Eight numbers are one value of LLVM.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

from polytope_lens._compiled import bits, simd, structures
from polytope_lens._compiled.held import FAR, both
from polytope_lens._compiled.instruction import Instruction
from polytope_lens._compiled.simd import LANES

VECTOR, WORDS = ir.VectorType(ir.DoubleType(), LANES), ir.VectorType(ir.IntType(64), LANES)
FUSE = ("contract",)
ZERO_HAS_A_PLACE = (ir.Constant(ir.IntType(1), 0),)


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


def _folded(builder: Any, octet: Any, two: Any) -> Any:
    """What an operation of two makes of all eight numbers, always in the same order."""
    for half in (4, 2, 1):
        low, high = (
            builder.shuffle_vector(octet, octet, ir.Constant(ir.VectorType(ir.IntType(32), half), lanes))
            for lanes in (list(range(half)), list(range(half, 2 * half)))
        )
        octet = two(low, high)
    return builder.extract_element(octet, ir.Constant(ir.IntType(32), 0))


def _total(typing: Any, octet: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _folded(builder, arguments[0], builder.fadd)

    return types.float64(octet), code


def _least(typing: Any, octet: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def lesser(a: Any, b: Any) -> Any:
            return builder.select(builder.fcmp_ordered("<", a, b), a, b)

        return _folded(builder, arguments[0], lesser)

    return types.float64(octet), code


def _larger(typing: Any, a: Any, b: Any, then: Any, otherwise: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b, then, otherwise = arguments
        return builder.select(builder.fcmp_ordered(">", a, b), then, otherwise)

    return OCTET(a, b, then, otherwise), code


def _first_of(typing: Any, n: Any, octet: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = ir.Constant(WORDS, list(range(LANES)))
        flags = builder.icmp_signed("<", lanes, _filled(builder, WORDS, arguments[0]))
        return builder.select(flags, arguments[1], ir.Constant(VECTOR, [0.0] * LANES))

    return OCTET(types.int64, octet), code


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


def _operation(name: str, result: Any, more: tuple[ir.Constant, ...] = ()) -> Any:
    """A function of one unsigned word that is one instruction."""

    def typed(typing: Any, word: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, name)(arguments[0], *more)

        return result(types.uint64), code

    return intrinsic(typed)


def _far(typing: Any, named: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.extract_value(arguments[0], FAR)
        return both(builder, place, place)

    return named(named), code


CODE: dict[str, Any] = {
    "load": intrinsic(_load),
    "store": intrinsic(_store),
    "fill": intrinsic(_fill),
    "add": _arithmetic("fadd"),
    "subtract": _arithmetic("fsub"),
    "multiply": _arithmetic("fmul"),
    "divide": _arithmetic("fdiv"),
    "multiply_add": intrinsic(_multiply_add),
    "fused": intrinsic(_fused),
    "size": intrinsic(_size),
    "exceeding": intrinsic(_exceeding),
    "total": intrinsic(_total),
    "least": intrinsic(_least),
    "larger": intrinsic(_larger),
    "first_of": intrinsic(_first_of),
    "shared_bits": intrinsic(_shared_bits),
    "plus": intrinsic(_plus),
    "reaching": intrinsic(_reaching),
    "lowest_bit": _operation("cttz", types.int64, ZERO_HAS_A_PLACE),
    "highest_bit": _operation("ctlz", types.int64, ZERO_HAS_A_PLACE),
    "count_bits": _operation("ctpop", types.int64),
    "far": intrinsic(_far),
    "reverse_bits": _operation("bitreverse", types.uint64),
}
for named in (*vars(bits).values(), *vars(simd).values(), *vars(structures).values()):
    if isinstance(named, Instruction):
        named.code = CODE[named.name]
