"""scikit-learn's perceptrons against their own answers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.special import expit, softmax

pytest.importorskip("sklearn")
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from polytope_lens import Lens
from polytope_lens.errors import InvalidNetworkError, OptionError, UnsupportedLayerError

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3)) * [1, 10, 0.1] + [0, 5, 1]
Y = X @ [1, -0.2, 3] + np.abs(X[:, 0])


def fitted(model, y=Y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge
        return model.fit(X, y)


def regressor(**options):
    return MLPRegressor(hidden_layer_sizes=[6, 4], max_iter=20, random_state=0, **options)


@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_regressors(activation):
    model = fitted(regressor(activation=activation))
    lens = Lens(model)
    np.testing.assert_allclose(lens(X)[:, 0], model.predict(X), rtol=1e-12)
    assert lens.network.widths == (6, 4)
    assert lens.network.bits_per_layer == ((6, 4) if activation == "relu" else (0, 0))


@pytest.mark.parametrize("classes", [2, 3])
def test_classifiers_without_what_stands_at_the_end(classes):
    y = np.digitize(Y, np.quantile(Y, np.arange(1, classes) / classes))
    model = fitted(MLPClassifier(hidden_layer_sizes=[5], max_iter=20, random_state=0), y)
    lens = Lens(model)
    expected = model.predict_proba(X)
    values = lens(X)
    if classes == 2:
        np.testing.assert_allclose(expit(values[:, 0]), expected[:, 1], rtol=1e-12)
        assert lens.lowering.stripped == "logistic"
    else:
        np.testing.assert_allclose(softmax(values, axis=1), expected, rtol=1e-12)
        assert lens.lowering.stripped == "softmax"


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False), MinMaxScaler(),
        MinMaxScaler((-1, 1), clip=True), MaxAbsScaler(), RobustScaler(), RobustScaler(with_centering=False),
        RobustScaler(with_scaling=False), "passthrough",
    ],
    ids=str,
)  # fmt: skip
def test_pipelines(scaler):
    model = fitted(make_pipeline(scaler, regressor()))
    points = np.concatenate([X, 3 * X])
    np.testing.assert_allclose(Lens(model)(points)[:, 0], model.predict(points), rtol=1e-10, atol=1e-10)


def test_scalers_in_a_row():
    model = fitted(make_pipeline(MinMaxScaler(), StandardScaler(), regressor()))
    lens = Lens(model)
    np.testing.assert_allclose(lens(X)[:, 0], model.predict(X), rtol=1e-10, atol=1e-10)
    assert lens.lowering.steps[0] == ("minmaxscaler (MinMaxScaler)",)


def test_other_models_are_refused():
    with pytest.raises(UnsupportedLayerError, match=r"ends in LinearRegression.*MLPClassifier and MLPRegressor"):
        Lens(fitted(LinearRegression()))
    with pytest.raises(UnsupportedLayerError, match=r"MLPRegressor has the activation tanh, which is not piecewise"):
        Lens(fitted(regressor(activation="tanh")))
    with pytest.raises(UnsupportedLayerError, match=r"step pca \(PCA\) is not read"):
        Lens(fitted(make_pipeline(PCA(), regressor())))
    with pytest.raises(InvalidNetworkError, match=r"MLPRegressor has no weights yet. Fit it first"):
        Lens(regressor())
    with pytest.raises(OptionError, match="`input_shape` has no use"):
        Lens(fitted(regressor()), input_shape=(3,))
