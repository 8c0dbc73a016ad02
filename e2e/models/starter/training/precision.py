"""
Owns with what numbers is calculated: 16 bits where the processor multiplies them, else 32. Without that, 16 bits take
seven times as long (2026-12-01, AVX2 only: 11 against 74 GFLOPS).
"""

import torch

HAS_16_BITS = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def mixed():
    return torch.autocast("cpu", torch.bfloat16, enabled=HAS_16_BITS)


def _orthogonal(gradient, coefficients, steps, least):
    """The quintic Newton-Schulz iteration of Muon, in 32 bits."""
    a, b, c = coefficients
    is_tall = gradient.shape[0] > gradient.shape[1]
    x = gradient.T if is_tall else gradient
    x = x / x.norm().clamp(min=least)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if is_tall else x


# Its optimizer has 16 bits written into it.
if not HAS_16_BITS:
    torch.optim._muon._zeropower_via_newtonschulz = _orthogonal
