"""What the checker of proof logs says, and logs with a digest of their own."""

from __future__ import annotations

import hashlib


def proves(answer, total, per_layer):
    """Whether the answer is a proof of these counts, and says of which network and domain."""
    told = answer.keys() >= {"inputs", "widths", "network", "domain"}
    return answer["proved"] and told and (answer["total"], answer["per_layer"]) == (total, list(per_layer))


def sealed(lines):
    """The bytes of a log of these lines."""
    body = "".join(f"{line}\n" for line in lines).encode()
    return body + b"sha256 " + hashlib.sha256(body).hexdigest().encode() + b"\n"
