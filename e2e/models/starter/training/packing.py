"""Owns rooms as batches: the turns of a room share the tokens of their prompt up to the new line."""

import glob
import json
import os

import numpy as np
import torch

import teaching

# Everything but the answers counts for little: it teaches the words, the answers teach what to do.
CONTEXT_WEIGHT = 0.05
# What a copied name or value begins with is the choice that is hard; what follows it is easy.
FIRST_COPIED_WEIGHT = 3.0
# Tokens of a branch of which it is shown where to look, on average at most; and how much the kinds count.
LOOKS = 8
FIRST_LOOK, NEXT_LOOK, NO_LOOK = 1.0, 0.4, 0.3


class Branch:
    """
    `answer`: where in `ids` it begins; `copies`: (place in the answer's words, place in the prompt, tokens, whether it is
    the name of who says the new line), None where not all are known.
    """

    def __init__(self, prompt, cut, source, text, vocabulary):
        said = vocabulary.encode_answer(source["answer"])
        self.ids, self.answer = prompt[cut:] + said, len(prompt) - cut
        words = said[1:-2]
        ends, said_ends = vocabulary.ends_of(prompt), vocabulary.ends_of(words)
        known = source.get("copies") if ends[-1] == len(text) else None
        self.untold = "untold" in source["kind"]
        self.copies = None if known is None else []
        for answer_at, prompt_at, length, is_name in known or []:
            here, there = _span(said_ends, answer_at, length), _span(ends, prompt_at, length)
            # A name in lower case has other tokens at the beginning of a line than behind a blank.
            if self.copies is not None and words[slice(*here)] == prompt[slice(*there)]:
                self.copies.append((here[0], there[0], here[1] - here[0], is_name))
            else:
                self.copies = None

    def evidence(self, length, prefix):
        """(Place where the answer begins, place among all that it sees, that of names, weight): what it rests on; else the prompt's first."""
        _, there, _, is_name = self.copies[-1] if self.copies and not self.untold else (0, 0, 0, False)
        seen = there if there < prefix else length + there - prefix
        return self.answer, seen, seen if is_name else 0, 1.0

    def looks(self, length, prefix):
        """
        (Place in `ids`, place among all that it sees, that of names, weight): where the token behind it is to be found;
        else the prompt's first. Where a name begins is for the heads of names, all else that is copied for the others.
        """
        copied = {}
        for here, there, number, is_name in self.copies or []:
            for step in range(number):
                source = there + step
                seen = source if source < prefix else length + source - prefix
                begins_name = is_name and step == 0
                both = (0, seen) if begins_name else (seen, 0)
                copied[self.answer + here + step] = (*both, FIRST_LOOK if step == 0 else NEXT_LOOK)
        places = range(self.answer - 1, len(self.ids) - 1) if self.copies is not None else []
        return [(place, *copied.get(place, (0, 0, NO_LOOK))) for place in places]


def _of_both(shown):
    """What is shown to the heads of values, and what to those of names."""
    which, queries, seen, named, counts = (torch.tensor(column) for column in zip(*shown))
    return (which, queries, seen, counts), (which, queries, named, counts)


def _span(ends, begin, length):
    """The tokens that have these characters: first, and the one behind the last."""
    return int(np.searchsorted(ends, begin, "right")), int(np.searchsorted(ends, begin + length, "left")) + 1


def names_of_lines(ids, vocabulary):
    """For each token of a text of lines: where the name of its line begins, and its tokens that count; 0 if unknown."""
    begins, numbers = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    start, number = 0, 0
    for at, token in enumerate(ids):
        if number == 0 and start > 0 and token in vocabulary.colons and at > start:
            number = min(at - start, teaching.NAME_TOKENS)
        begins[at], numbers[at] = start, number
        if token in vocabulary.breaks:
            start, number = at + 1, 0
    return begins, numbers


class Room:
    """`prefix`: ids up to the new line."""

    def __init__(self, line, vocabulary):
        source = json.loads(line)
        trunk, new_line = source["trunk"], vocabulary.new_line
        self.prefix, self.branches = None, []
        for branch in source["branches"]:
            text = trunk[: branch["at"]] + branch["tail"]
            prompt = vocabulary.encode_lines(text)
            cut = max(at for at, token in enumerate(prompt) if token in new_line)
            if self.prefix is None:
                self.prefix = prompt[:cut]
            if self.prefix == prompt[:cut]:
                self.branches.append(Branch(prompt, cut, branch, text, vocabulary))
        self.names = names_of_lines(self.prefix, vocabulary)
        # The lines end with the first message; what follows is nobody's.
        end = next((at for at, token in enumerate(self.prefix) if token in vocabulary.line_ends), 0)
        self.names[1][end:] = 0


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

    def __init__(self, rooms, plan, random, vocabulary):
        self.rooms, self.random, self.vocabulary, self.seen = rooms, random, vocabulary, 0
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
        names = [np.zeros((rows, length), np.int64) for _ in range(2)]
        branch_names = [np.zeros((count, short), np.int64) for _ in range(2)]
        answers, contexts, looks, evidence, tokens = [], [], [], [], 0
        for row in range(rows):
            room = self._fitting()
            prefix = room.prefix
            prefixes[row, : len(prefix)] = prefix
            for kept, known in zip(names, room.names):
                kept[row, : len(prefix)] = known
            tokens += len(prefix)
            contexts += [(row * length + at, prefix[at + 1]) for at in range(len(prefix) - 1)]
            for number in range(self.each):
                at = row * self.each + number
                owners[at], lengths[at] = row, len(prefix)
                branch_places[at] = np.arange(len(prefix), len(prefix) + short)
                if number >= len(room.branches):
                    continue
                branch = room.branches[number]
                ids, answer = branch.ids, branch.answer
                branches[at, : len(ids)] = ids
                tokens += len(ids)
                start = rows * length + at * short
                pairs = [(start + here, ids[here + 1]) for here in range(len(ids) - 1)]
                contexts += pairs[: answer - 1]
                begun = {answer + here for here, _, _, _ in branch.copies or []}
                answers += [
                    (*pairs[here], FIRST_COPIED_WEIGHT if here in begun else 1.0) for here in range(answer - 1, len(pairs))
                ]
                for kept, known in zip(branch_names, self._speaker(ids, length)):
                    kept[at, : len(ids)] = known
                looks += [(at, *look) for look in branch.looks(length, len(prefix))]
                evidence += [(at, *branch.evidence(length, len(prefix)))] if branch.copies is not None else []
        self.random.shuffle(contexts)
        chosen = (answers + [(*pair, CONTEXT_WEIGHT) for pair in contexts])[: self.pairs]
        missing = self.pairs - len(chosen)
        sources, targets, weights = zip(*chosen, *[(0, 0, 0.0)] * missing)
        mask = np.zeros((count, short, length + short), bool)
        mask[:, :, :length] = np.arange(length)[None, None] < lengths[:, None, None]
        mask[:, :, length:] = np.tril(np.ones((short, short), bool))
        most = self.count * LOOKS
        self.random.shuffle(looks)
        looks = (looks + [(0, 0, 0, 0, 0.0)] * most)[:most]
        evidence = (evidence + [(0, 0, 0, 0, 0.0)] * self.count)[: self.count]
        tensor = lambda array: torch.from_numpy(np.ascontiguousarray(array))
        batch = (
            tensor(np.concatenate([prefixes.ravel(), branches.ravel()])),
            tensor(np.concatenate([places.ravel(), branch_places.ravel()])),
            (rows, length),
            (count, short, tensor(owners), tensor(mask)[:, None]),
            torch.tensor(sources),
            torch.tensor(targets),
            torch.tensor(weights),
            (tuple(map(tensor, names)), tuple(map(tensor, branch_names))),
            _of_both(looks),
            _of_both(evidence),
        )
        return batch, tokens

    def _speaker(self, ids, length):
        """All that follows the name in the new line is about who says it, up to the end of the answer."""
        begins, numbers = names_of_lines(ids, self.vocabulary)
        named = np.flatnonzero(numbers)
        if len(named) == 0:
            return begins, numbers
        at = named[0]
        begins[at:], numbers[at:] = begins[at] + length, numbers[at]
        return begins, numbers

    def _fitting(self):
        while True:
            self.seen, room = next(self.rooms)
            room.branches = [branch for branch in room.branches if len(branch.ids) <= self.short][: self.each]
            if len(room.prefix) <= self.length and room.branches:
                return room
