"""Operations that move values around, against torch itself."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812

from torch_models import Does, assert_same  # noqa: E402


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.view(x.size(0), -1),
        lambda x: x.reshape(-1, 12),
        lambda x: x[:, 1:, None, [0, 2]],
        lambda x: x[:, ::2, torch.tensor([0, 0, 1])],
        lambda x: x[..., 1],
        lambda x: x.permute(0, 2, 1).contiguous(),
        lambda x: x.transpose(1, 2).flatten(1).unsqueeze(1).squeeze(),
        lambda x: torch.cat(x.chunk(2, 2)[::-1], 1),
        lambda x: torch.cat([x, torch.ones(1, 3, 1).expand(len(x), -1, -1).double()], 2),
        lambda x: torch.stack([x, 2 * x], 1).sum(1),
        lambda x: sum(part for part in x.unbind(1)),
        lambda x: x.split([1, 2], 1)[1].roll(1, 2).flip(1),
        lambda x: x.narrow(1, 1, 2).repeat(1, 2, 1).movedim(1, 2),
        lambda x: x.expand(len(x), 3, 4) + x[:, :1],
        lambda x: torch.tril(x) - x.triu(1),
        lambda x: torch.where(torch.tensor([True, False, True, False]), x, 1 - x),
        lambda x: x.masked_fill(torch.tensor([True, False, False, False]), 7.0),
        lambda x: F.pad(x, (1, 0), value=2.0),
    ],
)
def test_functions_and_methods(function):
    assert_same(Does(function), (3, 4))
