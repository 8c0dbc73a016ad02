"""Owns turning a checkpoint into the model file that ships: `export.py WORK_FOLDER MODEL.gguf`."""

import os
import sys

import torch

import gguf
from llama import Llama, parameters_of
from tokens import Vocabulary

work, target = sys.argv[1:3]
vocabulary = Vocabulary.load(os.path.join(work, "vocabulary.json"))
stored = torch.load(os.path.join(work, "checkpoint.pt"))
model = Llama(vocabulary.size, **stored["shape"])
model.load_state_dict(stored["weights"])
parameters = parameters_of(model)
notes = dict(
    description="A very small language model that knows Persona Node, names, and little else.",
    version="1",
    size=f"{parameters / 1e6:.1f}M",
)
size = gguf.write(target, model, vocabulary, notes)
print(f"{target}: {size} bytes, {parameters} parameters, {stored['state']['tokens']} tokens seen")
