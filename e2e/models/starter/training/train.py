"""
Owns the training of the starter mind: stages by length, checkpoints, and a log; it can be stopped and goes on.

    train.py --work FOLDER [--from MODEL.gguf]     FOLDER/data/<source>-*.jsonl are its rooms

A checkpoint in FOLDER is resumed. Without one, `--from` takes the weights of a model file and trains them on.
"""

import argparse
import glob
import json
import os
import random
import time

import torch

import circuit
import gguf
import pointers
import precision
import speakers
import teaching
from llama import Llama, parameters_of
from packing import Batches, rooms_from
from tokens import Vocabulary, learn
from widen import widened

TUNE_STEPS = 10
HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    parser.add_argument("--from", dest="source", default="")
    parser.add_argument("--config", default=os.path.join(HERE, "config.json"))
    parser.add_argument("--stop-after-minutes", type=float, default=1e9)
    parser.add_argument("--no-compile", action="store_true")
    return parser.parse_args()


def vocabulary_for(work, config):
    path = os.path.join(work, "vocabulary.json")
    if not os.path.exists(path):
        learn(sorted(glob.glob(os.path.join(work, "data", "words-*.jsonl"))), config["vocabulary"]).store(path)
    return Vocabulary.load(path)


def a_prompt(work, vocabulary):
    """Ids of the start of a room with a few lines, and of a turn in it."""
    _, room = next(rooms_from(os.path.join(work, "data"), "middle", vocabulary, 0))
    return torch.tensor(room.prefix + room.branches[0].ids)


def optimizers_of(model, config):
    matrices = [weight for name, weight in model.named_parameters() if weight.dim() == 2 and "embd" not in name]
    others = [weight for name, weight in model.named_parameters() if weight.dim() != 2 or "embd" in name]
    return [
        torch.optim.Muon(matrices, lr=config["muon_rate"], momentum=0.95, weight_decay=0.0, adjust_lr_fn="original"),
        torch.optim.AdamW(others, lr=config["adam_rate"], betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]


def rate_at(share, step, config):
    warm = min(1.0, (step + 1) / config["warm_up_steps"])
    cooling = config["cooling_share"]
    return warm * (1.0 if share < 1 - cooling else max(0.02, (1 - share) / cooling))


def stage_at(share, config):
    return next(at for at in reversed(range(len(config["stages"]))) if share >= config["stages"][at]["from_share"])


def main():
    options = arguments()
    with open(options.config, encoding="utf-8") as file:
        config = json.load(file)
    torch.set_num_threads(config["threads"])
    torch.manual_seed(config["seed"])
    work = options.work
    checkpoint_path = os.path.join(work, "checkpoint.pt")
    state = dict(tokens=0, steps=0, seconds=0.0, seen={}, log=[])
    if os.path.exists(checkpoint_path):
        vocabulary = Vocabulary.load(os.path.join(work, "vocabulary.json"))
        stored = torch.load(checkpoint_path)
        model = Llama(vocabulary.size, **stored["shape"])
        model.load_state_dict(stored["weights"])
        state = stored["state"]
    elif options.source:
        vocabulary, shape, weights = gguf.read(options.source)
        vocabulary.store(os.path.join(work, "vocabulary.json"))
        stored, model = None, Llama(vocabulary.size, **shape)
        model.load_state_dict(weights)
        if shape["width"] < config["shape"]["width"]:
            model = widened(model, vocabulary, config["shape"], a_prompt(work, vocabulary))
            circuit.lay(model, vocabulary.first, config["seed"], a_prompt(work, vocabulary))
    else:
        vocabulary, stored = vocabulary_for(work, config), None
        model = Llama(vocabulary.size, **config["shape"], context=vocabulary.context)
        circuit.lay(model, vocabulary.first, config["seed"], a_prompt(work, vocabulary))
    if not stored:
        teaching.prepare(model)
        speakers.lay(model, a_prompt(work, vocabulary))
        pointers.lay(model, a_prompt(work, vocabulary))
    optimizers = optimizers_of(model, config)
    if stored:
        for optimizer, kept in zip(optimizers, stored["optimizers"]):
            optimizer.load_state_dict(kept)
    sample = a_prompt(work, vocabulary)
    base_rates = [config["muon_rate"], config["adam_rate"]]
    print(f"{parameters_of(model)} parameters, {vocabulary.size} tokens, copying {circuit.attention(model, vocabulary.first):.2f}", flush=True)

    torch._dynamo.config.automatic_dynamic_shapes = False
    loss_of = model.loss if options.no_compile else torch.compile(model.loss, dynamic=False)
    started, saved, losses, lookings, stage, sources, names = time.time(), time.time(), [], [], -1, {}, []
    log_path = os.path.join(work, "training.log")

    def save():
        state["log"].append([state["tokens"], round(sum(losses) / max(1, len(losses)), 4)])
        kept = dict(
            shape={key: value for key, value in model.shape.items() if key != "vocabulary"},
            weights=model.state_dict(),
            optimizers=[optimizer.state_dict() for optimizer in optimizers],
            state=state,
        )
        torch.save(kept, checkpoint_path + ".part")
        os.replace(checkpoint_path + ".part", checkpoint_path)

    while True:
        share = state["tokens"] / config["tokens"]
        if share >= 1 or time.time() - started > 60 * options.stop_after_minutes:
            break
        if stage_at(share, config) != stage:
            stage = stage_at(share, config)
            mix = config["stages"][stage]["mix"]
            names = [name for name, count in mix.items() for _ in range(count)]
            print(f"stage {stage}: {mix}", flush=True)
        name = names[state["steps"] % len(names)]
        if name not in sources:
            rooms = rooms_from(os.path.join(work, "data"), name, vocabulary, state["seen"].get(name, 0))
            sources[name] = Batches(rooms, config["sources"][name], random.Random(config["seed"]), vocabulary)
        tensors, tokens = sources[name].next()
        with precision.mixed():
            loss, looking = loss_of(*tensors)
        (loss + looking).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        circuit.hold(model)
        speakers.hold(model)
        pointers.hold(model)
        for optimizer, rate in zip(optimizers, base_rates):
            for group in optimizer.param_groups:
                group["lr"] = rate * rate_at(share, state["steps"], config)
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.item())
        lookings.append(looking.item())
        state["tokens"] += tokens
        state["steps"] += 1
        state["seen"][name] = sources[name].seen
        if state["steps"] % TUNE_STEPS == 0:
            circuit.tune(model, vocabulary.first, sample)
        if state["steps"] % 20 == 0:
            line = f"{time.time() - started:.0f} s, step {state['steps']}, {state['tokens'] / 1e6:.3f} M tokens, loss {sum(losses[-20:]) / 20:.4f}, of looking {sum(lookings[-20:]) / 20:.4f}"
            print(line, flush=True)
            with open(log_path, "a", encoding="utf-8") as file:
                file.write(line + "\n")
        if time.time() - saved > 60 * config["checkpoint_minutes"]:
            state["seconds"] += time.time() - saved
            saved = time.time()
            save()
            print(f"copying {circuit.attention(model, vocabulary.first):.2f}", flush=True)
            losses = losses[-20:]
    state["seconds"] += time.time() - saved
    save()
    print(f"done: {state['tokens']} tokens in {state['steps']} steps and {state['seconds']:.0f} s, copying {circuit.attention(model, vocabulary.first):.2f}", flush=True)


main()
