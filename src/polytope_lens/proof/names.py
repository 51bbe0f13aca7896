"""What halfspaces are called in a log: capital letters from the last one on, after small ones that count alphabets."""

from __future__ import annotations


def name(back: int) -> str:
    """What a halfspace is called that has so many after it.

    Examples
    --------
    >>> name(0), name(25), name(26), name(26 * 21)
    ('A', 'Z', 'gA', 'ggA')
    """
    alphabets, letter = divmod(back, 26)
    letters = chr(ord("A") + letter)
    while alphabets:
        alphabets, digit = divmod(alphabets - 1, 20)
        letters = chr(ord("g") + digit) + letters
    return letters
