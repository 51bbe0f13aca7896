"""Colours for layers and classes. Needs no drawing library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from polytope_lens._types import Floats


# Okabe and Ito's colours, told apart by all eyes, and a grey.
OKABE_ITO = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (240, 228, 66), (0, 114, 178),
             (213, 94, 0), (102, 102, 102))  # fmt: skip


def layer_colors(n_layers: int) -> Floats:
    """Colour for each layer, (n_layers, 3) sRGB: orange, through red and magenta, to blue.

    All are bright enough to be seen on black and dark enough for white. Lightness and the yellow-blue axis fall
    together, so the order survives colour blindness.
    """
    t = np.linspace(0, 1, n_layers) if n_layers > 1 else np.zeros(n_layers)
    return srgb_from_oklch(0.78 - 0.22 * t, 0.17, np.deg2rad(70 - 170 * t))


def class_hues(n: int) -> Floats:
    """Colour for each of n classes, (n, 3) sRGB: told apart by all eyes if there are at most eight."""
    if n <= len(OKABE_ITO):
        return np.array(OKABE_ITO[:n], dtype=np.float64).reshape(n, 3) / 255
    k = np.arange(n)
    return srgb_from_oklch(np.where(k % 2, 0.62, 0.76), 0.13, 2 * np.pi * k / n)


def class_colors(n: int) -> Floats:
    """The same so pale that lines and dots of any colour are seen on them."""
    return np.asarray(0.62 + 0.38 * class_hues(n))


def srgb_from_oklch(lightness: Floats, chroma: float, hue: Floats) -> Floats:
    """Colours of the perceptual space OKLCH (Ottosson 2020), (n,) each, as (n, 3) sRGB clipped to [0, 1]."""
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    cone = np.stack(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ],
        axis=1,
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip(cone**3 @ to_linear.T, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))
