import { describe, expect, it } from 'vitest';
import { allocatedBytes } from './allocated-bytes.ts';

const MIB = 2 ** 20;

describe('what the engine allocated', () => {
  it('is the sum of its buffers on every device, each plan of the calculation once', () => {
    expect(
      allocatedBytes([
        'load_tensors: offloaded 4/4 layers to GPU',
        'load_tensors:   CPU_Mapped model buffer size =     5.50 MiB',
        'load_tensors:       WebGPU model buffer size =  1200.25 MiB',
        'llama_context:        CPU  output buffer size =     0.25 MiB',
        'llama_kv_cache:     WebGPU KV buffer size =    96.00 MiB',
        'llama_kv_cache:     WebGPU KV buffer size =    32.00 MiB',
        'sched_reserve:     WebGPU compute buffer size =   900.00 MiB',
        'sched_reserve:     WebGPU compute buffer size =    64.00 MiB',
        'sched_reserve:        CPU compute buffer size =     2.00 MiB',
      ]),
    ).toBe(1_400 * MIB);
  });

  it('is not told where the weights are not', () => {
    expect(allocatedBytes([])).toBeUndefined();
    expect(allocatedBytes(['llama_kv_cache: CPU KV buffer size = 96.00 MiB'])).toBeUndefined();
  });

  it('is nothing that a file says of itself within a line', () => {
    expect(
      allocatedBytes([
        'llama_model_loader: - kv   1: general.name str = CPU model buffer size = 9000.00 MiB',
        'print_info: general.name = a: CPU model buffer size = 9000.00 MiB',
        'load_tensors: CPU model buffer size = 9000.00 MiB and more',
        'load_tensors: CPU model buffer size = -5.00 MiB',
      ]),
    ).toBeUndefined();
  });
});
