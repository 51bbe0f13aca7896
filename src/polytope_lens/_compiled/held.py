"""Named tuples that compiled functions hand on by their place in memory, and how the compiler looks at their fields.

numba passes a named tuple as all the numbers that its arrays are described by, some 350 for the state of a walk, and
copies all of them for each look at one field: most of what there was to compile. So kernels are given the place of each
named tuple instead. What is read there never changes during a call, which the compiler is told: it may read once what
is looked at often, or anew.

There are two copies. As long as no function is given the first one's place, the compiler does without its memory, and
all that is read there stands in registers: what a kernel consists of is compiled into it (`inlined`). A function of its
own is given the place of the second (`structures.far`); where all parts are such, as in `split`, one will do.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, lower_getattr_generic, register_model

NEAR, FAR = 0, 1


class Held(types.Type):
    """The type of the place of a named tuple of type `parts`."""

    def __init__(self, parts: Any) -> None:
        self.parts = parts
        # Names of types go into those of functions, and a state's is long.
        types.Type.__init__(
            self, f"Held[{parts.instance_class.__name__} {sha256(str(parts).encode()).hexdigest()[:16]}]"
        )


@register_model(Held)
class _HeldModel(models.StructModel):
    def __init__(self, manager: Any, kind: Held) -> None:
        place = types.CPointer(kind.parts)
        models.StructModel.__init__(self, manager, kind, [("near", place), ("far", place)])


@infer_getattr
class _Fields(AttributeTemplate):
    key = Held

    def generic_resolve(self, kind: Any, name: str) -> Any:  # type: ignore[override]
        """The type of a field."""
        return held(kind.parts[kind.parts.fields.index(name)]) if name in kind.parts.fields else None


def held(kind: Any) -> Any:
    """The type that kernels are given for a type of arguments."""
    return Held(kind) if isinstance(kind, types.NamedTuple) else kind


def hold(context: Any, builder: Any, kind: Held, value: Any) -> Any:
    """Both places of a value of type ``kind.parts``."""
    data = context.data_model_manager[kind.parts].as_data(builder, value)
    return both(builder, *(cgutils.alloca_once_value(builder, data) for _ in range(2)))


def both(builder: Any, near: Any, far: Any) -> Any:
    """A value of type `Held`."""
    pair = ir.Constant(ir.LiteralStructType([near.type, far.type]), ir.Undefined)
    return builder.insert_value(builder.insert_value(pair, near, NEAR), far, FAR)


def _field(context: Any, builder: Any, kind: Held, value: Any, name: str) -> Any:
    at = kind.parts.fields.index(name)
    part, (near, far) = (
        kind.parts[at],
        (cgutils.gep_inbounds(builder, builder.extract_value(value, place), 0, at) for place in (NEAR, FAR)),
    )
    if isinstance(part, types.NamedTuple):
        return both(builder, near, far)
    model = context.data_model_manager[part]
    if not isinstance(part, types.Array):
        return model.from_data(builder, _read(builder, near))
    # What describes an array, one by one; nobody asks who owns it.
    found = ir.Constant(model.get_value_type(), ir.Undefined)
    for member in ("nitems", "itemsize", "data", "shape", "strides"):
        place = model.get_field_position(member)
        for axis in [(k,) for k in range(part.ndim)] if member in ("shape", "strides") else [()]:
            number = _read(builder, cgutils.gep_inbounds(builder, near, 0, place, *axis))
            found = builder.insert_value(found, number, (place, *axis))
    return found


def _read(builder: Any, place: Any) -> Any:
    found = builder.load(place)
    found.set_metadata("invariant.load", builder.module.add_metadata([]))
    return found


_lowered: Any = lower_getattr_generic(Held)
_lowered(_field)
