"""Films of recordings: ages, workers, files, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from PIL import Image

from polytope_lens.domain import Box
from polytope_lens.drawing.palettes import class_hues
from polytope_lens.engines.enumerate import partition
from polytope_lens.errors import DimensionError, FilmError, OptionError
from polytope_lens.network.pattern import unpack
from polytope_lens.render import encoders
from polytope_lens.training import Recording, Samples, measure
from polytope_lens.training.films.film import PANELS, film
from recordings import SIZE, frames_of, learnt, panel, random_network, recorded
from refusals import NO_COUNTS, NO_NAMES, NO_NUMBERS, NO_OBJECTS, NO_PATHS, refuses


def test_polygons_of_frames_cover_the_domain():
    recording = recorded(4)
    for _, network in recording:
        found = partition(network, recording.domain)
        assert shapely.coverage_is_valid(found.polygons())
        assert shapely.area(found.polygons()).sum() == pytest.approx(4)


def test_ages_count_steps_with_the_same_pattern():
    from polytope_lens.training.films.film import Survey, _births

    recording = recorded(5, diverged=[3])
    patterns = [None if n is None else partition(n, recording.domain).packed_patterns for n in recording.networks]
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

    recording = learnt(4)
    alone = frames_of(tmp_path, recording, size=(640, 240))
    monkeypatch.setattr(workers.in_order, "__kwdefaults__", {"progress": None, "worth": -1.0})
    shared = frames_of(tmp_path, recording, size=(640, 240), workers=2)
    assert len(alone) == 4
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
        (learnt(), {"output": 1}, OptionError, "`output` is 1, but the network has 1 output, counted from 0"),
        (learnt(), {"workers": 0}, OptionError, "`workers` should be"),
        (recorded(), {"panels": ["error"]}, OptionError, "need a target image"),
        (recorded(0), {}, OptionError, "at least one recorded step"),
        (learnt(), {"measures": measure(learnt(2), progress=False)}, OptionError, "those of this recording, of steps"),
        (space, {}, DimensionError, "networks with 2 inputs, but these have 3"),
    ):
        with pytest.raises(error, match=told):
            film(recording, path, progress=False, **options)
    assert not list(tmp_path.iterdir())

    def making(**options):
        film(learnt(), **{"path": path, "progress": False, **options})

    refuses(making, "path", NO_PATHS, "the film should be a path")
    refuses(making, "fps", NO_NUMBERS, "fps should be")
    refuses(making, "output", [v for v in NO_COUNTS if v is not NO_COUNTS[2]], r"`output` (is|should be)")
    refuses(making, "workers", NO_COUNTS, "`workers` should be a whole number")
    refuses(making, "panels", NO_NAMES[1:], "a panel should be one of|`panels` should be|one to 4 different panels")
    refuses(making, "size", (*NO_NAMES, (3, 4, 5), (400, 2.5), (0, 9)), "the size of a frame|a side of a frame")
    refuses(making, "measures", NO_OBJECTS, "`measures` should be a Measures")
    assert not list(tmp_path.iterdir())


def test_own_data_is_shown_and_fills_the_frame(tmp_path):
    """Without a target image, training points are drawn on top of the class, and little of the frame is left blank."""
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    samples = Samples(points, np.arange(50) % 3)
    own = recorded(2, outputs=3, samples=samples)
    frames = frames_of(tmp_path, own, size=(1280, 480))
    pair = ("partition", "value")
    assert (frames_of(tmp_path, own, size=(1280, 480), panels=pair)[1] == frames[1]).all()
    shown = [panel(frame, 1, own, pair, curves=True, size=(1280, 480)) for frame in frames]
    bare = replace(own, samples=None, target=np.zeros((4, 4), dtype=int))
    last = frames_of(tmp_path, bare, size=(1280, 480), panels=pair)[1]
    without = panel(last, 1, bare, pair, curves=True, size=(1280, 480))
    changed = (shown[1] != without).any(axis=2)
    assert 0.005 < changed.mean() < 0.1
    up, across = changed.shape
    places = np.column_stack([(points[:, 0] + 1) / 2 * across, (1 - points[:, 1]) / 2 * up]).astype(int)
    for class_, (x, y) in zip(samples.train_values, places, strict=True):
        if 2 < x < across - 2 and 2 < y < up - 2:
            assert np.abs(shown[1][y, x] - 255 * class_hues(3)[class_]).max() < 60
    for panels in (None, "partition"):
        frame = frames_of(tmp_path, own, size=(1280, 480), panels=panels)[-1]
        blank = (frame == 255).all(axis=(0, 2))
        runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], blank, [0]]))))[::2]
        assert runs.max() < 60


def test_points_have_one_place(tmp_path):
    """A panel of their own, or that of the target, is enough."""
    own = recorded(1, samples=Samples([[0.5, 0.5]], [0.5]))
    colored = {}
    for panels in (("value",), ("value", "target")):
        shown = panel(frames_of(tmp_path, own, panels=panels, curves=False)[0], 0, own, panels)
        colored[len(panels)] = int((np.ptp(shown, axis=2) > 60).sum())
    assert colored[2] == 0 < colored[1] < 100
