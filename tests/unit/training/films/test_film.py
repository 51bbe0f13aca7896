"""Films against the network evaluated at every pixel, and read back from their files."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from PIL import Image

from polytope_lens.domain import Box
from polytope_lens.engines.enumerate import partition
from polytope_lens.errors import DimensionError, FilmError, OptionError
from polytope_lens.experiments import pixel_coordinates, ring
from polytope_lens.network import network as net
from polytope_lens.network.pattern import unpack
from polytope_lens.render import encoders
from polytope_lens.training import Recording, Samples, measure
from polytope_lens.training.films.film import PANELS, film
from polytope_lens.training.films.layout import layout

SIZE = (400, 300)


POINTS = pixel_coordinates(30)


def random_network(k=0.0, outputs=1, inputs=2, widths=(8, 7)):
    """A path of networks: near numbers, near networks."""
    first, second = np.random.default_rng(0), np.random.default_rng(1)
    sizes = [inputs, *widths, outputs]
    weights, biases = [], []
    for m, n in pairwise(sizes):
        weights.append((first.normal(size=(n, m)) + k * second.normal(size=(n, m))) / np.sqrt(m))
        biases.append(0.3 * first.normal(size=n))
    if inputs == 2:  # so that each output is the greatest somewhere
        biases[-1] = 0.5 - net.evaluate(net.from_arrays(weights, [*biases[:-1], np.zeros(outputs)]), POINTS).mean(
            axis=0
        )
    return net.from_arrays(weights, biases)


def recorded(n=3, *, diverged=(), outputs=1, **options):
    networks = [None if k in diverged else random_network(0.05 * k, outputs) for k in range(n)]
    return Recording(np.arange(n) * 10, tuple(networks), **options)


def learnt(n=3, **options):
    target = ring(30)
    samples = Samples(POINTS[::9], target.ravel()[::9], POINTS[4::50], target.ravel()[4::50])
    return recorded(n, samples=samples, target=target, **options)


def labelled(n=2):
    target = np.add.outer(np.arange(30) // 10, np.arange(30) // 10) % 3
    samples = Samples(POINTS[::9], target.ravel()[::9], POINTS[4::50], target.ravel()[4::50])
    return recorded(n, outputs=3, samples=samples, target=target)


def frames_of(tmp_path, recording, **options):
    path = tmp_path / "film.webp"
    film(recording, path, progress=False, **{"workers": 1, "size": SIZE, **options})
    with Image.open(path) as image:
        frames = []
        for k in range(image.n_frames):
            image.seek(k)
            frames.append(np.asarray(image.convert("RGB")).copy())
    return frames


def panel(frame, k, recording, names, *, curves=False, size=SIZE):
    sides = tuple((recording.domain.upper - recording.domain.lower).tolist())
    left, bottom, across, up = layout(len(names), size, sides, curves).panels[k]
    top = len(frame) - bottom - up
    return frame[top : top + up, left : left + across].astype(int)


def subpixels(domain, across, up):
    """The 2 x 2 points of each pixel, rows from the top, (2 up * 2 across, 2)."""
    x, y = (
        domain.lower[k] + (np.arange(2 * n) + 0.5) * ((domain.upper[k] - domain.lower[k]) / (2 * n))
        for k, n in enumerate((across, up))
    )
    return np.stack(np.meshgrid(x, y[::-1]), axis=2).reshape(-1, 2)


def mean_of_fours(values):
    return (values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]) / 4


def test_the_value_is_that_of_the_network_at_every_pixel(tmp_path):
    recording = learnt()
    names = ("value", "error")
    for frame, (_, network) in zip(frames_of(tmp_path, recording, panels=names, curves=False), recording, strict=True):
        shown = panel(frame, 0, recording, names)
        up, across = shown.shape[:2]
        values = net.evaluate(network, subpixels(recording.domain, across, up))[:, 0].reshape(2 * up, 2 * across)
        dense = mean_of_fours(np.rint(255 * np.clip(values, 0, 1)))
        assert dense.std() > 10
        assert np.abs(shown - dense[..., None]).max() <= 1


def test_without_a_target_the_scale_is_that_of_all_steps(tmp_path):
    recording = recorded(domain=Box([-2, -1], [1, 0]))
    frames = frames_of(tmp_path, recording, panels=["value"])
    points = [partition(network, recording.domain).mesh.points for network in recording.networks]
    corners = [net.evaluate(network, p) for network, p in zip(recording.networks, points, strict=True)]
    low, high = min(c.min() for c in corners), max(c.max() for c in corners)
    for frame, (_, network) in zip(frames, recording, strict=True):
        shown = panel(frame, 0, recording, ["value"], curves=True)
        up, across = shown.shape[:2]
        assert across / up == pytest.approx(3, rel=0.05)
        values = net.evaluate(network, subpixels(recording.domain, across, up))[:, 0].reshape(2 * up, 2 * across)
        dense = mean_of_fours(np.rint(255 * (values - low) / (high - low)))
        assert np.abs(shown - dense[..., None]).max() <= 1


def test_patterns_slopes_and_layers_have_the_region_s_color(tmp_path):
    from polytope_lens.render.scene import pattern_colors

    recording = learnt(1)
    names = ("slope", "pattern")
    found = partition(recording.networks[0], recording.domain)
    (frame,) = frames_of(tmp_path, recording, panels=names, curves=False, size=(800, 460))
    shown = panel(frame, 1, recording, names, size=(800, 460))
    up, across = shown.shape[:2]
    colors = 255 * pattern_colors(found)
    inner = [k for k, ball in enumerate(found.chebyshev_balls().radii) if ball > 0.05]
    assert len(inner) > 5
    for k in inner:
        x, y = found.chebyshev_balls().centers[k]
        pixel = shown[int((1 - y) / 2 * up), int((x + 1) / 2 * across)]
        assert np.abs(pixel - colors[k]).max() <= 1
    steepness = panel(frame, 0, recording, names, size=(800, 460)).sum(axis=2)
    slopes = np.linalg.norm(found.maps[:, 0, :2], axis=1)
    darkness = []
    for k in inner:
        x, y = found.chebyshev_balls().centers[k]
        darkness.append(-steepness[int((1 - y) / 2 * up), int((x + 1) / 2 * across)])
    assert np.corrcoef(np.argsort(np.argsort(slopes[inner])), np.argsort(np.argsort(darkness)))[0, 1] > 0.99


def test_categories_show_the_greatest_output(tmp_path):
    recording = labelled()
    names = ("value", "target", "error")
    size = (700, 300)
    for frame, (_, network) in zip(
        frames_of(tmp_path, recording, panels=names, curves=False, size=size), recording, strict=True
    ):
        shown = panel(frame, 0, recording, names, size=size)
        up, across = shown.shape[:2]
        classes = net.evaluate(network, subpixels(recording.domain, across, up)).argmax(axis=1)
        classes = classes.reshape(2 * up, 2 * across)
        pure = [mean_of_fours((classes == k).astype(float)) == 1 for k in range(3)]
        drawn = [shown[mask].reshape(-1, 3) for mask in pure if mask.any()]
        assert len(drawn) > 1
        for colors in drawn:
            assert (colors == colors[0]).all()
        assert len({tuple(colors[0]) for colors in drawn}) == len(drawn)
        # A pixel is right where the class is that of the target's pixel.
        points = subpixels(recording.domain, across, up)
        column, row = ((points[:, 0] + 1) * 15).astype(int), ((1 - points[:, 1]) * 15).astype(int)
        wrong = (classes.ravel() != recording.target[row, column]).reshape(classes.shape)
        errors = panel(frame, 2, recording, names, size=size)
        assert (errors[mean_of_fours(wrong.astype(float)) == 1] == (213, 94, 0)).all()
        assert (errors[mean_of_fours(wrong.astype(float)) == 0] == 222).all()


def test_polygons_of_frames_cover_the_domain():
    recording = recorded(4)
    for _, network in recording:
        found = partition(network, recording.domain)
        assert shapely.coverage_is_valid(found.polygons())
        assert shapely.area(found.polygons()).sum() == pytest.approx(4)


def test_ages_count_steps_with_the_same_pattern():
    from polytope_lens.training.films.film import Survey, _births

    recording = recorded(5, diverged=[3])
    patterns = [None if n is None else partition(n, recording.domain).patterns for n in recording.networks]
    births = _births([Survey(None, None, None, p) for p in patterns])
    lived: list[dict[bytes, int]] = []
    for k, words in enumerate(patterns):
        if words is None:
            assert births[k] is None
            lived.append({})
            continue
        bits = [row.tobytes() for row in unpack(words, 15)]
        lived.append({row: lived[-1].get(row, k) if lived else k for row in bits})
        assert births[k].tolist() == [lived[-1][row] for row in bits]
    assert len(set(births[2].tolist())) == 3
    assert set(births[4].tolist()) == {4}


@pytest.mark.parametrize("names", [PANELS[:4], PANELS[4:]])
def test_a_diverged_step_is_told_and_the_film_goes_on(tmp_path, names):
    recording = learnt(4, diverged=[1])
    frames = frames_of(tmp_path, recording, panels=names, size=(900, 480))
    assert len(frames) == 4
    for k, name in enumerate(names):
        shown = panel(frames[1], k, recording, names, curves=True, size=(900, 480))
        if name == "target":
            assert (shown == panel(frames[0], k, recording, names, curves=True, size=(900, 480))).all()
        else:
            assert (shown[:20] == 229).all()
            assert shown.min() < 100  # the words
            assert (panel(frames[2], k, recording, names, curves=True, size=(900, 480)) != shown).any()


def test_a_recording_of_nothing_but_diverged_steps(tmp_path):
    frames = frames_of(tmp_path, recorded(2, diverged=[0, 1]), panels=["partition"])
    assert len(frames) == 2


def test_curves_stop_at_the_step(tmp_path):
    recording = learnt(3)
    frames = frames_of(tmp_path, recording, size=(1280, 480))
    left = layout(3, (1280, 480), (2.0, 2.0), True).curves[0][0]
    ink = [(frame[:, left + 2 :] < 250).any(axis=2) for frame in frames]
    assert [mask.sum() for mask in ink] == sorted(mask.sum() for mask in ink)
    assert ink[0].sum() < ink[1].sum() < ink[2].sum()


def test_what_was_measured_before_is_not_measured_again(tmp_path, monkeypatch):
    recording = learnt(3)
    measures = measure(recording, progress=False)
    told = frames_of(tmp_path, recording, size=(1280, 480))

    def refuse(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr("polytope_lens.training.films.film.measure_step", refuse)
    given = frames_of(tmp_path, recording, size=(1280, 480), measures=measures)
    for one, other in zip(told, given, strict=True):
        assert (one == other).all()


def test_frames_do_not_depend_on_the_workers(tmp_path, monkeypatch):
    from polytope_lens.training import workers

    recording = learnt(5)
    alone = frames_of(tmp_path, recording, size=(1280, 480))
    monkeypatch.setattr(workers.in_order, "__kwdefaults__", {"progress": None, "worth": -1.0})
    shared = frames_of(tmp_path, recording, size=(1280, 480), workers=2)
    assert len(alone) == 5
    for one, other in zip(alone, shared, strict=True):
        assert (one == other).all()


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".mp4"])
def test_files(tmp_path, suffix):
    path = tmp_path / f"film{suffix}"
    film(learnt(6), path, fps=20, size=(640, 240), progress=False)
    if suffix == ".mp4":
        av = pytest.importorskip("av")
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert (stream.frames, stream.average_rate) == (6, 20)
            assert [(f.width, f.height) for f in container.decode(stream)] == [(640, 240)] * 6
            assert float(stream.duration * stream.time_base) == pytest.approx(0.3)
    else:
        with Image.open(path) as image:
            assert (image.size, image.n_frames) == ((640, 240), 6)
            durations = []
            for k in range(6):
                image.seek(k)
                image.load()
                durations.append(image.info["duration"])
        assert sum(durations) == 300
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_failed_encoder_leaves_the_frames(tmp_path, monkeypatch):
    def refuse(*_):
        raise RuntimeError("no codec")

    monkeypatch.setattr(encoders, "_encoder", refuse)
    with pytest.raises(FilmError, match=r"no codec.*its 3 frames are in .*ring\.mp4\.frames"):
        film(learnt(3), tmp_path / "ring.mp4", size=SIZE, progress=False)
    assert [file.name for file in tmp_path.iterdir()] == ["ring.mp4.frames"]
    assert len(list((tmp_path / "ring.mp4.frames").iterdir())) == 3


def test_an_interrupted_film_leaves_nothing(tmp_path, monkeypatch):
    from polytope_lens.training.films.frames import Painter

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Painter, "draw", interrupt)
    with pytest.raises(KeyboardInterrupt):
        film(learnt(3), tmp_path / "ring.mp4", size=SIZE, progress=False)
    assert not list(tmp_path.iterdir())


def test_bad_films(tmp_path):
    path = tmp_path / "film.gif"
    space = Recording([0], (random_network(inputs=3),), Box([-1] * 3, [1] * 3))
    for recording, options, error, told in (
        (learnt(), {"panels": ["values"]}, OptionError, "a panel should be one of 'partition', 'value'"),
        (learnt(), {"panels": []}, OptionError, "one to 4 different panels"),
        (learnt(), {"panels": PANELS[:5]}, OptionError, "one to 4 different panels"),
        (learnt(), {"panels": ["value", "value"]}, OptionError, "one to 4 different panels"),
        (learnt(), {"size": (90, 90)}, OptionError, "90 x 90 pixels has no room for 3 panels and curves"),
        (learnt(), {"output": 1}, OptionError, "output should be 0"),
        (learnt(), {"workers": 0}, OptionError, "`workers` should be"),
        (recorded(), {"panels": ["error"]}, OptionError, "need a target image"),
        (recorded(0), {}, OptionError, "at least one recorded step"),
        (learnt(), {"measures": measure(learnt(2), progress=False)}, OptionError, "those of this recording, of steps"),
        (space, {}, DimensionError, "networks with 2 inputs, but these have 3"),
    ):
        with pytest.raises(error, match=told):
            film(recording, path, progress=False, **options)
    assert not list(tmp_path.iterdir())
