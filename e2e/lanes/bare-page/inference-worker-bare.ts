/**
 * Owns wllama with adapters and without any rule of ours. It is named as an inference worker is: it needs the headers
 * that go with that name.
 */
import { expose } from 'comlink';
import { Wllama } from '@wllama/wllama/esm/index.js';
import wasmUrl from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import { oneFile } from '../../../web/inference/models/one-file.ts';

export interface BareSettings {
  readonly parallel: number;
  /** As `inference.md` B6 has it: nothing idle is cached, no cache is shared. */
  readonly careful: boolean;
}

export interface BareAsk {
  readonly prompt: string;
  /** By their place among the files; undefined names none, as a request that knows of no adapters. */
  readonly lora: readonly { readonly id: number; readonly scale: number }[] | undefined;
  readonly cachePrompt: boolean;
}

export interface BareApi {
  /** In the place of the one before. A model in several files is joined as the lane does it. */
  open(model: readonly string[], adapters: readonly string[], settings: BareSettings): Promise<void>;
  /** All at once; the texts, in their order. */
  ask(asks: readonly BareAsk[]): Promise<readonly string[]>;
}

const TOKENS = 16;
const SILENT = (): void => undefined;
let wllama: Wllama | undefined;

async function askOne({ prompt, lora, cachePrompt }: BareAsk): Promise<string> {
  let text = '';
  const request = {
    prompt,
    max_tokens: TOKENS,
    temperature: 0,
    repeat_penalty: 1.5,
    ...(lora && { lora }),
    cache_prompt: cachePrompt,
    stream: true,
    onData: (chunk: { choices: { text: string }[] }) => {
      text += chunk.choices[0]?.text ?? '';
    },
  } as const;
  await wllama?.createCompletion(request);
  return text;
}

const api: BareApi = {
  open: async (model, adapters, { parallel, careful }) => {
    await wllama?.exit();
    const fetched = async (path: string): Promise<File> =>
      new File([await (await fetch(path)).blob()], path.replace(/.*\//, ''));
    const file = await oneFile(await Promise.all(model.map(fetched)));
    const blobs = [file, ...(await Promise.all(adapters.map(fetched)))].map((blob) => blob.slice());
    const logger = { debug: SILENT, log: SILENT, warn: SILENT, error: SILENT };
    wllama = new Wllama({ default: wasmUrl }, { logger });
    wllama.setCompat(null);
    const of = String(blobs.length).padStart(5, '0');
    await wllama.loadModel(blobs, {
      n_ctx: 2048,
      n_batch: 128,
      n_ubatch: 128,
      n_threads: 1,
      n_gpu_layers: 0,
      n_parallel: parallel,
      flash_attn: false,
      ctx_shift: false,
      warmup: false,
      lora_adapters: adapters.map((_, at) => ({
        path: `models/model-${String(at + 2).padStart(5, '0')}-of-${of}.gguf`,
        scale: 0,
      })),
      ...(careful && { cache_idle_slots: false, kv_unified: false }),
    });
  },
  ask: (asks) => Promise.all(asks.map(askOne)),
};

expose(api);
