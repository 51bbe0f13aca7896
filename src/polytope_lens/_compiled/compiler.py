"""What numba is asked for: a function over arguments of given types, as an object file that needs nothing but itself.

numba optimises each function with all that it calls, makes machine code of it, and then of whatever calls it, too: of
the same code as often as calls are deep. Here functions stay as they are written down (`_Parts`) until all of a
kernel is together; that is optimised, once.

Each object has one function that others can see, ``entry(words, results)``: it reads the words of the arguments
(`words`), calls the kernel, which has become a part of it, and writes what the kernel returns, also as words.
numba's own ways in are left out: for each function on the way they took as long to compile as the rest.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba.core import cgutils, event
from numba.core import types as numba_types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, Flags
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher
from numba.np.arrayobj import populate_array

import polytope_lens._compiled.intrinsics  # noqa: F401 - gives instructions their code
from polytope_lens._compiled.held import Held, held, hold
from polytope_lens._compiled.loading import ENTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# numba is not typed enough.
types: Any = numba_types
WORD, WORDS, CODE = ir.IntType(64), ir.IntType(64).as_pointer(), ir.IntType(32)
# Fields of numpy's arrays, in words behind those that every object has (`PyArrayObject_fields`, a part of its ABI).
DATA, SHAPE, STRIDES = 0, 2, 3
HEAD = object.__basicsize__

# How hard LLVM tries. Walks run as fast at its first level, which takes it two thirds of the time of the third.
LEVEL, LEVEL_OF_LONG_LOOPS = 1, 3

Returned = Any
"""What a kernel returns: the letter of a number (see `struct`), "" for None, or a tuple of these."""


class _Parts(JITCodeLibrary):
    """A function and all that it calls, not optimised, and without a place in this process."""

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        """Nothing more is added; what it calls is linked in where a kernel comes together (`_together`)."""
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Nowhere."""
        return 0

    @property
    def codegen(self) -> Any:
        """Whom numba asks to tell a function of its surroundings in this process, which it does not look at."""
        return _Nobody


class _Nobody:
    @staticmethod
    def set_env(name: str, surroundings: Any) -> None:
        """Nothing."""


class _Options(Flags):
    """numba's, compared by what is set; numba makes a table of all there are, ten thousand times for a kernel."""

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, _Options) else Flags.__eq__(self, other)

    def __hash__(self) -> int:
        return ANY_OPTIONS


ANY_OPTIONS = hash(Flags())
"""numba's hash of options, which is the same for all."""
IDLE = frozenset(
    [
        "with_lifting",
        "inline_closure_likes",
        "rewrite_semantic_constants",
        "dead_branch_prune",
        "make_function_op_code_to_jit_function",
        "find_literally",
        "literal_unroll",
        "inline_overloads",
        "nopython_rewrites",
        "dump_parfor_diagnostics",
        "ir_legalization",
    ]
)
"""Names of passes of numba that kernels give nothing to do: the last one deletes variables, which nobody counts."""


class _PartCompiler(Compiler):
    """numba's, which leaves what it makes as it is."""

    def __init__(
        self, typing: Any, target: Any, library: Any, arguments: Any, result: Any, flags: Any, *more: Any
    ) -> None:
        parts: Any = _Parts
        options: Any = _Options
        Compiler.__init__(
            self, typing, target, library or parts(target.codegen(), "parts"), arguments, result, options(flags), *more
        )

    def define_pipelines(self) -> list[Any]:
        """Numba's passes but for those that kernels give nothing to do: closures, literals, deletions."""
        (manager,) = Compiler.define_pipelines(self)
        manager.passes = [step for step in manager.passes if step[0]._name not in IDLE]
        manager._finalized = False
        manager.finalize()
        return [manager]


class _Dispatcher(CPUDispatcher):
    """numba's, which compiles a function once for all numbers, not anew for each that its callers have written down."""

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """What numba asks when a function is called."""
        numbers = {name: types.unliteral(kind) for name, kind in kws.items()}
        return CPUDispatcher.get_call_template(self, tuple(map(types.unliteral, args)), numbers)


def dispatcher(function: Any, options: dict[str, Any]) -> Any:
    """Numba's view of a function, which it compiles for the types that it is called with.

    Without numba's run-time: kernels allocate nothing, and counting references to the arrays of the state would take
    most of their time (14 x 6 neurons: 19 ms with it, 3 ms without).
    """
    compiled_later: Any = _Dispatcher
    alone = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    asked = {"nopython": True, "boundscheck": None, "error_model": "numpy", "_nrt": False, **alone, **options}
    return compiled_later(function, targetoptions=asked, pipeline_class=_PartCompiler)


@contextmanager
def _at_work() -> Iterator[None]:
    """With NUMBA_DISABLE_JIT numba leaves functions to Python, for which kernels are not written: not these."""
    config: Any = numba.config
    given, config.DISABLE_JIT = config.DISABLE_JIT, 0
    try:
        yield
    finally:
        config.DISABLE_JIT = given


class _Counter(event.Listener):
    """Tells that a function has been compiled."""

    def __init__(self, is_done: Callable[[], object]) -> None:
        self.is_done = is_done

    def on_start(self, event: Any) -> None:
        """Nothing."""

    def on_end(self, event: Any) -> None:
        """One function more."""
        self.is_done()


def object_code(
    function: Any, arguments: tuple[Any, ...], is_done: Callable[[], object] = bool, *, has_long_loops: bool = True
) -> tuple[bytes, Returned]:
    """An object file for arguments of the types that these have, and what its results are.

    After each function on the way `is_done` is called. Long loops are worth LLVM's vectors, which take time to make.
    """
    kinds = tuple(held(numba.typeof(argument)) for argument in arguments)
    with global_compiler_lock, _at_work(), event.install_listener("numba:compile", _Counter(is_done)):
        function.compile(kinds)
        result = function.overloads[kinds]
        return _self_contained(result, has_long_loops), _letters(result.signature.return_type)


def _self_contained(result: Any, has_long_loops: bool) -> bytes:
    context = result.target_context
    codegen = context.codegen()
    module = llvm.parse_assembly(cgutils.normalize_ir_text(str(_entry(result, context))))
    for library in _together(result.library):
        # numba's own functions come with all that they call.
        part = library._final_module if isinstance(library, _Parts) else library._get_module_for_linking()
        module.link_in(part, preserve=True)
    module.data_layout = codegen._data_layout
    for function in module.functions:
        if not function.is_declaration and function.name != ENTRY:
            function.linkage = llvm.Linkage.internal
    for variable in module.global_variables:
        if not variable.is_declaration:
            variable.linkage = llvm.Linkage.internal
    level = LEVEL_OF_LONG_LOOPS if has_long_loops else LEVEL
    manager, builder = codegen._module_pass_manager(loop_vectorize=has_long_loops, opt=level)
    manager.run(module, builder)
    code: bytes = codegen._tm.emit_object(module)
    return code


def _together(library: Any) -> list[Any]:
    """A function's library and those of all that it calls, each once; numba links each in wherever it is called."""
    found, left = [library], [library]
    while left:
        fresh = [other for other in dict.fromkeys(left.pop()._linking_libraries) if other not in found]
        found += fresh
        left += [other for other in fresh if isinstance(other, _Parts)]
    return found


def _entry(result: Any, context: Any) -> Any:
    module = context.create_module(ENTRY)
    function = ir.Function(module, ir.FunctionType(CODE, [WORDS, WORDS]), ENTRY)
    builder = ir.IRBuilder(function.append_basic_block())
    words, results = function.args
    kinds, returned = result.signature.args, result.signature.return_type
    kernel_type = context.call_conv.get_function_type(returned, kinds)
    kernel = ir.Function(module, kernel_type, result.fndesc.llvm_func_name)
    reader = _Reader(context, builder, words)
    values = [reader.value(kind) for kind in kinds]
    status, found = context.call_conv.call_function(builder, kernel, returned, kinds, values)
    for k, word in enumerate(_words(builder, returned, found)):
        builder.store(word, _place(builder, results, k))
    builder.ret(status.code)
    return module


class _Reader:
    """Reads arguments from the words that they were taken apart into, one after the other."""

    def __init__(self, context: Any, builder: Any, words: Any) -> None:
        self.context, self.builder, self.words = context, builder, words
        self.n_read = 0

    def value(self, kind: Any) -> Any:
        """The next argument, of a type."""
        if isinstance(kind, Held):
            return hold(self.context, self.builder, kind, self.value(kind.parts))
        if isinstance(kind, types.BaseTuple):
            fields = [self.value(field) for field in kind]
            return self.context.make_tuple(self.builder, kind, fields)
        word = self.builder.load(_place(self.builder, self.words, self.n_read))
        self.n_read += 1
        if isinstance(kind, types.Array):
            return self._array(kind, word)
        if isinstance(kind, types.Boolean):
            return self.builder.trunc(word, ir.IntType(1))
        if isinstance(kind, types.Integer):
            return word if kind.bitwidth == WORD.width else self.builder.trunc(word, ir.IntType(kind.bitwidth))
        if isinstance(kind, types.Float):
            number = self.builder.bitcast(word, ir.DoubleType())
            return number if kind.bitwidth == WORD.width else self.builder.fptrunc(number, ir.FloatType())
        raise TypeError(f"a kernel takes arrays, numbers and tuples of them, but was given {kind}.")

    def _array(self, kind: Any, word: Any) -> Any:
        builder = self.builder
        start = builder.inttoptr(builder.add(word, WORD(HEAD)), WORDS)
        data, shape, strides = (builder.load(_place(builder, start, field)) for field in (DATA, SHAPE, STRIDES))
        array = self.context.make_array(kind)(self.context, builder)
        size = self.context.get_abi_sizeof(self.context.get_data_type(kind.dtype))
        populate_array(
            array,
            data=builder.inttoptr(data, array.data.type),
            shape=self._numbers(shape, kind.ndim),
            strides=self._numbers(strides, kind.ndim),
            itemsize=size,
            meminfo=None,
        )
        return array._getvalue()

    def _numbers(self, address: Any, count: int) -> list[Any]:
        start = self.builder.inttoptr(address, WORDS)
        return [self.builder.load(_place(self.builder, start, k)) for k in range(count)]


def _place(builder: Any, words: Any, k: int) -> Any:
    return builder.gep(words, [WORD(k)])


def _words(builder: Any, kind: Any, value: Any) -> list[Any]:
    """What a value of a type is as words."""
    if isinstance(kind, types.BaseTuple):
        fields = cgutils.unpack_tuple(builder, value, len(kind))
        return [word for part, field in zip(kind, fields, strict=True) for word in _words(builder, part, field)]
    if isinstance(kind, types.NoneType):
        return []
    if isinstance(kind, types.Float):
        wide = value if kind.bitwidth == WORD.width else builder.fpext(value, ir.DoubleType())
        return [builder.bitcast(wide, WORD)]
    if value.type.width == WORD.width:
        return [value]
    is_signed = isinstance(kind, types.Integer) and kind.signed
    return [(builder.sext if is_signed else builder.zext)(value, WORD)]


def _letters(kind: Any) -> Returned:
    if isinstance(kind, types.BaseTuple):
        return tuple(map(_letters, kind))
    if isinstance(kind, types.NoneType):
        return ""
    if isinstance(kind, types.Boolean):
        return "?"
    if isinstance(kind, types.Float):
        return "d"
    if isinstance(kind, types.Integer):
        return "q" if kind.signed else "Q"
    raise TypeError(f"a kernel returns numbers or tuples of them, but this one returns {kind}.")
