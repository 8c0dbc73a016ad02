"""
Owns how it is known whose line a token is in, laid into a model by hand: the head that looks at who says a line brings
the code of that name beside every token of the line, and heads that look for a name compare it with that of the new line.

The looking is right in 99 of 100 places, but what it brought was hardly used where it was left to the answers to teach
it (without that head the loss grew by 0.003), and a name was taken from the wrong person's line (2026-12-01).
"""

import torch

import circuit
from teaching import NAME_EVIDENCE, NAME_POINTERS, SPEAKER, rows_of

SIZE = 0.5
# Of the attention's logit, where two names of one token are equal; a name of three tokens has a third of it.
BONUS = 12.0
LOOKING = (*NAME_POINTERS, NAME_EVIDENCE)


def lay(model, ids):
    """`ids`: a text as the model will read it, from which the sizes at the layers are taken. What has it keeps it."""
    places, code = circuit.Places(model.shape["width"]), torch.eye(circuit.CODE)
    with torch.no_grad():
        if torch.allclose(model.blk[SPEAKER[0]].attn_v.weight[_brings(model), places.own], code, atol=0.02):
            return
        model.token_embd.weight[:, places.speaker] = 0
        for block in model.blk:
            for weight in (block.attn_output.weight, block.ffn_down.weight):
                weight[places.speaker] = 0
            for part in (block.attn_q, block.attn_k, block.attn_v, block.ffn_gate, block.ffn_up):
                part.weight[:, places.speaker] = 0
        brings = _brings(model)
        block = model.blk[SPEAKER[0]]
        block.attn_v.weight[brings] = 0
        block.attn_v.weight[brings, places.own] = code
        block.attn_output.weight[:, brings] = 0
        block.attn_output.weight[places.speaker, brings] = code * SIZE * _size(model.whole(ids)[2 * SPEAKER[0]]) / circuit.SIGN
        for layer, head in LOOKING:
            block, rows = model.blk[layer], rows_of(model.blk[layer], head)
            for part in (block.attn_q, block.attn_k, block.attn_v):
                part.weight[rows].normal_(0, part.in_features**-0.5)
                part.weight[rows, places.speaker] = 0
            block.attn_output.weight[:, rows] = 0
            block.attn_norm[places.speaker] = 1
            # The slow pairs of numbers compare tokens, not places.
            size = rows.stop - rows.start
            compared = slice(rows.stop - 2 - circuit.CODE, rows.stop - 2)
            sharp = _size(model.whole(ids)[2 * layer]) / SIZE * (BONUS * size**0.5 / circuit.CODE) ** 0.5
            for part in (block.attn_q, block.attn_k):
                part.weight[compared] = 0
                part.weight[compared, places.speaker] = code * sharp


def hold(model):
    """Takes away the gradients of what the head of speakers brings, and of all that would write over it."""
    places, brings = circuit.Places(model.shape["width"]), _brings(model)
    model.token_embd.weight.grad[:, places.speaker] = 0
    for block in model.blk:
        for weight in (block.attn_output.weight, block.ffn_down.weight):
            weight.grad[places.speaker] = 0
    block = model.blk[SPEAKER[0]]
    block.attn_v.weight.grad[brings] = 0
    block.attn_output.weight.grad[:, brings] = 0


def _brings(model):
    """Of the head that looks at who says a line, the rows that bring the code."""
    rows = rows_of(model.blk[SPEAKER[0]], SPEAKER[1])
    return slice(rows.start, rows.start + circuit.CODE)


def _size(x):
    return x[1:].pow(2).mean(1).sqrt().mean().item()
