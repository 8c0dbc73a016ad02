"""
Owns the induction circuit that is set by hand before training: what followed this token last time follows now.

Two heads of the first layer look one token back and write that token's code beside the present one. Four heads of the
second layer look for the place whose predecessor equals the present token, and bring that place's token to the output.
A small model does not find this by itself within the tokens of a short training; with it, copying names works from the
first step, and training has to find out only when to copy.
"""

import math

import torch

BACK_HEADS, COPY_HEADS = 2, 4
# Every token has this in channel 0, so that a head can have a query that is the same everywhere.
CONSTANT = 0.5
# Pairs of numbers that turn slower than this hardly turn within a prompt: they compare tokens, not places.
SLOW = 1e-3


def install(model, seed):
    shape = model.shape
    width, heads = shape["width"], shape["heads"]
    size = width // heads
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        embedding = model.token_embd.weight
        embedding.normal_(0, width**-0.5, generator=random)
        embedding[:, 0] = CONSTANT
        basis = torch.linalg.qr(torch.randn(width - 1, width - 1, generator=random))[0]
        basis = torch.cat([torch.zeros(1, width - 1), basis]).T
        part = lambda at: basis[at * size : (at + 1) * size]
        read, written = [part(0), part(1)], [part(2), part(3)]
        speed = shape["rope_base"] ** (-torch.arange(0, size, 2).float() / size)
        normed = width**0.5 * CONSTANT / (1 + CONSTANT * CONSTANT) ** 0.5
        first, second = model.blk[0], model.blk[1]
        for head in range(BACK_HEADS):
            rows = slice(head * size, (head + 1) * size)
            query, key = torch.zeros(size), torch.zeros(size)
            for pair in range(4):
                query[2 * pair] = 8.0
                key[2 * pair], key[2 * pair + 1] = 8 * math.cos(speed[pair]), 8 * math.sin(speed[pair])
            for weight, value in ((first.attn_q.weight, query), (first.attn_k.weight, key)):
                weight[rows] *= 0.1
                weight[rows, 0] = value / normed
            first.attn_v.weight[rows] = read[head]
            first.attn_output.weight[:, rows] = 0.15 * written[head].T
        slow = [number for number in range(size) if speed[number // 2] < SLOW][: size // 2]
        for head in range(COPY_HEADS):
            rows = slice(head * size, (head + 1) * size)
            source, half = head // 2, (head % 2) * size // 2
            codes = slice(half, half + len(slow))
            for weight, value in ((second.attn_q.weight, read[source]), (second.attn_k.weight, written[source])):
                weight[rows] *= 0.1
                weight[[head * size + number for number in slow]] = 2.8 * value[codes]
            content = part(head)
            second.attn_v.weight[rows] = content
            second.attn_output.weight[:, rows] = 0.4 * content.T


def hold(model):
    """Takes the circuit's gradients away."""
    size = model.shape["width"] // model.shape["heads"]
    back, copy = slice(0, BACK_HEADS * size), slice(0, COPY_HEADS * size)
    first, second = model.blk[0], model.blk[1]
    for weight in (first.attn_q.weight, first.attn_k.weight, first.attn_v.weight):
        weight.grad[back] = 0
    first.attn_output.weight.grad[:, back] = 0
    for weight in (second.attn_q.weight, second.attn_k.weight):
        weight.grad[copy] = 0
    model.token_embd.weight.grad[:, 0] = 0


def copying(model, vocabulary_size):
    """Share of tokens predicted in the second half of a random text that is said twice."""
    random = torch.Generator().manual_seed(5)
    text = torch.randint(300, vocabulary_size - 30, (16, 40), generator=random)
    with torch.no_grad():
        predicted = model.logits(torch.cat([text, text], 1))[:, 40:-1].argmax(-1)
    return (predicted == text[:, 1:]).float().mean().item()
