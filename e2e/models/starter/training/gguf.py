"""Owns model files: writing weights and tokenizer as GGUF with q8_0 matrices, and reading them back to train on."""

import json
import struct

import numpy as np
import torch

from tokens import Vocabulary

ALIGNMENT = 32
U32, I32, F32, BOOL, TEXT, LIST = 4, 5, 6, 7, 8, 9
TYPE_F32, TYPE_Q8_0 = 0, 8
NORMAL, CONTROL, USER_DEFINED = 1, 3, 4
BLOCK = 32
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def text(value):
    encoded = value.encode("utf-8")
    return struct.pack("<Q", len(encoded)) + encoded


def pair(key, kind, value):
    head = text(key) + struct.pack("<I", kind)
    if kind == LIST:
        item, values = value
        packed = b"".join(text(one) for one in values) if item == TEXT else np.asarray(values, np.int32).tobytes()
        return head + struct.pack("<IQ", item, len(values)) + packed
    if kind == TEXT:
        return head + text(value)
    return head + struct.pack({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}[kind], value)


def to_q8_0(matrix):
    blocks = matrix.reshape(-1, BLOCK).astype(np.float32)
    scale = (np.abs(blocks).max(1) / 127).astype(np.float16)
    divisor = np.where(scale == 0, 1, scale).astype(np.float32)
    numbers = np.clip(np.rint(blocks / divisor[:, None]), -127, 127).astype(np.int8)
    return np.concatenate([scale.view(np.uint8).reshape(-1, 2), numbers.view(np.uint8)], 1).tobytes()


def from_q8_0(data, shape):
    blocks = np.frombuffer(data, np.uint8).reshape(-1, 2 + BLOCK)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    return (blocks[:, 2:].copy().view(np.int8).astype(np.float32) * scale).reshape(shape)


def write(path, model, vocabulary, notes):
    shape = model.shape
    kinds = [NORMAL] * len(vocabulary.plain) + [CONTROL] * len(vocabulary.form["control"])
    kinds += [USER_DEFINED] * len(vocabulary.form["frame"]) + [NORMAL] * len(vocabulary.decision)
    control = vocabulary.id_of_control
    pairs = [
        pair("general.architecture", TEXT, "llama"),
        pair("general.type", TEXT, "model"),
        pair("general.name", TEXT, "persona-node starter"),
        pair("general.description", TEXT, notes["description"]),
        pair("general.version", TEXT, notes["version"]),
        pair("general.license", TEXT, "mit"),
        pair("general.size_label", TEXT, notes["size"]),
        pair("general.file_type", U32, 7),
        pair("general.alignment", U32, ALIGNMENT),
        pair("general.quantization_version", U32, 2),
        pair("llama.block_count", U32, shape["layers"]),
        pair("llama.context_length", U32, shape["context"]),
        pair("llama.embedding_length", U32, shape["width"]),
        pair("llama.feed_forward_length", U32, shape["hidden"]),
        pair("llama.attention.head_count", U32, shape["heads"]),
        pair("llama.attention.head_count_kv", U32, shape["heads"]),
        pair("llama.rope.dimension_count", U32, shape["width"] // shape["heads"]),
        pair("llama.vocab_size", U32, vocabulary.size),
        pair("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        pair("llama.rope.freq_base", F32, shape["rope_base"]),
        pair("persona_node.starter", BOOL, True),
        pair("persona_node.prompt_format", U32, 1),
        pair("persona_node.form", TEXT, json.dumps(vocabulary.form)),
        pair("tokenizer.ggml.model", TEXT, "gpt2"),
        pair("tokenizer.ggml.pre", TEXT, "qwen2"),
        pair("tokenizer.ggml.tokens", LIST, (TEXT, vocabulary.tokens + list(vocabulary.decision))),
        pair("tokenizer.ggml.token_type", LIST, (I32, kinds)),
        pair("tokenizer.ggml.merges", LIST, (TEXT, vocabulary.merges)),
        pair("tokenizer.ggml.bos_token_id", U32, control["<|endoftext|>"]),
        pair("tokenizer.ggml.eos_token_id", U32, control["<|im_end|>"]),
        pair("tokenizer.ggml.padding_token_id", U32, control["<|endoftext|>"]),
        pair("tokenizer.ggml.add_bos_token", BOOL, False),
        pair("tokenizer.chat_template", TEXT, TEMPLATE),
    ]
    tensors = []
    for name, weight in model.named_parameters():
        values = weight.detach().float().numpy()
        kind = TYPE_Q8_0 if values.ndim == 2 else TYPE_F32
        data = to_q8_0(values) if kind == TYPE_Q8_0 else values.astype(np.float32).tobytes()
        tensors.append((name if name.endswith(".weight") else f"{name}.weight", values.shape[::-1], kind, data))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs)
    offset = 0
    for name, sizes, kind, data in tensors:
        head += text(name) + struct.pack("<I", len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes)
        head += struct.pack("<IQ", kind, offset)
        offset += len(data) + -len(data) % ALIGNMENT
    with open(path, "wb") as file:
        file.write(head + b"\0" * (-len(head) % ALIGNMENT))
        for *_, data in tensors:
            file.write(data + b"\0" * (-len(data) % ALIGNMENT))
        return file.tell()


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 8

    def number(self, form):
        value = struct.unpack_from("<" + form, self.data, self.at)[0]
        self.at += struct.calcsize("<" + form)
        return value

    def text(self):
        length = self.number("Q")
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8")

    def value(self, kind):
        if kind == LIST:
            item = self.number("I")
            return [self.value(item) for _ in range(self.number("Q"))]
        return self.text() if kind == TEXT else self.number({U32: "I", I32: "i", F32: "f", BOOL: "?"}[kind])


def read(path):
    """The vocabulary, the shape of the network, and its weights by the names this project's network has."""
    with open(path, "rb") as file:
        reader = Reader(file.read())
    tensor_count, pair_count = reader.number("Q"), reader.number("Q")
    facts = {}
    for _ in range(pair_count):
        key = reader.text()
        facts[key] = reader.value(reader.number("I"))
    places = []
    for _ in range(tensor_count):
        name = reader.text()
        sizes = [reader.number("Q") for _ in range(reader.number("I"))]
        places.append((name, sizes[::-1], reader.number("I"), reader.number("Q")))
    start = reader.at + -reader.at % ALIGNMENT
    form = json.loads(facts["persona_node.form"])
    special = len(form["control"]) + len(form["frame"]) + len(form["decision"])
    vocabulary = Vocabulary(facts["tokenizer.ggml.tokens"][:-special], facts["tokenizer.ggml.merges"], form)
    weights = {}
    for name, sizes, kind, offset in places:
        count = int(np.prod(sizes))
        size = count * 4 if kind == TYPE_F32 else count // BLOCK * (2 + BLOCK)
        data = reader.data[start + offset : start + offset + size]
        values = np.frombuffer(data, np.float32).reshape(sizes) if kind == TYPE_F32 else from_q8_0(data, sizes)
        weights[name.removesuffix(".weight") if "norm" in name else name] = torch.from_numpy(values.copy())
    shape = dict(
        width=facts["llama.embedding_length"],
        layers=facts["llama.block_count"],
        heads=facts["llama.attention.head_count"],
        hidden=facts["llama.feed_forward_length"],
        context=facts["llama.context_length"],
        rope_base=facts["llama.rope.freq_base"],
    )
    return vocabulary, shape, weights
