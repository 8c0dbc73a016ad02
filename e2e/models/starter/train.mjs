/**
 * Owns the command `npm run train:starter`: data, tokenizer, weights and model file from nothing. It needs Python with
 * the packages of `training/requirements.txt`; STARTER_PYTHON names the interpreter. Stopped, it goes on where it was.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildPrograms, OUTPUT_FOLDER } from './build-programs.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const work = path('../../../.e2e/starter');
const python = process.env.STARTER_PYTHON ?? 'python3';
/** Stage, seed, rooms, file: with the configuration of the training this is the whole version of the data. */
const DATA = [
  ['middle', 900, 1_500, 'words-1'],
  ['short', 901, 1_500, 'words-2'],
  ['short', 101, 7_000, 'short-0001'],
  ['middle', 102, 12_000, 'middle-0001'],
  ['far', 103, 3_500, 'far-0001'],
  ['long', 104, 1_200, 'long-0001'],
];

function run(command, args) {
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

mkdirSync(`${work}/data`, { recursive: true });
await buildPrograms({ generate: 'data/generate.ts' });
for (const [stage, seed, rooms, name] of DATA) {
  const file = `${work}/data/${name}.jsonl`;
  if (existsSync(file)) continue;
  run(process.execPath, [`${OUTPUT_FOLDER}generate.js`, stage, String(seed), String(rooms), `${file}.part`]);
  renameSync(`${file}.part`, file);
}
run(python, [path('training/train.py'), '--work', work, ...process.argv.slice(2)]);
run(python, [path('training/export.py'), work, path('../../../public/models/starter.gguf')]);
