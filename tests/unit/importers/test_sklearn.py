"""scikit-learn's perceptrons against their own answers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.special import expit, softmax

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import VotingRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

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
        assert "the output is the logit of class 1, 0 where both are equally probable" in repr(lens)
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


def columns(*parts, **options):
    return ColumnTransformer([(f"part{i}", *part) for i, part in enumerate(parts)], **options)


TRANSFORMERS = {
    "pca": PCA(2),
    "whitened": PCA(whiten=True),
    "svd": TruncatedSVD(2),
    "selected": SelectKBest(f_regression, k=2),
    "columns": columns((StandardScaler(), [0, 2]), (MinMaxScaler(), [1])),
    "turned columns": columns((StandardScaler(), [2]), ("passthrough", [0]), ("drop", [1])),
    "a slice and the rest": columns((PCA(1), slice(0, 2)), remainder="passthrough"),
    "a mask and the rest scaled": columns((RobustScaler(), [False, True, False]), remainder=StandardScaler()),
    "weights": columns((StandardScaler(), [0]), (MaxAbsScaler(), [1, 2]), transformer_weights={"part1": 0.5}),
    "chosen by a function": columns((StandardScaler(), lambda X: [1, 0])),
    "negative": columns((StandardScaler(), [-1, 0])),
    "nothing": columns((StandardScaler(), []), (MinMaxScaler(), [0, 1, 2])),
    "pipeline in columns": columns((make_pipeline(StandardScaler(), PCA(1)), [0, 1]), ("passthrough", [2])),
    "union": FeatureUnion([("a", PCA(1)), ("b", StandardScaler())], transformer_weights={"a": 2.0}),
}


@pytest.mark.parametrize("case", list(TRANSFORMERS))
def test_affine_transformers(case):
    model = fitted(make_pipeline(clone(TRANSFORMERS[case]), regressor()))
    points = np.concatenate([X, 3 * X])
    np.testing.assert_allclose(Lens(model)(points)[:, 0], model.predict(points), rtol=1e-9, atol=1e-9)


def test_columns_by_name():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    for chosen in (["c", "a"], slice("a", "b"), slice(None, "b"), ["b"]):
        transformer = columns((StandardScaler(), chosen), remainder="passthrough")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = make_pipeline(transformer, regressor()).fit(frame, Y)
        np.testing.assert_allclose(Lens(model)(X)[:, 0], model.predict(frame), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("weights", [None, [1, 2], [0.3, 0.1]])
def test_votes_are_averages(weights):
    parts = [("plain", regressor()), ("scaled", make_pipeline(StandardScaler(), regressor(alpha=1.0)))]
    for model in (
        VotingRegressor(parts, weights=weights),
        make_pipeline(PCA(2), VotingRegressor(parts, weights=weights)),
    ):
        np.testing.assert_allclose(Lens(fitted(model))(X)[:, 0], model.predict(X), rtol=1e-9, atol=1e-9)
    fitted(dropped := VotingRegressor([*parts, ("none", "drop")], weights=None if weights is None else [*weights, 9]))
    np.testing.assert_allclose(Lens(dropped)(X)[:, 0], dropped.predict(X), rtol=1e-9, atol=1e-9)


def test_what_a_search_found():
    model = fitted(
        GridSearchCV(make_pipeline(StandardScaler(), regressor()), {"mlpregressor__alpha": [0.1, 1.0]}, cv=2)
    )
    np.testing.assert_allclose(Lens(model)(X)[:, 0], model.predict(X), rtol=1e-10, atol=1e-10)


def test_other_models_are_refused():
    with pytest.raises(UnsupportedLayerError, match=r"ends in LinearRegression.*MLPClassifier and MLPRegressor"):
        Lens(fitted(LinearRegression()))
    with pytest.raises(UnsupportedLayerError, match=r"MLPRegressor has the activation tanh, which is not piecewise"):
        Lens(fitted(regressor(activation="tanh")))
    for step in (Normalizer(), PolynomialFeatures(2)):
        with pytest.raises(UnsupportedLayerError, match=rf"step .* \({type(step).__name__}\) is not read"):
            Lens(fitted(make_pipeline(step, regressor())))
    with pytest.raises(UnsupportedLayerError, match=r"b is LinearRegression, which is not read"):
        Lens(fitted(VotingRegressor([("a", regressor()), ("b", LinearRegression())])))
    with pytest.raises(InvalidNetworkError, match=r"GridSearchCV has no best_estimator_ yet"):
        Lens(GridSearchCV(regressor(), {"alpha": [0.1]}))
    with pytest.raises(InvalidNetworkError, match=r"VotingRegressor has no weights yet"):
        Lens(VotingRegressor([("a", regressor())]))
    with pytest.raises(InvalidNetworkError, match=r"MLPRegressor has no weights yet. Fit it first"):
        Lens(regressor())
    with pytest.raises(OptionError, match="`input_shape` has no use"):
        Lens(fitted(regressor()), input_shape=(3,))
