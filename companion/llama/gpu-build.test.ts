import { beforeEach, describe, expect, it, vi } from 'vitest';
import { getLlama, type Llama, type LlamaLogLevel, type LlamaOptions } from 'node-llama-cpp';
import { gpuBuildOf } from '../../shared/inference/gpu-builds.ts';
import { startLlama } from './gpu-build.ts';

vi.mock('node-llama-cpp', async (original) => {
  const real = await original<typeof import('node-llama-cpp')>();
  return { ...real, getLlama: vi.fn(real.getLlama) };
});

/** No machine has a build for the GPUs of another system. */
const FOREIGN = process.platform === 'darwin' ? 'cuda' : 'metal';
const OURS = process.platform === 'darwin' ? 'metal' : 'vulkan';

/** The binding with a GPU, as it was seen with a software device: it tells what it put there in its log. */
function withGpu(devices: readonly string[]) {
  const ended = vi.fn(() => Promise.resolve());
  let say: (level: LlamaLogLevel, message: string) => void = () => undefined;
  vi.mocked(getLlama).mockImplementationOnce((options) => {
    say = (options as LlamaOptions).logger ?? say;
    const llama = { gpu: OURS, getGpuDeviceNames: () => Promise.resolve([...devices]), dispose: ended };
    return Promise.resolve(llama as unknown as Llama);
  });
  const lines: string[] = [];
  const start = () => startLlama({ gpu: OURS, maxThreads: 1, onLog: (line) => lines.push(line) });
  return { start, ended, lines, say: (level: string, text: string) => say(level as LlamaLogLevel, text) };
}

beforeEach(() => {
  vi.mocked(getLlama).mockClear();
});

describe('llama.cpp on a GPU', () => {
  it('is the CPU unless it is asked for', async () => {
    const { llama, watchLoad } = await startLlama({ gpu: undefined, maxThreads: 1, onLog: () => undefined });
    expect(llama.gpu).toBe(false);
    expect(await watchLoad()()).toBe('no GPU in this build');
    await llama.dispose();
  });

  it('is never the CPU where it is: a build that cannot be here is named', async () => {
    const foreign = startLlama({ gpu: FOREIGN, maxThreads: 1, onLog: () => undefined });
    await expect(foreign).rejects.toMatchObject({
      code: 'GpuUnavailable',
      message: expect.stringContaining(`no ready ${FOREIGN} build`) as string,
    });
  });

  it('is refused where the build, its driver or a GPU is missing', async () => {
    vi.mocked(getLlama).mockRejectedValueOnce(new Error('NoBinaryFoundError'));
    const options = { gpu: OURS, maxThreads: 1, onLog: () => undefined } as const;
    await expect(startLlama(options)).rejects.toMatchObject({ code: 'GpuUnavailable' });
    const { start, ended } = withGpu([]);
    await expect(start()).rejects.toMatchObject({
      code: 'GpuUnavailable',
      message: expect.stringContaining('finds no GPU') as string,
    });
    expect(ended).toHaveBeenCalledOnce();
  });

  it('is proven by what llama.cpp says that it put there, of each load', async () => {
    const { start, say, lines } = withGpu(['Acme 1']);
    const { watchLoad } = await start();
    const first = watchLoad();
    say('info', 'load_tensors: offloaded 4/5 layers to GPU');
    say('warn', 'something odd');
    expect(await first()).toBe(`4 of 5 layers on ${OURS} (Acme 1)`);
    expect(lines).toEqual(['something odd']);
    const second = watchLoad();
    await expect(second()).rejects.toMatchObject({ code: 'LaneStartFailed' });
    say('info', 'load_tensors: offloaded 0/5 layers to GPU');
    await expect(second()).rejects.toMatchObject({ code: 'LaneStartFailed' });
  });

  it('is called by its name', () => {
    expect(['cuda', 'metal', 'vulkan', 'auto', '', undefined].map(gpuBuildOf)).toEqual([
      'cuda',
      'metal',
      'vulkan',
      undefined,
      undefined,
      undefined,
    ]);
  });
});
