import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { GATED_ORIGIN, GatedTokenSchema, gatedRepository, gatedUrl } from './gated.ts';

describe('what may be asked of the host of gated models', () => {
  it.each([
    '/meta/llama-3.2_1B/resolve/main/a.gguf',
    '/meta/llama/resolve/9217f5db79a29953eb74d5343926648285ec7e67/q8/tiny%20one(2).gguf',
    '/api/models/meta/llama/revision/main',
    '/api/models/meta/llama/tree/main/q8?recursive=true&cursor=abc%3D',
  ])('is %s, as it is written', (target) => {
    expect(gatedUrl(target)?.href).toBe(GATED_ORIGIN + target);
    expect(gatedUrl(target) && gatedRepository(gatedUrl(target) as URL)).toMatch(/^meta\/llama/);
  });

  it.each([
    '',
    'meta/llama/resolve/main/a',
    '@evil.example/meta/resolve/main/a',
    ':8443/meta/llama/resolve/main/a',
    '.evil.example/meta/llama/resolve/main/a',
    '/meta/llama/blob/main/a',
    '/meta/llama/raw/main/a',
    '/datasets/meta/llama/resolve/main/a',
    '/meta/resolve/main/a',
    '/meta/llama/resolve/main//a',
    '/meta/llama/resolve/main/./a',
    '/meta/llama/resolve/main/a b',
    '/meta/llama/resolve/main/a\\..\\b',
    '/meta/llama/resolve/main/a\nx: y',
    '/api/models/meta/llama/tree/main?a=%00<',
  ])('is not %j', (target) => {
    expect(gatedUrl(target)).toBeUndefined();
  });
});

it.each([`hf_${'0'.repeat(16)}\n`, 'hf_0 0000000000000000', 'hf_000', 'x'.repeat(513), undefined, 7])(
  'a token is not %j, and is not repeated',
  (wish) => {
    const parsed = v.safeParse(GatedTokenSchema, wish);
    expect(parsed.success).toBe(false);
    expect(parsed.issues?.map(({ message }) => message).join()).toMatch(/^A token (has|is) [a-z0-9 ]+\.$/i);
  },
);
