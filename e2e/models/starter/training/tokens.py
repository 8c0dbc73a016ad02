"""Owns the tokenizer: learning it from training trees, reading it back from a model file, and text to ids."""

import json
import re

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

# What llama.cpp does for `tokenizer.ggml.pre = qwen2`.
RUNTIME_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# While merges are learned a capital begins a piece of its own, so that no merge joins a blank or "@" to it: a name then
# has the same tokens wherever it stands, and copying it is copying.
LEARNING_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|\p{Lu}\p{L}*|[^\r\n\p{L}\p{N}]?(?!\p{Lu})\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def split_by(pattern):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


class Vocabulary:
    """Ids: bytes and merges, then control tokens, frame phrases, decision phrases. Only the last are never read."""

    def __init__(self, plain, merges, form):
        self.plain, self.merges, self.form = plain, merges, form
        self.context = form["context"]
        self.tokens = plain + form["control"] + form["frame"]
        self.decision = {text: len(self.tokens) + at for at, text in enumerate(form["decision"])}
        self.size = len(self.tokens) + len(self.decision)
        pairs = [tuple(merge.split(" ")) for merge in merges]
        self._bpe = Tokenizer(models.BPE({token: at for at, token in enumerate(plain)}, pairs))
        self._bpe.pre_tokenizer = split_by(RUNTIME_SPLIT)
        self._bpe.decoder = decoders.ByteLevel()
        self._bpe.add_tokens([AddedToken(text, normalized=False) for text in form["control"] + form["frame"]])
        self._cache = {}
        # Phrases with a line break within are not found line by line.
        across = sorted((text for text in form["frame"] if "\n" in text[:-1]), key=len, reverse=True)
        self._across = re.compile("(" + "|".join(re.escape(text) for text in across) + ")")
        self.turn_end = self.tokens.index("<|im_end|>")
        # What every prompt begins with.
        self.first = self.tokens.index(form["frame"][0])
        self.new_line = {at for at, token in enumerate(self.tokens) if token.startswith("The new line")}

        # In plain tokens each character stands for a byte; a line break is written "Ċ".
        sizes = [len(token) for token in plain] + [len(token) for token in self.tokens[len(plain) :]]
        self._sizes = np.array(sizes + [len(text) for text in form["decision"]])
        self.breaks = {at for at, token in enumerate(self.tokens) if token.endswith(("Ċ", "\n"))}
        self.colons = {at for at, token in enumerate(plain) if ":" in token}
        self.line_ends = {at for at, token in enumerate(self.tokens) if token.startswith("<|im_end|>")}

    def ends_of(self, ids):
        """Where each token ends, in bytes of the text."""
        return np.cumsum(self._sizes[ids])

    @property
    def id_of_control(self):
        return {text: self.tokens.index(text) for text in self.form["control"]}

    def encode(self, text):
        return self._bpe.encode(text).ids

    def encode_lines(self, text):
        """Equal to `encode`: a line break that is followed by a letter or a mark ends a piece in every case."""
        ids = []
        for part in self._across.split(text):
            if self._across.fullmatch(part):
                ids += self._known(part)
                continue
            lines = part.split("\n")
            for line in lines[:-1]:
                ids += self._known(line + "\n")
            ids += self._known(lines[-1]) if lines[-1] else []
        return ids

    def _known(self, text):
        ids = self._cache.get(text)
        if ids is None:
            ids = self.encode(text)
            if len(self._cache) < 400_000:
                self._cache[text] = ids
        return list(ids)

    def encode_answer(self, answer):
        decoded = json.loads(answer)
        opening = '{"speak":true,"text":"' if decoded["speak"] else '{"speak":false,"reason":"'
        assert answer.startswith(opening) and answer.endswith('"}'), answer
        body = answer[len(opening) : -2]
        return [self.decision[opening]] + self.encode(body) + [self.decision['"}'], self.turn_end]

    def store(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"plain": self.plain, "merges": self.merges, "form": self.form}, file)

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
        return Vocabulary(stored["plain"], stored["merges"], stored["form"])


def learn(files, size):
    """A vocabulary of at most `size` ids, from the first of the trees in each file."""
    texts, form = [], None
    for path in files:
        with open(path, encoding="utf-8") as file:
            form = json.loads(file.readline())
            for line in file:
                tree = json.loads(line)
                texts.append(tree["trunk"])
                for branch in tree["branches"]:
                    texts += [branch["tail"], json.loads(branch["answer"]).get("text", "")]
    frame = form["control"] + form["frame"]
    room = size - len(frame) - len(form["decision"])
    pieces = (without(text, frame) for text in texts)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = split_by(LEARNING_SPLIT)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(
        pieces, trainers.BpeTrainer(vocab_size=room, initial_alphabet=alphabet, show_progress=False)
    )
    learned = json.loads(tokenizer.to_str())["model"]
    plain = [token for token, _ in sorted(learned["vocab"].items(), key=lambda item: item[1])]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in learned["merges"]]
    return Vocabulary(plain, merges, form)


def without(text, phrases):
    for phrase in phrases:
        text = text.replace(phrase, "\n")
    return text
