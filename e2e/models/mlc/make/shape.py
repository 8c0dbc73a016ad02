"""Owns the shape of the test model, in one place for its kernels, its library and its files."""

VOCABULARY = 512
WIDTH = 64
HIDDEN = 128
LAYERS = 2
HEADS = 2
CACHE_HEADS = 1
HEAD_WIDTH = 32
CONTEXT = 2048
PREFILL_CHUNK = 128
EPSILON = 1e-5
ROPE_BASE = 10000
SEED = 20261125

# Of the vocabulary the first, in this order; the tokenizer gives them their ids.
SPECIAL = ["<|pad|>", "<|bos|>", "<|eos|>", "<|user|>", "<|assistant|>", "<|system|>", "<|tool|>", "<|end|>"]
BOS, EOS, END = 1, 2, 7
