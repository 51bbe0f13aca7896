from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from explored import payloads
from polytope_lens import Box
from polytope_lens.errors import DimensionError, DomainError
from polytope_lens.render.explorer.explorer import Explorer
from polytope_lens.render.explorer.payload import unpacked
from polytope_lens.training.live_page import LivePage
from polytope_lens.training.recorded_domain import SQUARE
from recordings import learnt, random_network


def asked(address):
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.read().decode("utf-8")


def asked_until(address, is_enough):
    """What is there as soon as it is enough."""
    until = time.monotonic() + 20
    while not is_enough(found := asked(address)):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


@pytest.fixture
def page():
    made = LivePage(SQUARE, learnt().samples)
    yield made
    if made._threads[0].is_alive():
        made.close()


def status(address, path=None, host=None):
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("GET", parts.path if path is None else path, headers={"Host": host or parts.netloc})
    return connection.getresponse().status


def test_steps_come_as_they_are_added(page):
    assert "No step yet" in asked(page.address)
    page.add(0, 0, None)  # weights that were not finite
    page.add(1, 1, random_network())
    html = asked_until(page.address, lambda text: "payload" in text)
    (told, arrays), (about, _) = payloads(Explorer(html, ()))
    assert (told["live"], told["steps"], about["python"][:25]) == (True, [1], "Lens(recording.networks[1")
    assert len(arrays["data"]) == len(learnt().samples.train_points)
    page.add(20, 2, random_network(0.1))
    answer = json.loads(asked_until(f"{page.address}since/1", lambda text: "step" in text))
    assert [frame["step"] for frame in answer["frames"]] == [20]
    assert unpacked(answer["frames"][0]["text"])[0]["regions"] > 1
    assert answer["frames"][0]["ranges"].keys() == told["ranges"].keys()
    assert not answer["done"]


def test_only_who_knows_the_address_is_answered(page):
    page.add(0, 0, random_network())
    asked_until(page.address, lambda text: "payload" in text)
    assert page.address.startswith("http://127.0.0.1:")
    assert status(page.address) == 200
    token = urlsplit(page.address).path
    for path in ("/", token[:-3] + "ab/", f"{token}since/x", f"{token}since/-1", f"{token}../", "/etc/passwd"):
        assert status(page.address, path) == 404
    assert status(page.address, host="evil.example") == 404


def test_nothing_is_left_behind(page):
    before = set(threading.enumerate())
    other = LivePage(SQUARE)
    other.add(5, 0, random_network())
    other.close()
    assert set(threading.enumerate()) <= before
    with pytest.raises(urllib.error.URLError):
        asked(other.address)
    assert len(other._frames) == 1  # the last step is shown


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(DomainError, match=r"leaves 4 free\. Choose a box that fixes the others"):
        LivePage(Box([0] * 4, [1] * 4))
    page = LivePage(SQUARE)
    page.add(0, 0, random_network(inputs=3))
    with pytest.raises(DimensionError):
        page.close()
    with pytest.raises(urllib.error.URLError):
        asked(page.address)


def test_a_recorder_shows_what_it_keeps(capsys, seeded_torch):
    torch = pytest.importorskip("torch")
    from polytope_lens.training import Recorder

    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    recorder = Recorder(model, live=True, domain=SQUARE)
    assert recorder.address is None
    assert recorder._repr_html_() is None
    with recorder:
        address = recorder.address
        assert f"shown at {address}" in capsys.readouterr().err
        assert f'src="{address}"' in recorder._repr_html_()
        asked_until(address, lambda text: "payload" in text)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
        asked_until(f"{address}since/1", lambda text: '"step": 3' in text)
    assert recorder.address is None
    with pytest.raises(urllib.error.URLError):
        asked(address)


def test_a_notebook_shows_the_page_below_the_cell(monkeypatch, capsys, seeded_torch):
    torch = pytest.importorskip("torch")
    from polytope_lens.training import Recorder, recorder

    shown = []
    monkeypatch.setattr(recorder, "in_notebook", lambda: True)
    monkeypatch.setattr(recorder, "import_module", lambda name: SimpleNamespace(display=shown.append))
    with Recorder(torch.nn.Linear(2, 1), live=True, domain=SQUARE) as live:
        assert shown == [live]
    assert capsys.readouterr().err == ""
