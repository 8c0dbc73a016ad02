"""Owns the network: a llama as llama.cpp runs it, and its loss on prefixes that several branches share."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import teaching


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.attn_norm = nn.Parameter(torch.ones(width))
        self.ffn_norm = nn.Parameter(torch.ones(width))
        linear = lambda rows, columns: nn.Linear(columns, rows, bias=False)
        self.attn_q, self.attn_k, self.attn_v = (linear(width, width) for _ in range(3))
        self.attn_output = linear(width, width)
        self.ffn_gate, self.ffn_up = linear(hidden, width), linear(hidden, width)
        self.ffn_down = linear(width, hidden)

    def forward(self, x, turn, prefix, branch):
        """`x`: the tokens of all prefixes, then those of all branches, each branch behind one of the prefixes."""
        x = self.attend(x, turn, prefix, branch)
        h = F.rms_norm(x, (x.shape[-1],), self.ffn_norm, 1e-5)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))

    def attend(self, x, turn, prefix, branch):
        (rows, length), (count, short, owners, mask) = prefix, branch
        width = x.shape[-1]
        h = F.rms_norm(x, (width,), self.attn_norm, 1e-5)
        split = lambda y: y.view(-1, self.heads, width // self.heads)
        q, k, v = turn(split(self.attn_q(h))), turn(split(self.attn_k(h))), split(self.attn_v(h))
        end = rows * length
        first = lambda y: y[:end].view(rows, length, self.heads, -1).transpose(1, 2)
        second = lambda y: y[end:].view(count, short, self.heads, -1).transpose(1, 2)
        of_prefix = F.scaled_dot_product_attention(first(q), first(k), first(v), is_causal=True)
        whole = lambda y: torch.cat([first(y)[owners], second(y)], 2)
        of_branch = F.scaled_dot_product_attention(second(q), whole(k), whole(v), attn_mask=mask)
        y = torch.cat([of_prefix.transpose(1, 2).reshape(end, width), of_branch.transpose(1, 2).reshape(-1, width)])
        return x + self.attn_output(y)


def rotate(x, cos, sin):
    """Neighbouring numbers make a pair, as llama.cpp has it for this architecture; so no rows change places in a file."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2).to(x.dtype)


class Llama(nn.Module):
    def __init__(self, vocabulary, width, layers, heads, hidden, context, rope_base):
        super().__init__()
        self.shape = dict(
            vocabulary=vocabulary, width=width, layers=layers, heads=heads, hidden=hidden, context=context, rope_base=rope_base
        )
        self.token_embd = nn.Embedding(vocabulary, width)
        self.blk = nn.ModuleList(Block(width, heads, hidden) for _ in range(layers))
        self.output_norm = nn.Parameter(torch.ones(width))
        size = width // heads
        angle = torch.outer(torch.arange(context).float(), rope_base ** (-torch.arange(0, size, 2).float() / size))
        self.register_buffer("cos", angle.cos(), False)
        self.register_buffer("sin", angle.sin(), False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                last = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(weight, 0, 0.02 / (math.sqrt(2 * layers) if last else 1))

    def loss(self, ids, places, prefix, branch, sources, targets, weights, lines, copies, evidence):
        """
        That of the answers, and that of the heads which are shown where to look. `sources` are places among the tokens;
        each predicts its target with a weight.
        """
        x = self.token_embd(ids)
        cos, sin = self.cos[places][:, None], self.sin[places][:, None]
        turn = lambda y: rotate(y, cos, sin)
        read = []
        for block in self.blk:
            read.append(x)
            x = block(x, turn, prefix, branch)
        h = F.rms_norm(x, (x.shape[-1],), self.output_norm, 1e-5)[sources]
        each = F.cross_entropy(F.linear(h, self.token_embd.weight).float(), targets, reduction="none")
        return (each * weights).sum() / weights.sum(), teaching.loss(self.blk, read, turn, prefix, branch, lines, copies, evidence)

    def whole(self, ids):
        """One text: what each norm reads, in order. A prefix with a branch that nobody looks at."""
        length = len(ids)
        places = torch.cat([torch.arange(length), torch.zeros(1, dtype=torch.long)])
        mask = torch.ones(1, 1, 1, length + 1, dtype=torch.bool)
        branch = (1, 1, torch.zeros(1, dtype=torch.long), mask)
        cos, sin = self.cos[places][:, None], self.sin[places][:, None]
        given = (lambda y: rotate(y, cos, sin), (1, length), branch)
        x = self.token_embd(torch.cat([ids, ids[:1]]))
        read = [x[:-1]]
        for block in self.blk:
            read.append(block.attend(x, *given)[:-1])
            x = block(x, *given)
            read.append(x[:-1])
        return read


def parameters_of(model):
    return sum(weight.numel() for weight in model.parameters())
