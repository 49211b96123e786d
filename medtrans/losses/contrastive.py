"""PatchNCE: contrastive loss between patches of one image.

    - log  exp(q_s · k_s / τ) / Σ_s' exp(q_s · k_s' / τ)        q, k of length 1, averaged over the patches s

van den Oord et al. 2018, https://arxiv.org/abs/1807.03748 (InfoNCE); Park et al. (CUT), ECCV 2020,
https://arxiv.org/abs/2007.15651, section 3
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import normalize


def patch_nce(queries: Tensor, keys: Tensor, temperature: float = 0.07) -> Tensor:
    """Both (batch, patches, features), not normalised. No gradient flows to `keys`.

    Patches are compared within one item only.
    """
    q, k = normalize(queries, dim=-1), normalize(keys.detach(), dim=-1)
    similarity = q @ k.transpose(1, 2) / temperature
    return (similarity.logsumexp(dim=-1) - similarity.diagonal(dim1=1, dim2=2)).mean()
