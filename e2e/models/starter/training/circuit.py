"""
Owns the copying circuit that is laid into a model by hand: what followed this token last time follows now.

It has 64 channels and the last two heads of the first two layers. Every token has a code of twelve signs. In the first
layer one head writes the code of the token before beside the present one, and one clears the channels for what is
found. In the second layer one head looks for the place whose predecessor equals the present token and brings that
place's code; where there is none it looks at the prompt's first token, which has no code. A small model does not find
this by itself within the tokens of a short training, and loses it when the rest of the first layer may write into
these channels (2026-11-25: a first training without this rule kept 0.08 of the attention). So where the circuit
looks is never trained; what to do with what it brings is.
"""

import math

import torch
import torch.nn.functional as F

from llama import rotate

CHANNELS, HEADS = 64, 2
CODE = 12
CONSTANT, SIGN, FOUND_SIZE = 0.5, 0.25, 0.5
# Of twelve signs. Codes of two tokens agree in eight net at most.
ENOUGH = 9.0
SHARPNESS, BACK_SHARPNESS, BACK_PAIRS = 8.0, 12.0, 7
# Of the logit that a found token gets at first.
TRUST = 4.0


# Sum of squares that the circuit adds to what every norm reads, but for what is found.
ENERGY = CONSTANT**2 + 2 * CODE * SIGN**2


class Places:
    """Channels of the circuit in a model of this width."""

    def __init__(self, width):
        self.constant, self.first = width - CHANNELS, width - CHANNELS + 1
        begin = width - CHANNELS + 2
        self.own, self.before, self.found, self.speaker = (slice(begin + at * CODE, begin + (at + 1) * CODE) for at in range(4))
        self.held = slice(self.constant, self.found.stop)


def codes(count, random):
    """Words of twelve signs with an even number of minuses: 2,048 words, each pair differing in two signs or more."""
    if count > 2048:
        raise ValueError(f"{count} tokens, but 2048 codes")
    numbers = torch.randperm(2048, generator=random)[:count]
    bits = torch.stack([numbers >> bit & 1 for bit in range(CODE - 1)], 1)
    return 1.0 - 2.0 * torch.cat([bits, bits.sum(1, keepdim=True) % 2], 1)


def lay(model, first_token, seed, ids):
    """`ids`: a text as the model will read it, from which the sizes at the two layers are taken."""
    width, size = model.shape["width"], model.shape["width"] // model.shape["heads"]
    places, identity = Places(width), torch.eye(CODE)
    speed = model.shape["rope_base"] ** (-torch.arange(0, size, 2).float() / size)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        embedding = model.token_embd.weight
        embedding[:, width - CHANNELS :].normal_(0, 0.02, generator=random)
        embedding[:, places.held] = 0
        embedding[:, places.constant] = CONSTANT
        code = SIGN * codes(model.shape["vocabulary"], random)
        code[first_token] = 0
        embedding[:, places.own] = embedding[:, places.found] = code
        # As large as the rest of the token makes it necessary, so that all codes are equal behind the norm.
        for _ in range(4):
            sizes = embedding.pow(2).mean(1, keepdim=True).sqrt()
            embedding[:, places.own] = code * sizes / sizes[ids].mean()
        first, second = model.blk[0], model.blk[1]
        for weight in (first.attn_output.weight, first.ffn_down.weight):
            weight[places.held] = 0
        for norm in (first.attn_norm, second.attn_norm):
            norm[places.held] = 1
        rms = embedding[ids].pow(2).mean(1).sqrt().mean().item()
        for head, (back, target, sign) in enumerate(((1, places.before, 1.0), (0, places.found, -1.0))):
            rows = _cleared(model, first, head)
            for pair in range(BACK_PAIRS):
                scale = BACK_SHARPNESS * rms / CONSTANT
                first.attn_q.weight[rows + 2 * pair, places.constant] = scale
                first.attn_k.weight[rows + 2 * pair, places.constant] = scale * math.cos(back * speed[pair])
                first.attn_k.weight[rows + 2 * pair + 1, places.constant] = scale * math.sin(back * speed[pair])
            first.attn_v.weight[rows : rows + CODE, places.own] = identity
            first.attn_output.weight[target, rows : rows + CODE] = sign * rms * identity
        for head in range(HEADS):
            rows = _cleared(model, second, head)
        rms, _ = tune(model, first_token, ids)
        rows = width - HEADS * size
        # The slow pairs of numbers hardly turn within a prompt: they compare tokens, not places. The slowest is for the rest.
        compared = slice(rows + size - 2 - CODE, rows + size - 2)
        second.attn_q.weight[compared, places.own] = SHARPNESS * identity
        second.attn_k.weight[compared, places.before] = SHARPNESS * identity
        second.attn_q.weight[compared.stop, places.constant] = SHARPNESS
        second.attn_k.weight[compared.stop, places.first] = SHARPNESS
        second.attn_v.weight[rows : rows + CODE, places.own] = identity
        second.attn_output.weight[places.found, rows : rows + CODE] = identity * FOUND_SIZE * rms / SIGN
        final = model.whole(ids)[-1].pow(2).mean(1).sqrt().mean().item()
        model.output_norm[places.held] = 0
        model.output_norm[places.found] = TRUST * final / (FOUND_SIZE * SIGN * CODE)


def tune(model, first_token, ids):
    """
    Keeps the pull of the first token where ENOUGH has it: the norm at the prompt's first place drifts against all others
    (within 0.2 M tokens from 1.3 to 0.9 of theirs, and two thirds of the attention went there for nothing).
    """
    with torch.no_grad():
        inner = _inner(model, ids)
        rms, at_first = inner[1:].pow(2).mean(1).sqrt().mean().item(), inner[0].pow(2).mean().sqrt().item()
        place = Places(model.shape["width"]).first
        model.token_embd.weight[first_token, place] = ENOUGH * SIGN * SIGN / CONSTANT * at_first / rms
    return rms, at_first


def _cleared(model, block, head):
    """First row of the circuit's head in a layer, with nothing in it."""
    size = model.shape["width"] // model.shape["heads"]
    begin = model.shape["width"] - (HEADS - head) * size
    for part in (block.attn_q, block.attn_k, block.attn_v):
        part.weight[begin : begin + size] = 0
    block.attn_output.weight[:, begin : begin + size] = 0
    return begin


def hold(model):
    """Takes away the gradients of where the circuit looks, and of all that would write over it."""
    width, size = model.shape["width"], model.shape["width"] // model.shape["heads"]
    places, heads = Places(width), slice(width - HEADS * size, width)
    looks = slice(width - HEADS * size, width - (HEADS - 1) * size)
    first, second = model.blk[0], model.blk[1]
    for part in (first.attn_q, first.attn_k, first.attn_v):
        part.weight.grad[heads] = 0
    first.attn_output.weight.grad[:, heads] = 0
    for part in (second.attn_q, second.attn_k):
        part.weight.grad[looks] = 0
    for weight in (first.attn_output.weight, first.ffn_down.weight):
        weight.grad[places.held] = 0
    for norm in (first.attn_norm, second.attn_norm):
        norm.grad[places.held] = 0
    model.token_embd.weight.grad[:, places.held] = 0


def _inner(model, ids):
    """What the second layer reads."""
    return model.whole(ids)[2]


def attention(model, first_token):
    """Mean attention of the circuit to the right place, in a random text of 300 tokens that is said twice."""
    random = torch.Generator().manual_seed(5)
    text = torch.randperm(model.shape["vocabulary"], generator=random)[:300]
    ids = torch.cat([torch.tensor([first_token]), text, text])
    count, size = len(ids), model.shape["width"] // model.shape["heads"]
    block, head = model.blk[1], model.shape["heads"] - HEADS
    with torch.no_grad():
        normed = F.rms_norm(_inner(model, ids), (model.shape["width"],), block.attn_norm, 1e-5)
        q, k = (
            rotate(part(normed).view(count, -1, size), model.cos[:count, None], model.sin[:count, None])[:, head]
            for part in (block.attn_q, block.attn_k)
        )
        past = torch.ones(count, count, dtype=torch.bool).tril()
        shares = (q @ k.T / size**0.5).masked_fill(~past, -1e9).softmax(-1)
    return shares.diagonal(1 - len(text))[2:].mean().item()
