"""Owns making a model wider without changing what it says: new channels and heads that nothing reads yet."""

import torch

from circuit import ENERGY
from llama import Llama


def widened(narrow, vocabulary, shape, ids):
    """`ids`: a text as the model will read it; the norms are taken from it. New rows are small, new columns nothing."""
    model = Llama(vocabulary.size, **shape, context=vocabulary.context)
    width, old = shape["width"], narrow.shape["width"]
    with torch.no_grad():
        for (name, new), weight in zip(model.named_parameters(), narrow.parameters()):
            rows = slice(0, weight.shape[0])
            if new.dim() == 1:
                new[rows] = weight
                continue
            columns = slice(0, weight.shape[1])
            new[rows, weight.shape[1] :] = 0
            new[weight.shape[0] :, columns] *= 0 if name.endswith(("attn_output.weight", "ffn_down.weight")) else 1
            new[rows, columns] = weight
        # A norm over more channels divides by another number: the old weights make up for it.
        norms = [norm for block in model.blk for norm in (block.attn_norm, block.ffn_norm)] + [model.output_norm]
        for norm, read in zip(norms, narrow.whole(ids)):
            before = read.pow(2).sum(1).mean()
            norm[:old] *= (old / width * (1 + ENERGY / before)) ** 0.5
    return model
