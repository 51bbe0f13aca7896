"""HTML is well formed whatever the words are, and words are escaped."""

from __future__ import annotations

from xml.etree import ElementTree

from polytope_lens.displays.markup import ask, beside, card, facts, marked, note, table

NASTY = "<script>alert('x')</script> & \"x1\""


def parsed(html):
    """The same as XML, which has fewer names for characters."""
    for name in ("minus", "le", "rarr"):
        html = html.replace(f"&{name};", "-")
    return ElementTree.fromstring(html)


def test_all_words_are_escaped():
    shown = card(NASTY, note(NASTY), table([NASTY], [[NASTY]], NASTY), facts([(NASTY, NASTY)]), ask(NASTY))
    tree = parsed(shown)
    assert not list(tree.iter("script"))
    assert len([node for node in tree.iter() if "<script>" in "".join(node.itertext())]) > 5


def test_numbers_stand_on_the_right_and_dots_have_colours():
    tree = parsed(table(["a", "b"], [["one", 2], ["three", 4]], colors=["#123456"]))
    sides = [node.get("style") for node in tree.iter("td")]
    assert sides == ["text-align: left", "text-align: right"] * 2
    assert [node.get("style") for node in tree.iter("span")] == ["color: #123456"]


def test_nothing_leaves_nothing():
    assert note("") == "" and beside("", "text") == "text"
    assert "<svg" in beside("<svg/>", "text")


def test_mathematics_is_marked():
    assert marked("-0.5 x0 - 2 x13 <= -3") == "&minus;0.5 x<sub>0</sub> &minus; 2 x<sub>13</sub> &le; &minus;3"
    assert marked("2 -> 3 -> 1, 1e-05") == "2 &rarr; 3 &rarr; 1, 1e-05"
    assert marked("raise `max_regions`") == "raise <code>max_regions</code>"
    assert marked("max1 ax1") == "max1 ax1"
