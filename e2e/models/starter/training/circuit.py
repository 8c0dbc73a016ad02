"""
Owns the copying circuit that is set by hand before training: what followed this token last time follows now. Where it
looks is never trained.

Every token has a code of sixteen signs in channels of its own. Two heads of the first layer look one and two tokens
back and write those tokens' codes beside the present one. In the second layer two heads look for the place whose
predecessor equals the present token, two for the place two behind a token that equals the one before the present, and
bring sixty-four channels of what they find to the output. A small model does not find this by itself within the tokens of a short
training, and loses it again when the rest of the first layer may write into these channels (measured 2026-11-25: the
copying heads' attention fell from 0.72 to 0.09). So nothing else of the first layer writes there; what is left to
learn is when to copy.
"""

import math

import torch
import torch.nn.functional as F

from llama import rotate

# Channel 0 is the same in every token, so that a head can have a query that is the same everywhere.
CONSTANT = 0.5
SIGN = 0.15
CODE = 16
OWN, BEFORE, BEFORE_THAT = slice(1, 17), slice(17, 33), slice(33, 49)
FIRST = 49
CHANNELS = slice(0, 50)
BACK = ((1, BEFORE), (2, BEFORE_THAT))
# Query, key, and what is brought: sixteen channels alone could not be told apart when several places match.
COPY = (
    (OWN, BEFORE, (*range(1, 17), *range(50, 66))),
    (OWN, BEFORE, tuple(range(66, 98))),
    (BEFORE, BEFORE_THAT, (*range(1, 17), *range(50, 66))),
    (BEFORE, BEFORE_THAT, tuple(range(66, 98))),
)
# So sharp that the right place is found among 2,000 also when the norms before the second layer have grown fourfold:
# with 2.5 the attention fell to 0.17 within 1.1 M tokens.
SHARPNESS = 7.0
BACK_SHARPNESS = 12.0
COPIED = 0.5
# Of the sixteen signs: who finds fewer than this looks at the prompt's first token, so that nothing is copied from
# a place that fits by chance. Codes of two tokens agree in eight signs net at most.
ENOUGH = 9


def codes(count, random):
    """Words of the extended Hamming code [16, 11, 4]: 2,048 words, each pair differing in at least four signs."""
    if count > 2048:
        raise ValueError(f"{count} tokens, but 2048 codes")
    numbers = torch.randperm(2048, generator=random)[:count]
    data = torch.stack([numbers >> bit & 1 for bit in range(11)], 1)
    places = [place for place in range(1, 16) if place & (place - 1)]
    checks = [data[:, [at for at, place in enumerate(places) if place & check]].sum(1) % 2 for check in (1, 2, 4, 8)]
    word = torch.cat([data, torch.stack(checks, 1)], 1)
    word = torch.cat([word, word.sum(1, keepdim=True) % 2], 1)
    return 1.0 - 2.0 * word


def install(model, seed, first_token):
    shape = model.shape
    width, heads = shape["width"], shape["heads"]
    size = width // heads
    speed = shape["rope_base"] ** (-torch.arange(0, size, 2).float() / size)
    # Pairs of numbers that turn this slowly hardly turn within a prompt: they compare tokens, not places.
    slow = size - 2 - CODE
    if speed[slow // 2] > 1.1e-3:
        raise ValueError("the RoPE base leaves too few slow channels for the codes")
    random = torch.Generator().manual_seed(seed)
    identity = torch.eye(CODE)
    with torch.no_grad():
        embedding = model.token_embd.weight
        embedding.normal_(0, width**-0.5, generator=random)
        embedding[:, CHANNELS] = 0
        embedding[:, 0] = CONSTANT
        embedding[:, OWN] = SIGN * codes(shape["vocabulary"], random)
        # Without a code: it resembles nothing, and nothing is brought from it.
        embedding[first_token, OWN] = 0
        embedding[first_token, FIRST] = ENOUGH * SIGN * SIGN / CONSTANT
        normed = embedding.pow(2).mean(1).sqrt().mean().item()
        first, second = model.blk[0], model.blk[1]
        first.attn_output.weight[CHANNELS] = 0
        first.ffn_down.weight[CHANNELS] = 0
        for head, (back, target) in enumerate(BACK):
            rows = _clear(first, head, size)
            query, key = torch.zeros(size), torch.zeros(size)
            for pair in range(4):
                query[2 * pair] = BACK_SHARPNESS
                key[2 * pair] = BACK_SHARPNESS * math.cos(back * speed[pair])
                key[2 * pair + 1] = BACK_SHARPNESS * math.sin(back * speed[pair])
            first.attn_q.weight[rows, 0] = query * normed / CONSTANT
            first.attn_k.weight[rows, 0] = key * normed / CONSTANT
            first.attn_v.weight[rows.start : rows.start + CODE, OWN] = identity
            first.attn_output.weight[target, rows.start : rows.start + CODE] = identity * normed
        for head, (query, key, brought) in enumerate(COPY):
            rows = _clear(second, head, size)
            compared = slice(rows.start + slow, rows.start + slow + CODE)
            second.attn_q.weight[compared, query] = SHARPNESS * identity
            second.attn_k.weight[compared, key] = SHARPNESS * identity
            second.attn_q.weight[compared.stop, 0] = SHARPNESS
            second.attn_k.weight[compared.stop, FIRST] = SHARPNESS
            number = torch.arange(size)
            second.attn_v.weight[rows.start + number, torch.tensor(brought)] = 1.0
            second.attn_output.weight[torch.tensor(brought), rows.start + number] = normed * COPIED / SIGN


def _clear(block, head, size):
    rows = slice(head * size, (head + 1) * size)
    for part in (block.attn_q, block.attn_k, block.attn_v):
        part.weight[rows] = 0
    block.attn_output.weight[:, rows] = 0
    return rows


def hold(model):
    """Takes the circuit's gradients away, and those of all that would write over it."""
    first, second = model.blk[0], model.blk[1]
    size = model.shape["width"] // model.shape["heads"]
    back, copy = slice(0, len(BACK) * size), slice(0, len(COPY) * size)
    for part in (first.attn_q, first.attn_k, first.attn_v):
        part.weight.grad[back] = 0
    first.attn_output.weight.grad[:, back] = 0
    # What is brought, and how strongly, is learned.
    for part in (second.attn_q, second.attn_k):
        part.weight.grad[copy] = 0
    for block in (first, second):
        block.attn_norm.grad[CHANNELS] = 0
    first.attn_output.weight.grad[CHANNELS] = 0
    first.ffn_down.weight.grad[CHANNELS] = 0
    model.token_embd.weight.grad[:, CHANNELS] = 0


def attention(model, first_token):
    """Mean attention of the first copying head to the right place, in a random text of 400 tokens that is said twice."""
    random = torch.Generator().manual_seed(5)
    text = torch.randperm(model.shape["vocabulary"], generator=random)[:400]
    ids = torch.cat([torch.tensor([first_token]), text, text])
    count, width, size = len(ids), model.shape["width"], model.shape["width"] // model.shape["heads"]
    past = torch.ones(count, count, dtype=torch.bool).tril()
    place = model.token_embd(ids)
    with torch.no_grad():
        for block in model.blk[:2]:
            normed = F.rms_norm(place, (width,), block.attn_norm, 1e-5)
            turned = [
                rotate(part(normed).view(count, -1, size), model.cos[:count, None], model.sin[:count, None])
                for part in (block.attn_q, block.attn_k)
            ]
            scores = torch.einsum("qhd,khd->hqk", *turned) / size**0.5
            shares = scores.masked_fill(~past, -1e9).softmax(-1)
            values = block.attn_v(normed).view(count, -1, size)
            place = place + block.attn_output(torch.einsum("hqk,khd->qhd", shares, values).reshape(count, width))
            normed = F.rms_norm(place, (width,), block.ffn_norm, 1e-5)
            place = place + block.ffn_down(F.silu(block.ffn_gate(normed)) * block.ffn_up(normed))
    return shares[0].diagonal(1 - len(text))[1:].mean().item()
