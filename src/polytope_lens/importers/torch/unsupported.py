"""Operations and modules of torch that no network of polytopes has, by the reason for which they are refused."""

from __future__ import annotations

from polytope_lens.errors import require
from polytope_lens.importers.registry import words

require("torch", extra="torch", purpose="reading a PyTorch model")

from torch import nn  # noqa: E402

SUPPORTED_TEXT = (
    "Linear, convolutions, pooling, batch normalisation and dropout in eval mode, ReLU and its relatives, max, min, "
    "clamp, abs, sums, means, and whatever moves values around"
)
NO_POLYTOPES = "which is not piecewise affine, so the network has no polytopes"
SMOOTH_MODULES = (
    # activations
    *(nn.CELU, nn.ELU, nn.GELU, nn.GLU, nn.Hardswish, nn.LogSigmoid, nn.LogSoftmax, nn.Mish, nn.SELU, nn.SiLU),
    *(nn.Sigmoid, nn.Softmax, nn.Softmax2d, nn.Softmin, nn.Softplus, nn.Softsign, nn.Tanh, nn.Tanhshrink),
    # normalisation by statistics of the input, products of inputs, attention, gates
    *(nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.LayerNorm, nn.LocalResponseNorm),
    *(nn.RMSNorm, nn.Bilinear, nn.MultiheadAttention, nn.Transformer, nn.TransformerEncoder, nn.TransformerDecoder),
    *(nn.TransformerEncoderLayer, nn.TransformerDecoderLayer, nn.LSTM, nn.LSTMCell, nn.GRU, nn.GRUCell, nn.RNN),
    *(nn.RNNCell, nn.CosineSimilarity, nn.PairwiseDistance),
)
SMOOTH = words(
    "gelu silu mish elu celu selu sigmoid tanh softplus hardswish log_sigmoid_forward log exp expm1 log1p sqrt rsqrt "
    "sin cos tan erf atan sinh cosh reciprocal pow prod std var var_mean linalg_vector_norm norm native_layer_norm "
    "native_group_norm glu _softmax _log_softmax _safe_softmax softmax log_softmax logsumexp cumprod square "
    "_native_multi_head_attention _scaled_dot_product_flash_attention_for_cpu _fused_rms_norm "
    "_scaled_dot_product_attention_math mkldnn_rnn_layer rnn_tanh lstm gru _trilinear _cdist_forward"
)
JUMPS = words(
    "gt lt ge le eq ne sign round floor ceil trunc heaviside frac remainder fmod floor_divide hardshrink bitwise_and "
    "logical_and logical_or logical_not isnan isfinite isinf nonzero argmax argmin argsort bucketize any all"
)
# What may stand at the very end, where it is left out (see `ends`), and what may still follow it there.
INCREASING = words("sigmoid tanh exp expm1 softplus erf atan sinh asinh elu celu log_sigmoid_forward")
SOFTMAXES = words("_softmax _log_softmax softmax log_softmax")
ENDS = INCREASING | SOFTMAXES | {"argmax"}
PICKS = words(
    "view _unsafe_view reshape _reshape_alias t transpose permute expand unsqueeze squeeze slice select split "
    "chunk split_with_sizes unbind narrow detach alias clone contiguous flip roll repeat index index_select "
    "gather take movedim repeat_interleave pixel_shuffle pixel_unshuffle channel_shuffle native_channel_shuffle "
    "diagonal unfold im2col reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d "
    "replication_pad2d replication_pad3d upsample_nearest1d upsample_nearest2d upsample_nearest3d "
    "_upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d tril triu rot90 lift_fresh"
)
KEEPING = PICKS | words("argmax log exp sigmoid tanh _to_copy to cat stack") | INCREASING
RANDOM_IN_TRAINING = words("bernoulli native_dropout rrelu rrelu_with_noise")
RANDOM = RANDOM_IN_TRAINING | words("rand_like randn_like normal uniform randint_like exponential")
EVAL = "Call model.eval() first"
