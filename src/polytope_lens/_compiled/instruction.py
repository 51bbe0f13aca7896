"""Names of what processors do in one step, for kernels to use; they cost nothing before a kernel is compiled."""

from __future__ import annotations

from typing import Any


class Instruction:
    """An instruction that kernels mention; `intrinsics` gives it its code when the first kernel is compiled."""

    __slots__ = ("__weakref__", "code", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.code: Any = None

    @property
    def _numba_type_(self) -> Any:
        from numba.core.registry import cpu_target

        context: Any = cpu_target.typing_context
        return context.resolve_value_type(self.code)
