"""scikit-learn's multilayer perceptrons, alone or behind scalers in a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import InvalidNetworkError, UnsupportedLayerError, require
from polytope_lens.importers import graph
from polytope_lens.importers.layering import Lowering, schedule

PURPOSE = "reading a scikit-learn model"
perceptrons: Any = require("sklearn.neural_network", extra="sklearn", purpose=PURPOSE)
pipelines: Any = require("sklearn.pipeline", extra="sklearn", purpose=PURPOSE)
scalers: Any = require("sklearn.preprocessing", extra="sklearn", purpose=PURPOSE)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUPPORTED = (
    "MLPClassifier and MLPRegressor with activation relu or identity, alone or behind StandardScaler, MinMaxScaler, "
    "MaxAbsScaler and RobustScaler in a Pipeline"
)


def lower(model: Any) -> Lowering:
    """Lower a fitted scikit-learn model to the canonical form.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, or Pipeline of scalers and one of them
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
    Exactness: weights are float64 already. A scaler that divides becomes a product with reciprocals rounded to float64.
    Each scaler keeps a layer of its own, since its product with the weights behind it would be rounded.

    Examples
    --------
    >>> from sklearn.neural_network import MLPRegressor
    >>> model = MLPRegressor(hidden_layer_sizes=[3], solver="lbfgs").fit([[0.0], [1.0]], [0.0, 1.0])
    >>> lower(model).network
    Network(1 -> 3 -> 1, 3 neurons that cut, ReLU)
    """
    steps = list(model.steps) if isinstance(model, pipelines.Pipeline) else [("", model)]
    last = steps[-1][1]
    if not isinstance(last, (perceptrons.MLPClassifier, perceptrons.MLPRegressor)):
        raise UnsupportedLayerError(
            f"the model ends in {type(last).__name__}, which is not read. Supported: {SUPPORTED}."
        )
    if not hasattr(last, "coefs_"):
        raise InvalidNetworkError(f"{type(last).__name__} has no weights yet. Fit it first.")
    n = last.coefs_[0].shape[0] if len(steps) == 1 else getattr(steps[0][1], "n_features_in_", last.coefs_[0].shape[0])
    tensor = graph.source((int(n),))
    for name, step in steps[:-1]:
        tensor = _scaled(tensor, step, f"{name} ({type(step).__name__})")
    tensor = _perceptron(tensor, last, steps[-1][0] or type(last).__name__)
    found = schedule(tensor, int(n))
    stripped = None if last.out_activation_ == "identity" else last.out_activation_
    return Lowering(found.network, (int(n),), tensor.shape, found.steps, stripped)


def _perceptron(tensor: graph.Tensor, model: Any, name: str) -> graph.Tensor:
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


def _scaled(tensor: graph.Tensor, step: Any, label: str) -> graph.Tensor:
    if step is None or step == "passthrough":
        return tensor
    known = (scalers.StandardScaler, scalers.MinMaxScaler, scalers.MaxAbsScaler, scalers.RobustScaler)
    if not isinstance(step, known):
        raise UnsupportedLayerError(f"step {label} is not read. Supported: {SUPPORTED}.")
    if not hasattr(step, "n_features_in_"):
        raise InvalidNetworkError(f"step {label} is not fitted. Fit the pipeline first.")
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


def _numbers(value: Any, ndim: int, label: str) -> NDArray[np.float64]:
    return validate.float_array(value, name=f"the weights of {label}", ndim=ndim, error=InvalidNetworkError)
