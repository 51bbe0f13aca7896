"""Whatever is given for an argument: an answer, or one sentence of this library."""

from __future__ import annotations

import inspect
import signal
import warnings
from contextlib import contextmanager

import pytest
from matplotlib import pyplot

import wrong_values as wrong
from polytope_lens import ActivationPattern, AffineMap, Box, Lens, Polytope, PolytopeLensError, experiments
from polytope_lens.training import Recorder

PARTITION = wrong.LENS.partition(wrong.BOX)
REGION = wrong.LENS.at(wrong.POINT, wrong.BOX)
HALFSPACES = "H-representation\nbegin\n1 3 real\n1 -1 0\nend\n"
OBJECTS = {
    "lens": wrong.LENS, "network": wrong.LENS.network, "region": REGION, "polytope": REGION.polytope, "box": wrong.BOX,
    "partition": PARTITION, "function": PARTITION.function, "complex": PARTITION.complex, "plot": PARTITION.plot,
    "region.export": REGION.export, "inequalities": REGION.inequalities(), "affine_map": REGION.affine_map,
    "path": wrong.LENS.path([-1, -1], [1, 1]), "pattern": REGION.pattern, "regions": wrong.LENS.at([wrong.POINT]),
}  # fmt: skip
ALONE = {
    "Lens": Lens, "Box": Box, "Polytope": Polytope, "AffineMap": AffineMap, "ActivationPattern": ActivationPattern,
    "Recorder": Recorder, "train": experiments.train, "sample": experiments.sample, "lookup": experiments.lookup,
    "mlp": experiments.mlp, "ring": experiments.ring, "text": experiments.text,
    "equal_parameters": experiments.equal_parameters, "categories": experiments.categories,
}  # fmt: skip
OWN = {
    ("pattern", "hamming"): {"other": REGION.pattern},
    ("polytope", "from_ine"): {"text": HALFSPACES},
    ("polytope", "from_json"): {"text": REGION.polytope.export.json()},
    ("lens", "part"): {"path": "0"},
    ("lens", "slice"): {"points": ([0.0, 0.0], [1.0, 0.0], [0.0, 1.0])},
    ("lens", "path"): {"more": ([1, 1],)},
    ("pattern", "flip"): {"bits": (0,)},
    ("region.export", "write"): {"path": "out.ine"},
    ("partition", "save"): {"path": "out.npz"},
    ("partition", "load"): {"path": "in.npz"},
    ("", "train"): {"steps": 1},
    ("", "sample"): {"n_train": 20, "n_validation": 10},
    ("", "equal_parameters"): {"n": 50},
    ("", "categories"): {"n": 2},
}
"""What works where the name of the parameter does not tell."""
CALLED = {"on_step"}
"""What calls what it is given: its errors are the caller's."""
LONG = {("estimate_volume", "n"), ("train", "steps")}
"""What takes as long as it is told to: large numbers are left out."""


def calls():
    """All public callables that take arguments, with the object they belong to and their names."""
    for owner, this in OBJECTS.items():
        names = [name for name in dir(this) if not name.startswith("_")]
        for name in [*names, "__getitem__", "__call__"]:
            member = getattr(this, name, None)
            is_asked = callable(member) and inspect.signature(member).parameters and name != "cvxpy_constraints"
            if is_asked:
                yield pytest.param(owner, name, member, id=f"{owner}.{name}")
    for name, function in ALONE.items():
        yield pytest.param("", name, function, id=name)


@contextmanager
def no_longer_than(seconds, told):
    def late(*_):
        raise AssertionError(f"{told}: no end within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def arguments(function, own, name=None, value=None):
    """Positional and keyword arguments that work, one of them replaced."""
    given, named = [], {}
    for each, parameter in inspect.signature(function).parameters.items():
        is_rest = parameter.kind is parameter.VAR_POSITIONAL
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        if each == name:
            used = (value,) if is_rest else value
        elif each in own:
            used = own[each]
        elif parameter.default is parameter.empty or each == "progress":
            used = wrong.WORKING[each]
        else:
            continue
        if is_rest:
            given += used
        elif parameter.kind is parameter.KEYWORD_ONLY or named or len(given) < _place(function, each):
            named[each] = used
        else:
            given.append(used)
    return given, named


def _place(function, name):
    return list(inspect.signature(function).parameters).index(name)


def ask(function, given, named):
    """None, or what is wrong with how a call ends."""
    try:
        # Overflow is told by numpy, and is no fault here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = function(*given, **named)
            if inspect.isgenerator(found):
                list(zip(range(3), found, strict=False))
    except PolytopeLensError as error:
        return None if str(error).strip() and "\n" not in str(error) else f"tells {str(error)!r}"
    except OSError as error:
        return None if error.filename is not None else f"raises {error!r}"
    except Exception as error:
        return f"raises {error!r}"
    return None


@pytest.mark.parametrize(("owner", "name", "function"), list(calls()))
def test_an_answer_or_one_sentence(tmp_path, monkeypatch, owner, name, function):
    monkeypatch.chdir(tmp_path)
    PARTITION.save("in.npz")
    own = OWN.get((owner, name), {})
    given, named = arguments(function, own)
    function(*given, **named)
    faults = []
    for each, parameter in inspect.signature(function).parameters.items():
        is_long = (name, each) in LONG or each == "workers"
        for told, value in wrong.VALUES.items():
            if (
                (each in CALLED and callable(value))
                or parameter.kind is parameter.VAR_KEYWORD
                or (is_long and told in ("2^31", "2^53"))
            ):
                continue
            at = f"{name}({each}={told})"
            with no_longer_than(10, at):
                fault = ask(function, *arguments(function, own, each, value))
            faults += [f"{at} {fault}"] if fault else []
            pyplot.close("all")
    assert not faults
