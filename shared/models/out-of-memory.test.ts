import { expect, it } from 'vitest';
import { saysOutOfMemory } from './out-of-memory.ts';

it.each([
  'ggml_aligned_malloc: insufficient memory (attempted to allocate 4096.00 MB)',
  'ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 4294967296',
  'llama_init_from_model: failed to initialize the context: unable to allocate CPU buffer',
  'Aborted(OOM)',
  'Aborted(Cannot enlarge memory arrays to size 4294967296 bytes)',
  'WebAssembly.Memory(): could not allocate memory',
  'RangeError: Array buffer allocation failed',
  'std::bad_alloc',
  'vk::Device::allocateMemory: ErrorOutOfDeviceMemory: out of device memory',
  'Not enough VRAM to fit the model with the specified settings',
  'A context size of 8192 is too large for the available RAM',
])('is told from: %s', (words) => {
  expect(saysOutOfMemory(words)).toBe(true);
});

it.each(['', 'unknown model architecture: room', 'error loading model: tensor not found', 'the bloom model'])(
  'is not told from: %s',
  (words) => {
    expect(saysOutOfMemory(words)).toBe(false);
  },
);
