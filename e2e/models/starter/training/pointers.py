"""
Owns what the pointing heads bring, laid into a model by hand: the code of what they look at, where the circuit puts its
own finds. Where it was left to the answers to teach it, they were wrong twice as often as the looking (2026-11-25).
"""

import torch

import circuit
from teaching import NAME_POINTERS, POINTERS, rows_of

# Of the logit that a token gets at first from each head that looks at it.
TRUST = {**dict.fromkeys(POINTERS, 4.0), **dict.fromkeys(NAME_POINTERS, 6.0)}
LAST = max(layer for layer, _ in TRUST)


def lay(model, ids):
    """What the pointers bring. `ids`: a text as the model will read it, from which the size at the end is taken."""
    places, found = circuit.Places(model.shape["width"]), model.output_norm
    with torch.no_grad():
        for block in model.blk[1:LAST]:
            for weight in (block.attn_output.weight, block.ffn_down.weight):
                weight[places.own] = 0
        read = model.whole(ids)
        final = _size(read[-1])
        for (layer, head), trust in TRUST.items():
            block, rows = model.blk[layer], rows_of(model.blk[layer], head)
            block.attn_norm[places.own] = 1
            block.attn_v.weight[rows] = 0
            block.attn_output.weight[:, rows] = 0
            brings, code = slice(rows.start, rows.start + circuit.CODE), torch.eye(circuit.CODE)
            block.attn_v.weight[brings, places.own] = code
            logit = circuit.CODE * circuit.SIGN**2 / _size(read[2 * layer]) * found[places.found].mean() / final
            block.attn_output.weight[places.found, brings] = code * trust / logit


def hold(model):
    """Takes away the gradients of what the pointers bring, and of all that would write over what they bring."""
    places = circuit.Places(model.shape["width"])
    for block in model.blk[1:LAST]:
        for weight in (block.attn_output.weight, block.ffn_down.weight):
            weight.grad[places.own] = 0
    for layer, head in TRUST:
        block, rows = model.blk[layer], rows_of(model.blk[layer], head)
        block.attn_norm.grad[places.own] = 0
        block.attn_v.weight.grad[rows] = 0
        block.attn_output.weight.grad[:, rows] = 0


def _size(x):
    """Of all tokens but the first."""
    return x[1:].pow(2).mean(1).sqrt().mean().item()
