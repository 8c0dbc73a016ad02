import { describe, expect, it } from 'vitest';
import { createEngineLog, webgpuProof } from './engine-log.ts';

describe('engine log', () => {
  it('proves WebGPU only by device and layers', () => {
    const device = 'llama_prepare_model_devices: using device WebGPU (WebGPU) (unknown id) - 4095 MiB free';
    expect(webgpuProof([device, 'load_tensors: offloaded 4/4 layers to GPU'])).toEqual({
      offloadedLayers: 4,
      layers: 4,
    });
    expect(webgpuProof([device, 'load_tensors: offloaded 0/4 layers to GPU'])).toBeUndefined();
    expect(webgpuProof(['load_tensors: offloaded 4/4 layers to GPU'])).toBeUndefined();
    expect(webgpuProof([device])).toBeUndefined();
  });

  it('gives the errors of one call once, and bounds what it keeps', () => {
    const log = createEngineLog();
    for (let index = 0; index < 1000; index += 1) log.logger.log(`line ${index}`);
    log.logger.error('first', 1);
    log.logger.error('second');
    expect(log.takeErrors()).toBe('first 1\nsecond');
    expect(log.takeErrors()).toBe('');
    expect(log.lines().length).toBeLessThanOrEqual(400);
    expect(log.lines().at(-1)).toBe('second');
  });
});
