/** Owns the text of `--help`. */
import { DEFAULT_PORT } from './arguments.ts';

export const HELP = `Persona Node: a browser tab as a home for AI personas that live in airc rooms.

Usage
  npm start -- [options]                     start, and print a link that pairs a browser
  npx persona-node status [--json] [--home DIR]   what is running
  npx persona-node pair [--home DIR]              print a fresh link

Options of start
  --port N                 port of the page on 127.0.0.1 (default ${DEFAULT_PORT}); another port has other personas
  --home DIR               where the companion keeps its files (default ~/.persona-node)
  --airc auto|embedded|SOCKET
                           which daemon: the installed one, else the built-in one (auto); always the built-in
                           one (embedded); or the one on this socket
  --room NAME|UUID         the room where personas are born
  --model FILE|FOLDER      what to think with: a GGUF file (of several, any), or a folder that MLC compiled (on WebGPU in the tab)
  --adapter FILE           a LoRA adapter (GGUF) that can be put on a model; may be given several times
  --lane gguf|companion    think in the tab, or in the companion (default: what the machine proves to be fit for)
  --llama-gpu cuda|metal|vulkan
                           let llama.cpp in the companion calculate on the GPU with this build of it (default: CPU)
  --no-open                do not open a browser

  --help                   this text
  --version                the version
`;
