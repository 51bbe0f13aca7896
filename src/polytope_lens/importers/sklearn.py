"""scikit-learn's multilayer perceptrons, alone, averaged, or behind transformers that are affine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import InvalidNetworkError, UnsupportedLayerError, require
from polytope_lens.importers import graph
from polytope_lens.importers.layering import Lowering, schedule

PURPOSE = "reading a scikit-learn model"
compose: Any = require("sklearn.compose", extra="sklearn", purpose=PURPOSE)
decompositions: Any = require("sklearn.decomposition", extra="sklearn", purpose=PURPOSE)
ensembles: Any = require("sklearn.ensemble", extra="sklearn", purpose=PURPOSE)
perceptrons: Any = require("sklearn.neural_network", extra="sklearn", purpose=PURPOSE)
pipelines: Any = require("sklearn.pipeline", extra="sklearn", purpose=PURPOSE)
scalers: Any = require("sklearn.preprocessing", extra="sklearn", purpose=PURPOSE)
selection: Any = require("sklearn.feature_selection", extra="sklearn", purpose=PURPOSE)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUPPORTED = (
    "MLPClassifier and MLPRegressor with activation relu or identity, alone or behind StandardScaler, MinMaxScaler, "
    "MaxAbsScaler, RobustScaler, PCA, TruncatedSVD, selections of features, ColumnTransformer and FeatureUnion of "
    "these in a Pipeline; VotingRegressor of such regressors; and what a search such as GridSearchCV found"
)


def lower(model: Any) -> Lowering:
    """Lower a fitted scikit-learn model to the canonical form.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, Pipeline that ends in one, VotingRegressor of these, or a search for one
        A classifier's softmax or logistic function at the end is left out.

    Returns
    -------
    Lowering

    Raises
    ------
    UnsupportedLayerError
        Other models, activations and steps.
    InvalidNetworkError
        A model that is not fitted, NaN or infinite weights.

    Notes
    -----
    Exactness: weights are float64 already. A scaler that divides becomes a product with reciprocals rounded to float64,
    an average one with weights rounded to float64. Each transformer keeps a layer of its own, since its product with
    the weights behind it would be rounded.

    Examples
    --------
    >>> from sklearn.neural_network import MLPRegressor
    >>> model = MLPRegressor(hidden_layer_sizes=[3], solver="lbfgs").fit([[0.0], [1.0]], [0.0, 1.0])
    >>> lower(model).network
    Network(1 -> 3 -> 1, 3 neurons that cut, ReLU)
    """
    model = _found(model)
    last = _found(model.steps[-1][1]) if isinstance(model, pipelines.Pipeline) else model
    if not isinstance(last, (perceptrons.MLPClassifier, perceptrons.MLPRegressor, ensembles.VotingRegressor)):
        raise UnsupportedLayerError(
            f"the model ends in {type(last).__name__}, which is not read. Supported: {SUPPORTED}."
        )
    steps = [step for _, step in model.steps] if isinstance(model, pipelines.Pipeline) else [model]
    n = next((step.n_features_in_ for step in steps if hasattr(step, "n_features_in_")), None)
    if n is None or not (hasattr(last, "coefs_") or hasattr(last, "estimators_")):
        raise InvalidNetworkError(f"{type(last).__name__} has no weights yet. Fit it first.")
    tensor = _predicted(graph.source((int(n),)), model, "")
    found = schedule(tensor, int(n))
    end = getattr(last, "out_activation_", "identity")
    remarks: tuple[str, ...] = ()
    if isinstance(last, perceptrons.MLPClassifier) and len(last.classes_) == 2 and tensor.size == 1:
        remarks = (f"the output is the logit of class {last.classes_[1]}, 0 where both are equally probable",)
    stripped = None if end == "identity" else end
    return Lowering(found.network, (int(n),), tensor.shape, found.steps, stripped, remarks=remarks)


def _found(model: Any) -> Any:
    """The model that a search found, or the model."""
    if not hasattr(model, "best_estimator_"):
        if hasattr(model, "param_grid") or hasattr(model, "param_distributions"):
            raise InvalidNetworkError(
                f"{type(model).__name__} has no best_estimator_ yet. Fit it first, with refit=True."
            )
        return model
    return _found(model.best_estimator_)


def _predicted(tensor: graph.Tensor, model: Any, name: str) -> graph.Tensor:
    """What a regressor or classifier answers, before its last activation."""
    model = _found(model)
    if isinstance(model, pipelines.Pipeline):
        for step_name, step in model.steps[:-1]:
            tensor = _transformed(tensor, step, f"{name}{'.' if name else ''}{step_name} ({type(step).__name__})")
        return _predicted(tensor, model.steps[-1][1], f"{name}{'.' if name else ''}{model.steps[-1][0]}")
    if isinstance(model, ensembles.VotingRegressor):
        return _average(tensor, model, name)
    name = name or type(model).__name__
    if not isinstance(model, (perceptrons.MLPClassifier, perceptrons.MLPRegressor)):
        raise UnsupportedLayerError(f"{name} is {type(model).__name__}, which is not read. Supported: {SUPPORTED}.")
    if not hasattr(model, "coefs_"):
        raise InvalidNetworkError(f"{type(model).__name__} has no weights yet. Fit it first.")
    if model.activation not in ("relu", "identity"):
        raise UnsupportedLayerError(
            f"{name} has the activation {model.activation}, which is not piecewise affine, so the network has no "
            f"polytopes. Supported: {SUPPORTED}."
        )
    for index, (weight, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        label = f"{name} layer {index}"
        tensor = graph.matmul(tensor, _numbers(weight, 2, label), _numbers(bias, 1, label), label)
        if index + 1 < len(model.coefs_) and model.activation == "relu":
            tensor = graph.relu(tensor, "relu")
    return tensor


def _average(tensor: graph.Tensor, model: Any, name: str) -> graph.Tensor:
    """The mean of what several regressors answer, or a weighted one."""
    if not hasattr(model, "estimators_"):
        raise InvalidNetworkError("VotingRegressor has no weights yet. Fit it first.")
    kept = [i for i, (_, given) in enumerate(model.estimators) if given != "drop"]
    weights = np.ones(len(kept)) if model.weights is None else np.asarray(model.weights, dtype=np.float64)[kept]
    names = [f"{name}{'.' if name else ''}{model.estimators[i][0]}" for i in kept]
    answers = [_predicted(tensor, found, n) for found, n in zip(model.estimators_, names, strict=True)]
    return graph.add([graph.scale(a, w) for a, w in zip(answers, weights / weights.sum(), strict=True)])


def _transformed(tensor: graph.Tensor, step: Any, label: str) -> graph.Tensor:
    """What a transformer that is affine, or clips, makes of values."""
    if step is None or step == "passthrough":
        return tensor
    if isinstance(step, scalers.FunctionTransformer) and step.func is None:
        return tensor
    if isinstance(step, pipelines.Pipeline):
        for name, inner in step.steps:
            tensor = _transformed(tensor, inner, f"{label}, {name} ({type(inner).__name__})")
        return tensor
    if isinstance(step, compose.ColumnTransformer):
        return _columnwise(tensor, step, label)
    if isinstance(step, pipelines.FeatureUnion):
        weights = step.transformer_weights or {}
        parts = [
            graph.scale(_transformed(tensor, inner, f"{label}, {name}"), float(weights.get(name, 1.0)))
            for name, inner in step.transformer_list
            if inner != "drop"
        ]
        return graph.concatenate(parts, 0)
    if not isinstance(step, (*SCALERS, decompositions.PCA, decompositions.TruncatedSVD, selection.SelectorMixin)):
        raise UnsupportedLayerError(f"step {label} is not read. Supported: {SUPPORTED}.")
    if not hasattr(step, "n_features_in_"):
        raise InvalidNetworkError(f"step {label} is not fitted. Fit the pipeline first.")
    if isinstance(step, SCALERS):
        return _scaled(tensor, step, label)
    if isinstance(step, selection.SelectorMixin):
        return graph.gather([tensor], np.flatnonzero(step.get_support()))
    if isinstance(step, decompositions.PCA):
        tensor = graph.add([tensor, graph.constant(_numbers(step.mean_, 1, label))], [1, -1])
    found = graph.matmul(tensor, _numbers(step.components_, 2, label).T, 0.0, label)
    if not getattr(step, "whiten", False):
        return found
    # As scikit-learn does: components without variance are not divided by it.
    deviations = np.sqrt(_numbers(step.explained_variance_, 1, label))
    return graph.channelwise(found, 1.0 / np.maximum(deviations, np.finfo(np.float64).eps), np.zeros(found.size), label)


SCALERS = (scalers.StandardScaler, scalers.MinMaxScaler, scalers.MaxAbsScaler, scalers.RobustScaler)


def _scaled(tensor: graph.Tensor, step: Any, label: str) -> graph.Tensor:
    if isinstance(step, scalers.MinMaxScaler):
        scaled = graph.channelwise(tensor, _numbers(step.scale_, 1, label), _numbers(step.min_, 1, label), label)
        low, high = step.feature_range
        return graph.clamp(scaled, low, high, label) if step.clip else scaled
    center = getattr(step, "mean_" if isinstance(step, scalers.StandardScaler) else "center_", None)
    if center is not None and getattr(step, "with_mean", True) and getattr(step, "with_centering", True):
        tensor = graph.add([tensor, graph.constant(_numbers(center, 1, label))], [1, -1])
    scale = step.scale_
    if scale is None or not (getattr(step, "with_std", True) and getattr(step, "with_scaling", True)):
        return tensor
    return graph.channelwise(tensor, 1.0 / _numbers(scale, 1, label), np.zeros(tensor.size), label)


def _columnwise(tensor: graph.Tensor, step: Any, label: str) -> graph.Tensor:
    """Transformers of some features each, side by side."""
    if not hasattr(step, "transformers_"):
        raise InvalidNetworkError(f"step {label} is not fitted. Fit the pipeline first.")
    features = np.array(getattr(step, "feature_names_in_", np.arange(tensor.size)))
    weights = step.transformer_weights or {}
    parts = []
    for name, inner, columns in step.transformers_:
        if isinstance(inner, str) and inner == "drop":
            continue
        index = _places(columns, features, label)
        if index.size:
            part = _transformed(graph.gather([tensor], index), inner, f"{label}, {name} ({type(inner).__name__})")
            parts.append(graph.scale(part, float(weights.get(name, 1.0))))
    if not parts:
        raise InvalidNetworkError(f"step {label} leaves no features.")
    return graph.concatenate(parts, 0)


def _places(columns: Any, features: NDArray[Any], label: str) -> NDArray[np.int64]:
    """Which features a ColumnTransformer's words about columns mean: numbers, names, a slice or a mask."""
    places = np.arange(len(features))
    if isinstance(columns, slice):
        ends = [columns.start, columns.stop]
        if any(isinstance(end, str) for end in ends):
            # With names, both ends belong to the slice.
            first, last = (None if end is None else int(np.flatnonzero(features == end)[0]) for end in ends)
            return places[first : None if last is None else last + 1 : columns.step]
        return places[columns]
    listed = np.atleast_1d(np.asarray(columns))
    if listed.dtype.kind in "OUT":
        found = [np.flatnonzero(features == name) for name in listed.tolist()]
        if any(len(places_) != 1 for places_ in found):
            raise UnsupportedLayerError(f"step {label} names its columns in a way that is not read.")
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])
    return places[listed] if listed.size else places[:0]


def _numbers(value: Any, ndim: int, label: str) -> NDArray[np.float64]:
    return validate.float_array(value, name=f"the weights of {label}", ndim=ndim, error=InvalidNetworkError)
