"""Rhythms in what is measured at each step of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import detrend, lfilter

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints


LEAST = 16


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The strongest period of a series.

    Parameters
    ----------
    period : float
        In steps, 2 at least.
    share : float
        Of the variance, after a straight line is taken away, that waves within 10 percent of this frequency carry.
    p : float
        How often noise that only remembers the step before stands out as far at any frequency.
    swing : float
        Standard deviation over mean of the series, after the line is taken away.
    """

    period: float
    share: float
    p: float
    swing: float


def autocorrelation(series: ArrayLike, lags: int) -> Floats:
    """Correlation of a series with itself 0 ... `lags` steps later, (lags + 1,), after a straight line is taken away.

    Examples
    --------
    >>> autocorrelation([1, 2, 1, 2] * 25, 2).round(1)
    array([ 1., -1.,  1.])
    """
    values = _series(series)
    if not 0 <= lags < len(values):
        raise OptionError(f"a series of {len(values)} values has lags from 0 to {len(values) - 1}, not {lags}.")
    flat = detrend(values)
    total = flat @ flat
    products = np.array([flat[: len(flat) - lag] @ flat[lag:] for lag in range(lags + 1)])
    return products / total if total else np.zeros(lags + 1)


def rhythm(series: ArrayLike, *, draws: int = 199, seed: int = 0) -> Rhythm:
    """Find the strongest period of a series, and ask whether it is more than noise with a memory.

    Parameters
    ----------
    series : (n,) array-like
        One value for each step, 16 at least.
    draws : int
        Of the null hypothesis, a first-order autoregressive process with the autocorrelation of the series at lag 1:
        what changes slowly wanders, and wandering has long waves but no period of its own.
    seed : int

    Raises
    ------
    OptionError
        A series that is too short or constant.

    Notes
    -----
    The periodogram is divided by the spectrum of the process, as Torrence and Compo 1998, *A practical guide to wavelet
    analysis*, section 4a, do; the statistic is its maximum, and each draw gets a spectrum of its own. Periods above a
    fourth of the length are left out. A Monte Carlo test: p is at least 1 / (1 + draws).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = rhythm(np.sin(2 * np.pi * np.arange(200) / 9) + 0.5 * rng.normal(size=200) + 3)
    >>> round(found.period, 1), found.p
    (9.1, 0.005)
    """
    values = _series(series)
    draws = validate.count(draws, name="`draws`")
    flat = detrend(values)
    if not flat.std() > 1e-12 * np.abs(values).max():
        raise OptionError("a series without any change has no rhythm.")
    rng = np.random.default_rng(seed)
    memory = float(np.clip(flat[:-1] @ flat[1:] / (flat @ flat), -0.999, 0.999))
    frequency, power, peak = _spectrum(flat)
    strongest = frequency[peak.argmax()]
    near = np.abs(frequency / strongest - 1) <= 0.1
    reached = 1
    for _ in range(draws):
        # A run-in, so that the process has forgotten its start.
        noise = lfilter([1], [1, -memory], rng.normal(size=3 * len(flat)))[-len(flat) :]
        reached += int(_spectrum(detrend(noise))[2].max() >= peak.max())
    share = float(power[near].sum() / power.sum())
    return Rhythm(float(1 / strongest), share, reached / (1 + draws), float(flat.std() / values.mean()))


def bursts(series: ArrayLike, *, factor: float = 2.0, window: int = 201, apart: int = 30) -> Ints:
    """Where a series leaves its usual size for a while: the index at which each of these times begins.

    Parameters
    ----------
    series : (n,) array-like
        One value for each step, 16 at least.
    factor : float
        How many times its usual size, the running median, the series has to exceed.
    window : int
        Number of values of that median.
    apart : int
        What exceeds it again within so many steps belongs to the same burst.

    Examples
    --------
    >>> series = np.ones(100)
    >>> series[[20, 24, 70]] = 5
    >>> bursts(series)
    array([20, 70])
    """
    values = _series(series)
    window, apart = validate.count(window, name="`window`"), validate.count(apart, name="`apart`")
    usual = median_filter(values, min(window, 2 * len(values) - 1), mode="reflect")
    large = np.flatnonzero(values > validate.number(factor, name="`factor`", positive=True) * usual)
    return large[np.diff(large, prepend=-apart - 1) > apart]


def _spectrum(flat: Floats) -> tuple[Floats, Floats, Floats]:
    """Frequencies of periods up to a fourth of the length; their power; the same relative to red noise."""
    n = len(flat)
    frequency = np.arange(1, n // 2 + 1) / n
    power = np.abs(np.fft.rfft(flat)[1:]) ** 2
    memory = np.clip(flat[:-1] @ flat[1:] / (flat @ flat), -0.999, 0.999)
    red = (1 - memory**2) / (1 + memory**2 - 2 * memory * np.cos(2 * np.pi * frequency))
    kept = frequency >= 4 / n
    return frequency[kept], power[kept], (power / red)[kept] / (flat @ flat)


def _series(series: ArrayLike) -> Floats:
    values = validate.float_array(series, name="a series", ndim=1)
    if len(values) < LEAST:
        raise OptionError(f"a rhythm needs a series of at least {LEAST} values, but received {len(values)}.")
    return values
