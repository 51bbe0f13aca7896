"""Reading properties in VNN-LIB: the parts of versions 1.0 and 2.0 that benchmarks of verifiers use.

Declarations of inputs and outputs, and assertions made of ``and``, ``or``, comparisons and linear expressions.
Decimals are the fractions that they spell. Everything else is refused with its line.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from polytope_lens._arrays import validate
from polytope_lens.errors import FileFormatError, IntractableError
from polytope_lens.importers.packed import content
from polytope_lens.properties.property import MOST_CASES, Constraint, Property, checked_property

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    Cases = list[tuple[Constraint, ...]]
    Linear = dict[int, Fraction]

TOKEN = re.compile(r'\s+|;[^\n]*|("[^"]*"|[()]|[^\s();"]+)')
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$")
OLD_VARIABLE = re.compile(r"([XY])_(\d{1,9})$")
NEW_VARIABLE = re.compile(r"([A-Za-z_]\w*)\[(\d{1,9}(?:,\d{1,9})*)\]$")
COMPARISONS = ("<=", "<", ">=", ">", "=", "==")
# Commands to solvers that say nothing about the property
SAID_TO_SOLVERS = ("set-logic", "set-info", "set-option", "check-sat", "get-model", "get-value", "exit")
KINDS = ("real", "float16", "float32", "float64", "bfloat16")
MOST_DEPTH = 500
# The place of the constant of a linear expression
CONSTANT = -1


class Expression(NamedTuple):
    """A word, or a list of nodes in parentheses, and its line."""

    word: str
    parts: tuple[Expression, ...] | None
    line: int

    @property
    def head(self) -> str:
        """The word that a list begins with."""
        return self.parts[0].word if self.parts else ""


class Variables(NamedTuple):
    """Where inputs and outputs stand: the numbers of the first value of each name, and its shape."""

    inputs: dict[str, tuple[int, tuple[int, ...]]]
    outputs: dict[str, tuple[int, tuple[int, ...]]]


def read_vnnlib(path: str | os.PathLike[str]) -> Property:
    """The property in a file of VNN-LIB, versions 1.0 and 2.0, which may be packed by gzip.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Property
        What the file asserts is the violation: where it is satisfiable, the property is violated.

    Raises
    ------
    MissingFileError, FileAccessError
    FileFormatError
        No such file, or syntax that is not read, with its line.
    DomainError
        An input without bounds, or with bounds that contradict each other.

    Notes
    -----
    Exact: decimals are the fractions that they spell, and strict inequalities are strict. In version 2.0 types such as
    float32 are taken for real numbers, for which the network is the exact function that its weights define. Several
    inputs or outputs are laid end to end in the order of their declarations, tensors in C order.
    Source: Demarchi, Guidotti, Pulina and Tacchella 2023, *Supporting standardization of neural networks verification
    with VNNLIB and CoCoNet*, and the standard's version 2.0.
    """
    where = validate.path(path, name="the property")
    try:
        text = content(Path(where)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{where} is no text in UTF-8, as a property in VNN-LIB is.") from error
    return parse_vnnlib(text, name=str(where))


def parse_vnnlib(text: str, name: str = "the property") -> Property:
    """The property that a text in VNN-LIB states; see `read_vnnlib`.

    Examples
    --------
    >>> parse_vnnlib('''
    ... (declare-const X_0 Real)
    ... (declare-const Y_0 Real)
    ... (assert (>= X_0 0.1))
    ... (assert (<= X_0 1))
    ... (assert (or (>= Y_0 2.5) (and (<= Y_0 0) (<= (+ X_0 Y_0) 1))))
    ... ''')
    Property(R^1 -> R^1, 2 cases)
    """
    reader = _Reader(name)
    variables = Variables({}, {})
    asserted: list[Expression] = []
    for command in reader.nodes(text):
        if command.head in ("declare-const", "declare-fun"):
            reader.declare_old(command, variables)
        elif command.head == "declare-network":
            reader.declare_network(command, variables)
        elif command.head == "assert":
            if command.parts is None or len(command.parts) != 2:
                raise reader.refused(command, "an assertion of one condition was expected")
            asserted.append(command.parts[1])
        elif command.head == "vnnlib-version":
            if (
                command.parts is None
                or len(command.parts) != 2
                or command.parts[1].word.strip("<>") not in ("1.0", "2.0")
            ):
                raise reader.refused(command, "versions 1.0 and 2.0 are read")
        elif command.head not in SAID_TO_SOLVERS:
            raise reader.refused(command, "declarations of inputs and outputs, and assertions, are read")
    if not variables.inputs or not variables.outputs:
        missing = "outputs" if variables.inputs else "inputs"
        raise FileFormatError(
            f"{name} declares no {missing}: `(declare-const X_0 Real)` declares an input, Y_0 an output."
        )
    sizes = _size(variables.inputs), _size(variables.outputs)
    reader.check_numbers(variables, sizes)
    cases: Cases = [()]
    for node in asserted:
        cases = reader.both(node, cases, reader.cases(node, variables, sizes))
    return checked_property(sizes[0], sizes[1], cases)


def _size(declared: dict[str, tuple[int, tuple[int, ...]]]) -> int:
    return sum(prod(shape) for _, shape in declared.values())


class _Reader:
    """What is read from one file, whose name is in every refusal."""

    def __init__(self, name: str) -> None:
        self.name = name

    def refused(self, node: Expression, why: str) -> FileFormatError:
        """The refusal of a node: where it stands, what it says, why it is refused."""
        said = _text(node)
        said = said if len(said) <= 60 else f"{said[:57]}..."
        return FileFormatError(f"{self.name}, line {node.line}: `{said}` is not read: {why}.")

    def nodes(self, text: str) -> tuple[Expression, ...]:
        """The lists that a text consists of."""
        open_lists: list[tuple[list[Expression], int]] = [([], 1)]
        line, at = 1, 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise FileFormatError(f"{self.name}, line {line}: a quotation mark without a second one.")
            token = found[1]
            if token == "(":
                open_lists.append(([], line))
                if len(open_lists) > MOST_DEPTH:
                    raise FileFormatError(
                        f"{self.name}, line {line}: more than {MOST_DEPTH} parentheses inside of others."
                    )
            elif token == ")":
                parts, start = open_lists.pop()
                if not open_lists:
                    raise FileFormatError(f"{self.name}, line {line}: a closing parenthesis without an opening one.")
                open_lists[-1][0].append(Expression("", tuple(parts), start))
            elif token is not None:
                node = Expression(token, None, line)
                if len(open_lists) == 1:
                    raise self.refused(node, "a file is a list of commands in parentheses")
                open_lists[-1][0].append(node)
            line += found[0].count("\n")
            at = found.end()
        if len(open_lists) > 1:
            raise FileFormatError(f"{self.name}, line {open_lists[-1][1]}: a parenthesis that is not closed.")
        return tuple(open_lists[0][0])

    def declare_old(self, command: Expression, variables: Variables) -> None:
        """``(declare-const X_0 Real)``, or the same as a function without arguments."""
        words = [part.word for part in command.parts or ()]
        is_function = command.head == "declare-fun"
        found = OLD_VARIABLE.match(words[1]) if len(words) == (4 if is_function else 3) else None
        if found is None or words[-1] != "Real" or (is_function and (command.parts or ())[2].parts != ()):
            raise self.refused(command, "variables are inputs X_0, X_1, ... and outputs Y_0, Y_1, ... of the kind Real")
        declared = variables.inputs if found[1] == "X" else variables.outputs
        if words[1] in declared:
            raise self.refused(command, "it is declared twice")
        declared[words[1]] = int(found[2]), (1,)

    def declare_network(self, command: Expression, variables: Variables) -> None:
        """``(declare-network f (declare-input X real [5]) (declare-output Y real [5]))``."""
        if variables.inputs or variables.outputs:
            raise self.refused(command, "properties of a single network are read")
        for part in (command.parts or ())[2:]:
            words = [word.word for word in part.parts or ()]
            # A shape may be written with spaces after its commas.
            shape = "".join(words[3:])
            match = re.fullmatch(r"\[(\d{1,9}(?:,\d{1,9})*)?\]", shape)
            if part.head not in ("declare-input", "declare-output") or match is None:
                raise self.refused(part, "inputs and outputs with a kind and a shape are read")
            if words[2].lower() not in KINDS:
                raise self.refused(part, f"kinds are {', '.join(KINDS)}")
            declared = variables.inputs if part.head == "declare-input" else variables.outputs
            if words[1] in variables.inputs or words[1] in variables.outputs:
                raise self.refused(part, "it is declared twice")
            sizes = tuple(map(int, match[1].split(","))) if match[1] else ()
            if 0 in sizes:
                raise self.refused(part, "a tensor without entries")
            declared[words[1]] = _size(declared), sizes

    def check_numbers(self, variables: Variables, sizes: Sequence[int]) -> None:
        """Whether variables of version 1.0 are numbered from 0 without a gap."""
        for declared, size, letter in zip(variables, sizes, "XY", strict=True):
            numbers = sorted(first for name, (first, _) in declared.items() if OLD_VARIABLE.match(name))
            missing = sorted(set(range(size)) - set(numbers))
            if numbers and missing:
                raise FileFormatError(
                    f"{self.name} declares {letter}_{numbers[-1]} but not {letter}_{missing[0]}: they are "
                    "all declared, numbered from 0."
                )

    def both(self, node: Expression, some: Cases, others: Cases) -> Cases:
        """The cases of two conditions that both have to hold."""
        if len(some) * len(others) > MOST_CASES:
            raise IntractableError(
                f"{self.name}, line {node.line}: written out, the alternatives up to here are "
                f"{len(some) * len(others)} cases, and at most {MOST_CASES} are looked at. Ask about its parts one by "
                "one."
            )
        return [(*one, *other) for one in some for other in others]

    def cases(self, node: Expression, variables: Variables, sizes: Sequence[int]) -> Cases:
        """A condition as a union of cases."""
        parts = node.parts or ()
        if node.head == "or":
            return [case for part in parts[1:] for case in self.cases(part, variables, sizes)]
        if node.head == "and":
            cases: Cases = [()]
            for part in parts[1:]:
                cases = self.both(part, cases, self.cases(part, variables, sizes))
            return cases
        if node.head not in COMPARISONS:
            raise self.refused(node, f"conditions are made of and, or, {', '.join(COMPARISONS)}")
        if len(parts) < 3:
            raise self.refused(node, "a comparison needs two sides at least")
        sides = [self.linear(part, variables) for part in parts[1:]]
        found: list[Constraint] = []
        for left, right in pairwise(sides):
            difference = _sum([(Fraction(1), left), (Fraction(-1), right)])
            bound = -difference.pop(CONSTANT, Fraction(0))
            row = sorted(difference.items())
            for sign in {"<": (1,), ">": (-1,)}.get(node.head[0], (1, -1)):
                a = tuple((k, sign * v) for k, v in row if k < sizes[0])
                c = tuple((k - sizes[0], sign * v) for k, v in row if k >= sizes[0])
                found.append(Constraint(a, c, sign * bound, node.head in ("<", ">")))
        return [tuple(found)]

    def linear(self, node: Expression, variables: Variables) -> Linear:
        """A linear expression: the coefficients of inputs, then of outputs, by their numbers, and the constant."""
        if node.parts is None:
            return self._atom(node, variables)
        terms = [self.linear(part, variables) for part in node.parts[1:]]
        if node.head not in ("+", "-", "*", "/") or not terms:
            raise self.refused(node, "expressions are made of numbers, variables, +, -, and products with numbers")
        one = Fraction(1)
        if node.head == "+":
            return _sum([(one, term) for term in terms])
        if node.head == "-":
            signs = [one] * (len(terms) > 1) + [-one] * (len(terms) - 1 or 1)
            return _sum(list(zip(signs, terms, strict=True)))
        if node.head == "/":
            if len(terms) != 2 or set(terms[1]) != {CONSTANT}:
                raise self.refused(node, "what is divided by should be a number other than 0")
            return _sum([(1 / terms[1][CONSTANT], terms[0])])
        found = terms[0]
        for factor in terms[1:]:
            if not (found.keys() <= {CONSTANT} or factor.keys() <= {CONSTANT}):
                raise self.refused(node, "a product of two variables is not linear")
            number, other = (found, factor) if found.keys() <= {CONSTANT} else (factor, found)
            found = _sum([(number.get(CONSTANT, Fraction(0)), other)])
        return found

    def _atom(self, node: Expression, variables: Variables) -> Linear:
        if NUMBER.match(node.word):
            return _sum([(Fraction(node.word), {CONSTANT: Fraction(1)})])
        name = node.word
        place: tuple[int, ...] = ()
        if (found := NEW_VARIABLE.match(node.word)) is not None:
            name, place = found[1], tuple(map(int, found[2].split(",")))
        offset = 0
        for declared in variables:
            if name in declared:
                first, shape = declared[name]
                is_old = OLD_VARIABLE.match(name) is not None and not place
                if not is_old and (len(place) != len(shape) or any(i >= m for i, m in zip(place, shape, strict=False))):
                    raise self.refused(node, f"its shape is {list(shape)}")
                at = 0
                for i, m in zip(place, shape, strict=False):
                    at = at * m + i
                return {offset + first + at: Fraction(1)}
            offset += _size(declared)
        raise self.refused(node, "neither a number nor a variable that is declared")


def _sum(terms: Sequence[tuple[Fraction, Linear]]) -> Linear:
    """A sum of multiples, without coefficients that are zero."""
    found: Linear = {}
    for factor, term in terms:
        for k, v in term.items():
            found[k] = found.get(k, Fraction(0)) + factor * v
    return {k: v for k, v in found.items() if v}


def _text(node: Expression) -> str:
    """A node as it is written, up to its first hundred characters or so."""
    if node.parts is None:
        return node.word
    said = "("
    for part in node.parts:
        said += (" " if len(said) > 1 else "") + _text(part)
        if len(said) > 100:
            return said
    return f"{said})"
