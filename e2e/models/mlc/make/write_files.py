"""Owns everything of the test model but its library: tokenizer, configuration, weights.

usage: write_files.py FOLDER
"""

import json
import pathlib
import random
import sys

import numpy as np
import shape
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from tvm.contrib import tvmjs

# Every sentence is made of these: byte pairs of English are learned, and no text of anybody is needed.
WORDS = (
    "a all and are at be but by can for from go has have her here him his how if in is it light little long make me more "
    "my night no not of on one or our out people room say sea see she so some that the their them then there they this "
    "time to true false null two up us water was way we were what when where which who will with word work you your"
).split()


def tokenizer():
    drawn = random.Random(shape.SEED)
    lines = [" ".join(drawn.choices(WORDS, k=10)) + drawn.choice(".!?:") for _ in range(2500)]
    lines += ['{"speak":true,"text":"one two"}', '{"speak":false,"reason":"not me"}', '[1, 2, {"a": null}]'] * 60
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=shape.VOCABULARY,
        special_tokens=shape.SPECIAL,
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    made.train_from_iterator(lines, trainer)
    while made.get_vocab_size() < shape.VOCABULARY:
        made.add_tokens([f"<|unused{made.get_vocab_size()}|>"])
    assert made.get_vocab_size() == shape.VOCABULARY
    return made


def weights(made):
    """
    Random, but the first number of every state is 1 throughout: what the head has there is a bias, by which tokens of
    printable characters can be said and the end cannot.
    """
    source = np.random.default_rng(shape.SEED)
    normal = lambda *size, scale=1.0: (source.standard_normal(size) * scale).astype("float32")
    queries = (shape.HEADS + 2 * shape.CACHE_HEADS) * shape.HEAD_WIDTH
    attended = shape.HEADS * shape.HEAD_WIDTH

    found = {"tokens.weight": normal(shape.VOCABULARY, shape.WIDTH)}
    found["tokens.weight"][:, 0] = 1
    for index in range(shape.LAYERS):
        block = {
            "input_norm": np.ones(shape.WIDTH, "float32"),
            "qkv": normal(queries, shape.WIDTH, scale=shape.WIDTH**-0.5),
            "attended": normal(shape.WIDTH, attended, scale=1.5 * attended**-0.5),
            "middle_norm": np.ones(shape.WIDTH, "float32"),
            "gate_and_up": normal(2 * shape.HIDDEN, shape.WIDTH, scale=1.5 * shape.WIDTH**-0.5),
            "down": normal(shape.WIDTH, shape.HIDDEN, scale=1.5 * shape.HIDDEN**-0.5),
        }
        for writer in ("attended", "down"):
            block[writer][0] = 0
        found |= {f"blocks.{index}.{name}.weight": value for name, value in block.items()}
    found["norm.weight"] = np.ones(shape.WIDTH, "float32")
    head = normal(shape.VOCABULARY, shape.WIDTH, scale=0.5)
    for token, number in made.get_vocab().items():
        text = made.decode([number], skip_special_tokens=False)
        can_be_said = text != "" and text.isascii() and text.isprintable() and not token.startswith("<|")
        head[number, 0] = 0 if can_be_said else -60
    found["head.weight"] = head
    return found


def configuration():
    limits = {
        "context_window_size": shape.CONTEXT,
        "prefill_chunk_size": shape.PREFILL_CHUNK,
        "tensor_parallel_shards": 1,
    }
    template = {
        "name": "test",
        "system_template": "<|system|>{system_message}",
        "system_message": "",
        "system_prefix_token_ids": [shape.BOS],
        "add_role_after_system_message": True,
        "roles": {role: f"<|{role}|>" for role in ("user", "assistant", "tool")},
        "role_templates": {role: f"{{{role}_message}}" for role in ("user", "assistant", "tool")},
        "messages": [],
        "seps": ["<|end|>"],
        "role_content_sep": "",
        "role_empty_sep": "",
        "stop_str": [],
        "stop_token_ids": [shape.EOS, shape.END],
        "function_string": "",
        "use_function_calling": False,
    }
    return {
        "version": "0.1.0",
        "model_type": "llama",
        "quantization": "q0f32",
        "model_config": {
            "hidden_size": shape.WIDTH,
            "intermediate_size": shape.HIDDEN,
            "num_hidden_layers": shape.LAYERS,
            "num_attention_heads": shape.HEADS,
            "num_key_value_heads": shape.CACHE_HEADS,
            "head_dim": shape.HEAD_WIDTH,
            "rms_norm_eps": shape.EPSILON,
            "position_embedding_base": shape.ROPE_BASE,
            "vocab_size": shape.VOCABULARY,
            "max_batch_size": 1,
            **limits,
        },
        **limits,
        "vocab_size": shape.VOCABULARY,
        "active_vocab_size": shape.VOCABULARY,
        "sliding_window_size": -1,
        "attention_sink_size": -1,
        "pipeline_parallel_stages": 1,
        # Without them web-llm refuses the first request.
        "temperature": 1.0,
        "top_p": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "repetition_penalty": 1.0,
        "tokenizer_files": ["tokenizer.json", "tokenizer_config.json"],
        "tokenizer_info": {
            "token_postproc_method": "byte_level",
            "prepend_space_in_encode": False,
            "strip_space_in_decode": False,
        },
        "conv_template": template,
        "pad_token_id": 0,
        "bos_token_id": shape.BOS,
        "eos_token_id": [shape.EOS, shape.END],
    }


def main(folder):
    made = tokenizer()
    made.save(str(folder / "tokenizer.json"))
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|bos|>", "eos_token": "<|eos|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=1))
    (folder / "mlc-chat-config.json").write_text(json.dumps(configuration(), indent=1))
    found = weights(made)
    summary = {
        "ParamSize": len(found),
        "ParamBytes": float(sum(value.nbytes for value in found.values())),
        "BitsPerParam": 32.0,
    }
    tvmjs.dump_tensor_cache(found.items(), str(folder), encode_format="raw", meta_data=summary)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
