"""Models that are refused: one sentence each, and where it says what to do, that works."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
from onnx import helper, inliner, numpy_helper, version_converter  # noqa: E402
from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.ensemble import VotingRegressor  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.neural_network import MLPRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from torch import nn  # noqa: E402

from onnx_models import floats, model_of  # noqa: E402
from polytope_lens import Lens, PolytopeLensError  # noqa: E402
from torch_models import Does  # noqa: E402

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("seeded_torch")]
I64 = np.int64


def check(refused, says, *advised):
    """One sentence that says that; and what it advises works."""
    with pytest.raises(PolytopeLensError, match=says) as found:
        refused()
    assert "\n" not in str(found.value)
    for follow in advised:
        assert isinstance(follow(), Lens)


# --------------------------------------------------------------------------------------------------------------- ONNX


def nodes(*rows, shape=(1, 3), opset=17, **constants):
    """A graph of nodes "outputs = Operator inputs", where '-' is an input that is left out, with their attributes."""
    made = []
    for row in rows:
        text, attributes = row if isinstance(row, tuple) else (row, {})
        outputs, _, call = text.partition(" = ")
        op, *inputs = call.split()
        names = ["" if name == "-" else name for name in inputs]
        made.append(helper.make_node(op, names, outputs.split(), name=op, **attributes))
    given = {"zero": np.float32(0), "w": floats(3), "two": np.float32(2), "ones": np.ones(3, np.float32), **constants}
    return model_of(made, shape, given, opset=opset)


def branching():
    value = helper.make_node("Constant", [], ["o"], value=numpy_helper.from_array(floats(3)))
    branch = helper.make_graph([value], "branch", [], [helper.make_tensor_value_info("o", 1, [3])])
    return nodes(("c = If t", {"then_branch": branch, "else_branch": branch}), "y = Add x c", t=np.array(True))


def sparse():
    model = nodes("y = Add x s")
    values, places = numpy_helper.from_array(floats(1), "s"), numpy_helper.from_array(np.array([1], I64), "i")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [3]))
    return model


def functions():
    model = nodes("h = Relu x", "y = Twice h")
    twice = helper.make_node("Add", ["a", "a"], ["b"])
    model.graph.node[1].domain = "mine"
    model.functions.append(helper.make_function("mine", "Twice", ["a"], ["b"], [twice], model.opset_import))
    model.opset_import.append(helper.make_opsetid("mine", 1))
    return model


def shapeless():
    model = nodes("y = Relu x")
    model.graph.input[0].type.tensor_type.ClearField("shape")
    return model


FLOAT, INT = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


def outputs(*names):
    model = nodes(*(f"{name} = Relu x" for name in names))
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, FLOAT, None) for name in names)
    return model


def inputs(*kinds):
    model = nodes(("f = Cast q", {"to": 1}), "y = Add x f")
    del model.graph.input[:]
    model.graph.input.extend(
        helper.make_tensor_value_info(name, kind, [1, 3]) for name, kind in zip("xq", kinds, strict=True)
    )
    return model


def resized(**attributes):
    sizes = {"roi": np.zeros(8, np.float32), "scales": np.float32([1, 1, 2, 2])}
    return nodes(("y = Resize x roi scales", attributes), shape=(1, 1, 3, 3), opset=18, **sizes)


STEP = ("c = Greater x zero", ("f = Cast c", {"to": 1}))
NORMAL = "y = BatchNormalization x ones ones ones ones"
ONNX = {
    "an input left out": (lambda: nodes("y = Add x -"), r"node 'Add' \(Add\) lacks input 1\."),
    "no numbers": (lambda: nodes("y = Pow x -"), r"node 'Pow' \(Pow\) lacks numbers as input 1\."),
    "texts": (lambda: nodes("y = Clip x s", s=np.array(["a"], dtype=object)), "lacks numbers as input 1"),
    "an unknown constant": (
        lambda: nodes(("r = RandomNormal", {"shape": [3]}), "y = Add x r"), "'RandomNormal' .* is not read"),
    "a branch": (branching, r"node 'If' \(If\) has graphs inside"),
    "a step added": (
        lambda: nodes(*STEP, "t = Add f x", "y = Where c t x"), r"'Add' .* takes what a comparison put out"),
    "a step put out": (lambda: nodes(*STEP, "y = Mul f w"), "the output is that of a comparison, which jumps"),
    "Not": (lambda: nodes("y = Not x"), "'Not' .* jumps"),
    "three factors": (lambda: nodes(("y = Einsum x w w", {"equation": "bi,i,i->bi"})), "more than two tensors"),
    "two terms": (lambda: nodes(("y = Einsum x w", {"equation": "bi->bi"})), "has 1 terms for 2 tensors"),
    "a new index": (lambda: nodes(("y = Einsum x w", {"equation": "bi,i->bq"})), "indices that no tensor has"),
    "an axis too many": (lambda: nodes(("y = Einsum x w", {"equation": "bij,i->bi"})), r"with \[2, 1\] axes"),
    "two sizes": (lambda: nodes(("y = Einsum x v", {"equation": "bi,i->bi"}), v=floats(4)), "has sizes 3 and 4"),
    "training": (
        lambda: nodes((NORMAL, {"training_mode": 1})), "is in training mode. Export the model in eval mode",
        lambda: nodes(NORMAL)),
    "variance": (lambda: nodes("y = BatchNormalization x ones ones ones v", v=-np.ones(3, np.float32)),
                 "divides by a variance that is not positive"),
    "zero": (lambda: nodes("y = Div x zero"), r"'Div' \(Div\) divides by zero"),
    "square": (lambda: nodes("y = Pow x two"), "'Pow' .* is not piecewise affine"),
    "places": (lambda: nodes(("y i = MaxPool x", {"kernel_shape": [2]}), shape=(1, 1, 4)), "places, which jump"),
    "decreasing": (lambda: nodes(("y = Elu x", {"alpha": -1.0})), "'Elu' .* is not piecewise affine"),
    "a logarithm": (lambda: nodes("y = Log x"), "'Log' .* is not piecewise affine"),
    "axes": (lambda: nodes(("y = MaxPool x", {"kernel_shape": [2, 2]}), shape=(1, 1, 4)), "slides over 2 axes, but"),
    "a sum of what is written": (
        lambda: nodes(("y = ScatterND x i u", {"reduction": "add"}), opset=18, i=np.array([[0, 1]], I64), u=floats(1)),
        "'ScatterND' .* combines values"),
    "an end among others": (
        lambda: nodes(("s = Softmax x", {"axis": 1}), "h = Relu x", ("y = Concat s h", {"axis": 1})),
        "other values are joined .* let the model return that, or say `outputs`",
        lambda: (nodes(("s = Softmax x", {"axis": 1}), "h = Relu x", ("y = Concat s h", {"axis": 1})),
                 {"outputs": "h"})),
    "dropout": (
        lambda: nodes("y = Dropout x r t", r=np.float32(0.5), t=np.array(True)),
        "training mode, which is random. Export the model in eval mode",
        lambda: nodes("y = Dropout x r t", r=np.float32(0.5), t=np.array(False))),
    "whole numbers": (lambda: nodes(("y = Cast x", {"to": 7})), "converts to whole numbers"),
    "an aspect": (lambda: resized(keep_aspect_ratio_policy="not_larger"), "keeps the aspect ratio"),
    "cubic": (lambda: resized(mode="cubic"), "interpolates in mode 'cubic'"),
    "a crop": (lambda: resized(mode="linear", coordinate_transformation_mode="tf_crop_and_resize"),
               "resizes by 'tf_crop_and_resize'"),
    "nothing left": (lambda: nodes(("y = ConvTranspose x k", {"pads": [2, 2]}), shape=(1, 1, 2), k=floats(1, 1, 1)),
                     r"has an output of shape \(-2,\): nothing is left of it"),
    "groups": (lambda: nodes(("y = Conv x k", {"group": 2}), shape=(1, 4, 3), k=floats(3, 2, 1)),
               "has 3 output channels, which 2 groups cannot share"),
    "sparse": (sparse, "sparse initializers"),
    "an old opset": (lambda: nodes("y = Relu x", opset=6), "Convert it with onnx.version_converter.convert_version",
                     lambda: version_converter.convert_version(nodes("y = Relu x", opset=6), 17)),
    "functions": (functions, r"Inline them first: onnx\.inliner\.inline_local_functions\(model\)",
                  lambda: inliner.inline_local_functions(functions())),
    "an open shape": (lambda: nodes("y = Relu x", shape=(1, "n")), "shape of its input open.*Say `input_shape`",
                      lambda: (nodes("y = Relu x", shape=(1, "n")), {"input_shape": (3,)})),
    "two outputs": (lambda: outputs("a", "b"), r"has 2 outputs: 'a', 'b'\. Say which are looked at, as outputs='a'",
                    lambda: (outputs("a", "b"), {"outputs": "a"})),
    "two inputs": (lambda: inputs(FLOAT, FLOAT), "Say which are looked at, as inputs=.* or fix the others: inputs=",
                   lambda: (inputs(FLOAT, FLOAT), {"inputs": ["x", "q"]}),
                   lambda: (inputs(FLOAT, FLOAT), {"inputs": {"x": None, "q": [1.0, 2.0, 3.0]}})),
    "no input left": (lambda: (nodes("y = Relu x"), {"inputs": {"x": [1.0, 2.0, 3.0]}}),
                      "Say `inputs` as a mapping: None for what is looked at, values for the others",
                      lambda: (nodes("y = Relu x"), {"inputs": {"x": None}})),
    "whole numbers as an input": (
        lambda: (inputs(FLOAT, INT), {"inputs": ["x", "q"]}), r"should hold floats.* Fix it: inputs=\{'q': values\}",
        lambda: (inputs(FLOAT, INT), {"inputs": {"x": None, "q": [1, 2, 3]}})),
    "samples": (lambda: nodes("y = Relu x", shape=(8, 3)), r"Say `input_shape`: \(3,\) if .* \(8, 3\) if together",
                lambda: (nodes("y = Relu x", shape=(8, 3)), {"input_shape": (3,)}),
                lambda: (nodes("y = Relu x", shape=(8, 3)), {"input_shape": (8, 3)})),
    "mixed samples": (
        lambda: (nodes(("y = ReduceSum x a", {"keepdims": 0}), shape=(8, 3), a=np.array([0], I64)),
                 {"input_shape": (3,)}), "Say the whole shape as `input_shape`",
        lambda: (nodes(("y = ReduceSum x a", {"keepdims": 0}), shape=(8, 3), a=np.array([0], I64)),
                 {"input_shape": (8, 3)})),
    "no shape": (shapeless, "does not say the shape of its input. Say `input_shape`",
                 lambda: (shapeless(), {"input_shape": (3,)})),
}  # fmt: skip


@pytest.mark.parametrize("case", list(ONNX))
def test_graphs_of_onnx(case):
    made, says, *advised = ONNX[case]

    def read(model):
        model, options = model if isinstance(model, tuple) else (model, {})
        return Lens(model, **options)

    check(lambda: read(made()), says, *((lambda make=make: read(make())) for make in advised))


# -------------------------------------------------------------------------------------------------------------- torch


def behind(function, *modules, shape=(3,)):
    """A linear layer, and what a function makes of its values z."""
    return lambda: Lens(Does(lambda x, linear, *more: function(linear(x), *more), nn.Linear(3, 3), *modules), shape)


def normal(*, variance=1.0, **options):
    module = nn.BatchNorm1d(3, **options)
    if module.running_var is not None:
        module.running_var.fill_(variance)
    return nn.Sequential(nn.Linear(2, 3), module)


class Takes(nn.Module):
    """A module of two inputs."""

    def forward(self, a, b):
        return (a + b).relu()


def called(module):
    module(torch.zeros(1, 3))
    return module


def emptied():
    """A module on the device meta, and what a file with its numbers holds."""
    numbers = nn.Linear(2, 2).state_dict()
    return nn.Linear(2, 2, device="meta"), numbers


def filled():
    module, numbers = emptied()
    module.to_empty(device="cpu").load_state_dict(numbers)
    return module


def quantised():
    return nn.Sequential(torch.ao.nn.quantized.ReLU6(), nn.Linear(2, 2))


TORCH = {
    "no numbers": (
        lambda: Lens(emptied()[0]), r"the weight of the model is on the device meta.* then model\.load_state_dict",
        lambda: Lens(filled())),
    "quantised": (
        lambda: Lens(quantised()), r'module "0" is .*ReLU6, a quantised module.* Pass the float model',
        lambda: Lens(nn.Sequential(nn.ReLU6(), nn.Linear(2, 2)), (2,))),
    "complex weights": (
        lambda: Lens(nn.Linear(2, 2, dtype=torch.complex64)), r"has dtype torch\.complex64 .*\(model\.float\(\)\)"),
    "batch norm in training": (
        lambda: Lens(normal()), r'^module "1" is BatchNorm1d that normalises .* Call model\.eval\(\) first',
        lambda: Lens(normal().eval())),
    # Which eval() does not change.
    "batch norm of the batch": (
        lambda: Lens(normal(track_running_stats=False).eval()),
        r"is BatchNorm1d that normalises by statistics of its input, .* no polytopes\. Supported.* Replace it and",
        lambda: Lens(normal().eval())),
    "batch norm as a function": (
        behind(lambda z: nn.functional.batch_norm(z, None, None, training=True), shape=(2, 3)),
        r"^the model \(.*Does\) normalises by statistics of its input, .* no polytopes\. Supported"),
    "variance": (lambda: Lens(normal(variance=-1.0).eval()), r'module "1" divides by a variance that is not'),
    "dropout": (
        lambda: Lens(nn.Sequential(nn.Linear(2, 2), nn.Dropout()).train()),
        r"is Dropout in training mode, which is random\. Call model\.eval\(\) first",
        lambda: Lens(nn.Sequential(nn.Linear(2, 2), nn.Dropout()).eval())),
    "rrelu": (
        lambda: Lens(nn.Sequential(nn.Linear(2, 2), nn.RReLU()).train()), r"is RReLU in training.* model\.eval\(\)",
        lambda: Lens(nn.Sequential(nn.Linear(2, 2), nn.RReLU()).eval())),
    "a smooth module": (
        lambda: Lens(nn.Sequential(nn.Linear(2, 2), nn.GELU(), nn.Linear(2, 2))),
        r"is GELU.* look at a part of the model without it: Lens\.part\(model, path\)",
        lambda: Lens.part(nn.Sequential(nn.Linear(2, 2), nn.GELU(), nn.Linear(2, 2)), "2")),
    "two tensors": (
        lambda: Lens(Does(lambda x: (x.relu(), x)), (3,)), "Say which of them, as outputs=",
        lambda: Lens(Does(lambda x: (x.relu(), x)), (3,), outputs=0)),
    "two inputs": (
        lambda: Lens(Takes(), (3,)), "Say which are looked at, as inputs=.* or fix the others: inputs=",
        lambda: Lens(Takes(), {"a": (3,), "b": (3,)}, inputs=["a", "b"]),
        lambda: Lens(Takes(), {"a": (3,)}, inputs={"a": None, "b": [1.0, 2.0, 3.0]})),
    "an axis too many": (
        lambda: Lens(Takes(), {"a": (3,)}, inputs={"a": None, "b": [[1.0, 2.0, 3.0]]}),
        "so it mixes the samples of a batch. Leave out the batch axis of values that are fixed",
        lambda: Lens(Takes(), {"a": (3,)}, inputs={"a": None, "b": [1.0, 2.0, 3.0]})),
    "the shape of an input": (
        lambda: Lens(Takes(), inputs=["a", "b"]), "Say `input_shape` as a mapping",
        lambda: Lens(Takes(), {"a": (3,), "b": (3,)}, inputs=["a", "b"])),
    "the shape of a sample": (
        lambda: Lens(nn.Conv2d(1, 1, 2)), r"Say `input_shape`, for example Lens\(model, input_shape=\(3, 32, 32\)\)",
        lambda: Lens(nn.Conv2d(1, 1, 2), input_shape=(1, 3, 3))),
    "lazy": (lambda: Lens(nn.LazyLinear(2), (3,)), "Call the model once, .* and pass it then",
             lambda: Lens(called(nn.LazyLinear(2)), (3,))),
    "an end over samples": (
        behind(lambda z: z.softmax(0)), "mixes the samples of a batch. Take it over the axis of the classes",
        behind(lambda z: z.softmax(1))),
    "a jump": (
        behind(lambda z: torch.where(z > 0, z + 1, z)), "Write it with relu, leaky_relu, maximum, minimum or clamp",
        behind(lambda z: nn.functional.leaky_relu(z, 0.5))),
    "rounded quotients": (behind(lambda z: torch.div(z, 2.0, rounding_mode="floor")), "floor_divide, which jumps"),
    "zero": (behind(lambda z: z / torch.tensor([1.0, 0, 1])), "the model divides by zero"),
    "a threshold": (lambda: Lens(nn.Sequential(nn.Linear(2, 2), nn.Threshold(0.0, 1.0))), "jumps from 1.0 to 0.0"),
    "not": (behind(lambda z: z.logical_not() * 1.0), "calls logical_not, which jumps"),
    "where": (behind(lambda z: torch.where(z, z, -z)), "calls gt, which jumps|converts to torch.bool"),
    "masks": (behind(lambda z: z.masked_fill(z.bool(), 0.0)), "converts to torch.bool, which rounds"),
    "places": (behind(lambda z: z.index_put((torch.tensor([0]),), z.sum())), "calls index_put, which this release"),
    "accumulated": (
        behind(lambda z: z.index_put((z > 0,), torch.tensor(1.0), accumulate=True)), "calls index_put, which this"),
    "complex": (behind(lambda z: z * torch.tensor([1 + 2j, 1, 1])), "has dtype torch.complex64 on device cpu"),
    "a comparison in place": (behind(lambda z: z.gt_(0)), "replaces its input in place by something"),
    "a mask written over": (behind(lambda z: z * (z > 0).float().zero_()), "calls (gt|_to_copy|to), which"),
    "a product that jumps in place": (behind(lambda z: torch.cumprod(z, -1).add_(1.0)), "calls cumprod, which is not"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(TORCH))
def test_modules_of_torch(case):
    check(*TORCH[case])


# ------------------------------------------------------------------------------------------------------- scikit-learn

X = np.random.default_rng(0).random((9, 2))
Y = X[:, 0]


def perceptron():
    return MLPRegressor(hidden_layer_sizes=[2], solver="lbfgs", max_iter=5, random_state=0)


def behind_step(step, *, fitted=False):
    model = make_pipeline(StandardScaler(), perceptron()).fit(X, Y)
    model.steps[0] = ("s", step.fit(X) if fitted else step)
    return Lens(model)


def voting(*others, fitted=True):
    """Of a perceptron and others, which are put in its place after it was fitted."""
    model = VotingRegressor([("a", perceptron()), *((f"b{i}", perceptron()) for i in range(len(others)))]).fit(X, Y)
    for i, other in enumerate(others):
        model.estimators_[i + 1] = other.fit(X, Y) if fitted else other
    return Lens(model)


def columns(*wanted, names=None):
    step = ColumnTransformer([("a", StandardScaler() if wanted else "drop", list(wanted) or [0])])
    if names is not None:
        step.fit(X)
        step.transformers_ = [("a", step.transformers_[0][1], names)]
    return step


FIT = "Fit it first|Fit the pipeline first"
SKLEARN = {
    "perceptron": (lambda: Lens(perceptron()), FIT, lambda: Lens(perceptron().fit(X, Y))),
    "search": (lambda: Lens(GridSearchCV(perceptron(), {"alpha": [1]}, cv=2)), "has no best_estimator_ yet. Fit it",
               lambda: Lens(GridSearchCV(perceptron(), {"alpha": [1]}, cv=2, refit=True).fit(X, Y))),
    "voting": (lambda: Lens(VotingRegressor([("a", perceptron())])), FIT, voting),
    "a vote not fitted": (lambda: voting(perceptron(), fitted=False), FIT, lambda: voting(perceptron())),
    "a vote of votes not fitted": (
        lambda: voting(VotingRegressor([("c", perceptron())]), fitted=False), FIT,
        lambda: voting(VotingRegressor([("c", perceptron())]))),
    "another vote": (lambda: voting(LinearRegression()), "b0 is LinearRegression, which is not read. Supported: MLP"),
    "a step": (lambda: behind_step(StandardScaler()), FIT, lambda: behind_step(StandardScaler(), fitted=True)),
    "columns": (lambda: behind_step(columns(0, 1)), FIT, lambda: behind_step(columns(0, 1), fitted=True)),
    "no columns": (lambda: behind_step(columns(), fitted=True), "leaves no features"),
    "unknown columns": (lambda: behind_step(columns(0, names=["q"])), "names its columns in a way that is not read"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(SKLEARN))
def test_models_of_scikit_learn(case):
    check(*SKLEARN[case])


# ------------------------------------------------------------------------------------------------------------ weights

CONVOLUTION = {"a.weight": np.ones((1, 1, 2))}
LINEAR = {"a.weight": np.ones((3, 2)), "b.weight": np.ones((1, 3))}
SMALL = {"a.weight": np.ones((3, 2)), "a.bias": np.ones(2)}
WEIGHTS = {
    "no architecture": (lambda: Lens(LINEAR), "one activation between all linear layers",
                        lambda: Lens(LINEAR, architecture="relu")),
    "one word": (lambda: Lens(CONVOLUTION, (1, 4), architecture="relu"), "stands for linear layers only. Name all",
                 lambda: Lens(CONVOLUTION, (1, 4), architecture=["a", "relu"])),
    "no shape": (lambda: Lens(CONVOLUTION, architecture=["a"]), "Say `input_shape`",
                 lambda: Lens(CONVOLUTION, (1, 4), architecture=["a"])),
    "another word": (lambda: Lens(LINEAR, architecture="tanh"), "For other networks, name all steps in order",
                     lambda: Lens(LINEAR, architecture=["a", "abs", "b"])),
    "tensors that are not used": (lambda: Lens(LINEAR, architecture=["a"]), "Name their layers in it",
                                  lambda: Lens(LINEAR, architecture=["a", "b"])),
    "a tensor": (lambda: Lens({"a.weight": np.ones((3, 2)), "n.running_mean": np.ones(3)}, architecture=["a", "n"]),
                 "tensor 'n.running_var' is missing"),
    "a variance": (
        lambda: Lens({"a.weight": np.ones((3, 2)), "n.running_mean": np.ones(3), "n.running_var": -np.ones(3)},
                     architecture=["a", "n"]), "layer 'n' divides by a variance that is not positive"),
    "a bias": (lambda: Lens(SMALL, architecture=["a"]), r"a weight of shape \(3, 2\), a bias of shape \(2,\)"),
    "axes": (lambda: Lens({"a.weight": np.ones((1, 1, 2, 2))}, (1, 4), architecture=["a"]),
             r"slides over 2 axes, but a sample has shape \(1, 4\)"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(WEIGHTS))
def test_weights(case):
    check(*WEIGHTS[case])
