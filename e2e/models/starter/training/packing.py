"""Owns rooms as batches: the turns of a room share the tokens of their prompt up to the new line."""

import glob
import json
import os

import numpy as np
import torch

# Everything but the answers counts for little: it teaches the words, the answers teach what to do.
CONTEXT_WEIGHT = 0.05


class Room:
    """`prefix`: ids up to the new line; `branches`: (ids, where the answer begins)."""

    def __init__(self, line, vocabulary):
        source = json.loads(line)
        trunk, new_line = source["trunk"], vocabulary.new_line
        self.prefix, self.branches = None, []
        for branch in source["branches"]:
            prompt = vocabulary.encode_lines(trunk[: branch["at"]] + branch["tail"])
            cut = max(at for at, token in enumerate(prompt) if token in new_line)
            if self.prefix is None:
                self.prefix = prompt[:cut]
            if self.prefix == prompt[:cut]:
                self.branches.append((prompt[cut:] + vocabulary.encode_answer(branch["answer"]), len(prompt) - cut))


def rooms_from(folder, name, vocabulary, skip):
    """Endless. `skip` rooms are left out first, so that a resumed training goes on where it was."""
    seen = 0
    while True:
        for path in sorted(glob.glob(os.path.join(folder, f"{name}-*.jsonl"))):
            with open(path, encoding="utf-8") as file:
                file.readline()
                for line in file:
                    seen += 1
                    if seen > skip:
                        yield seen, Room(line, vocabulary)


class Batches:
    """Batches of one shape. `plan`: rows, longest prefix, branches a row, longest branch."""

    def __init__(self, rooms, plan, random):
        self.rooms, self.random, self.seen = rooms, random, 0
        self.rows, self.length = plan["rows"], plan["prefix"]
        self.count, self.short = plan["rows"] * plan["branches"], plan["branch"]
        self.each = plan["branches"]
        self.pairs = self.count * plan["pairs"]

    def next(self):
        rows, length, count, short = self.rows, self.length, self.count, self.short
        prefixes, branches = np.zeros((rows, length), np.int64), np.zeros((count, short), np.int64)
        places = np.tile(np.arange(length), (rows, 1))
        branch_places = np.zeros((count, short), np.int64)
        owners, lengths = np.zeros(count, np.int64), np.ones(count, np.int64)
        answers, contexts, tokens = [], [], 0
        for row in range(rows):
            room = self._fitting()
            prefix = room.prefix
            prefixes[row, : len(prefix)] = prefix
            tokens += len(prefix)
            contexts += [(row * length + at, prefix[at + 1]) for at in range(len(prefix) - 1)]
            for number in range(self.each):
                at = row * self.each + number
                owners[at], lengths[at] = row, len(prefix)
                branch_places[at] = np.arange(len(prefix), len(prefix) + short)
                if number >= len(room.branches):
                    continue
                ids, answer = room.branches[number]
                branches[at, : len(ids)] = ids
                tokens += len(ids)
                start = rows * length + at * short
                pairs = [(start + here, ids[here + 1]) for here in range(len(ids) - 1)]
                contexts += pairs[: answer - 1]
                answers += pairs[answer - 1 :]
        self.random.shuffle(contexts)
        chosen = (answers + contexts)[: self.pairs]
        weights = ([1.0] * len(answers) + [CONTEXT_WEIGHT] * len(contexts))[: self.pairs]
        missing = self.pairs - len(chosen)
        sources, targets = np.array(chosen + [(0, 0)] * missing, np.int64).T
        mask = np.zeros((count, short, length + short), bool)
        mask[:, :, :length] = np.arange(length)[None, None] < lengths[:, None, None]
        mask[:, :, length:] = np.tril(np.ones((short, short), bool))
        tensor = lambda array: torch.from_numpy(np.ascontiguousarray(array))
        batch = (
            tensor(np.concatenate([prefixes.ravel(), branches.ravel()])),
            tensor(np.concatenate([places.ravel(), branch_places.ravel()])),
            (rows, length),
            (count, short, tensor(owners), tensor(mask)[:, None]),
            tensor(sources),
            tensor(targets),
            torch.tensor(weights + [0.0] * missing),
        )
        return batch, tokens

    def _fitting(self):
        while True:
            self.seen, room = next(self.rooms)
            room.branches = [branch for branch in room.branches if len(branch[0]) <= self.short][: self.each]
            if len(room.prefix) <= self.length and room.branches:
                return room
