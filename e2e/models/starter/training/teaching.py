"""
Owns what some heads are shown during training: where to look. The file that is shipped has nothing of it.

One head of the second layer looks, from every token of a line, at who says the line; from the answer, at who says the
new line. One head each of the fourth and fifth layer looks, from the token before a copied one, at the token it is a
copy of, else at the prompt's first token, which has no code. Another head of the fourth looks, from where the answer
begins, at what it will rest on: whether anything was told decides its first word. Answers alone taught neither within
18 M tokens: whose name or value it is was right in three of four rooms with several speakers (2026-11-25). For the name
of who says the new line there are heads of their own, which begin as `speakers.py` lays them.
"""

import torch
import torch.nn.functional as F

# (layer, head). The circuit has the head before the last of the second layer; the last was free.
SPEAKER = (1, -1)
POINTERS = ((3, -2), (4, -2))
EVIDENCE = (3, -1)
NAME_POINTERS = ((2, -1), (3, -4))
NAME_EVIDENCE = (2, -2)
# Of a name so many tokens are looked at.
NAME_TOKENS = 3
SPEAKER_SHARE, POINTER_SHARE, EVIDENCE_SHARE = 0.1, 0.3, 0.2


def rows_of(block, head):
    """Of the block's matrices those that belong to a head."""
    width = block.attn_q.in_features
    size = width // block.heads
    begin = head % block.heads * size
    return slice(begin, begin + size)


def prepare(model):
    """A head that nothing reads and that reads nothing would learn nothing: it begins anew."""
    for layer, head in (SPEAKER, *POINTERS, EVIDENCE):
        block = model.blk[layer]
        rows = rows_of(block, head)
        with torch.no_grad():
            if block.attn_output.weight[:, rows].norm() > 1e-3 * block.attn_output.weight.norm():
                continue
            for part in (block.attn_q, block.attn_k, block.attn_v):
                part.weight[rows].normal_(0, part.in_features**-0.5)


def _looks(block, head, x, turn):
    h = F.rms_norm(x, (x.shape[-1],), block.attn_norm, 1e-5)
    rows = rows_of(block, head)
    return tuple(turn(F.linear(h, part.weight[rows])[:, None])[:, 0] for part in (block.attn_q, block.attn_k))


def _shares(logits, mask, size):
    return (logits.float() / size**0.5).masked_fill(~mask, -1e4).log_softmax(-1)


def _split(y, prefix, branch):
    (rows, length), (count, short, owners, _) = prefix, branch
    first, second = y[: rows * length].view(rows, length, -1), y[rows * length :].view(count, short, -1)
    return first, second, lambda: torch.cat([first[owners], second], 1)


def speaker_loss(block, head, x, turn, prefix, branch, lines):
    """`lines`: for the prefixes and the branches, where the speaker's name begins and how many of its tokens count."""
    q, k = (_split(y, prefix, branch) for y in _looks(block, head, x, turn))
    length, size = prefix[1], q[0].shape[-1]
    past = torch.ones(length, length, dtype=torch.bool).tril()
    shares = (
        _shares(q[0] @ k[0].transpose(1, 2), past, size),
        _shares(q[1] @ k[2]().transpose(1, 2), branch[3][:, 0], size),
    )
    total, known = 0.0, 0.0
    for share, (begin, number) in zip(shares, lines):
        for at in range(NAME_TOKENS):
            counts = (at < number).float() / number.clamp(min=1)
            total = total - (share.gather(2, (begin + at).clamp(max=share.shape[2] - 1)[..., None])[..., 0] * counts).sum()
            known = known + counts.sum()
    return total / known.clamp(min=1)


def pointer_loss(block, head, x, turn, prefix, branch, copies):
    """`copies`: branch, place in it, place among all that it sees, and whether it counts."""
    which, places, sources, weights = copies
    q, k = (_split(y, prefix, branch) for y in _looks(block, head, x, turn))
    logits = (q[1][which, places][:, None] @ k[2]()[which].transpose(1, 2))[:, 0]
    shares = _shares(logits, branch[3][which, 0, places], q[1].shape[-1])
    return -(shares.gather(1, sources[:, None])[:, 0] * weights).sum() / weights.sum().clamp(min=1)


def loss(blocks, states, turn, prefix, branch, lines, copies, evidence):
    """`states`: what each block reads."""
    layer, head = SPEAKER
    total = SPEAKER_SHARE * speaker_loss(blocks[layer], head, states[layer], turn, prefix, branch, lines)
    shown = [(at, POINTER_SHARE, copies[0]) for at in POINTERS] + [(at, POINTER_SHARE, copies[1]) for at in NAME_POINTERS]
    shown += [(EVIDENCE, EVIDENCE_SHARE, evidence[0]), (NAME_EVIDENCE, EVIDENCE_SHARE, evidence[1])]
    for (layer, head), share, places in shown:
        total = total + share * pointer_loss(blocks[layer], head, states[layer], turn, prefix, branch, places)
    return total
