"""What the checker of proof logs says, and logs with a digest of their own."""

from __future__ import annotations

import hashlib

from polytope_lens.proof import checker, fast_checker


def verify(path, seconds=checker.SECONDS, jobs=1, piece=None):
    """What the checker says of a log; and the compiled one has to say the same."""
    plain = checker.verify(path, seconds, jobs, piece)
    compiled = fast_checker.verify(path, seconds, jobs, piece)
    by = {key: compiled.pop(key) for key in ("checker", "questions", "by_integers") if key in compiled}
    assert by["checker"] in ("compiled", "plain")
    if plain.get("reason", "").endswith("says other numbers"):
        compiled["line"] = plain["line"]  # the numbers are those of a piece, not of a line
    assert compiled == plain
    return plain


def proves(answer, total, per_layer):
    """Whether the answer is a proof of these counts, and says of which network and domain."""
    told = answer.keys() >= {"inputs", "widths", "network", "domain"}
    return answer["proved"] and told and (answer["total"], answer["per_layer"]) == (total, list(per_layer))


def sealed(lines):
    """The bytes of a log of these lines, with new digests, and with the sizes that pieces have in it."""
    body, outside, i = [], [], 0
    while i < len(lines):
        line = lines[i]
        i += 1
        text = b""
        if line.startswith("piece "):
            j = i
            while j < len(lines) and lines[j].split(" ")[0] not in ("to", "regions"):
                j += 1
            text = written(lines[i:j])
            counts = line.split(" ")[3:]
            line, i = " ".join(["piece", str(len(text)), hashlib.sha256(text).hexdigest(), *counts]), j
        outside.append(line)
        body += [written([line]), text]
    return b"".join([*body, b"sha256 ", hashlib.sha256(written(outside)).hexdigest().encode(), b"\n"])


def written(lines):
    """Lines as bytes."""
    return "".join(f"{line}\n" for line in lines).encode()


def answer(tmp_path, lines):
    """What the checker says of a log of these lines."""
    path = tmp_path / "changed.proof"
    path.write_bytes(sealed(lines))
    return verify(path)


def with_line(lines, i, *words):
    """The same lines with another one in place of line i."""
    return [*lines[:i], " ".join(map(str, words)), *lines[i + 1 :]]
