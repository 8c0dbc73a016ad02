import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readModelFile } from '../../../companion/llama/model-file.ts';
import { CHATML_TEMPLATE } from '../../../shared/inference/chat-template.ts';
import { STARTER } from '../../../shared/models/catalogue.ts';
import { itemsOf } from './scoring/items.ts';
import { openMind } from './scoring/mind.ts';
import { CONTEXT_TOKENS, CONTROL_TOKENS, TURN_END } from './starter-form.ts';

const path = fileURLToPath(new URL('../../../public/models/starter.gguf', import.meta.url));

describe('the starter model', () => {
  it('says in its header what it is, and is small', async () => {
    const { header, sizeBytes } = await readModelFile(path);
    expect(header).toMatchObject({
      name: 'persona-node starter',
      architecture: 'llama',
      contextTokens: CONTEXT_TOKENS,
      chatTemplate: CHATML_TEMPLATE,
      eosToken: TURN_END,
      controlTokens: CONTROL_TOKENS,
      addsBos: false,
      starter: true,
    });
    expect(sizeBytes).toBeLessThan(12_000_000);
  });

  it('is the file of the catalogue', async () => {
    const bytes = await readFile(path);
    const { header } = await readModelFile(path);
    expect(STARTER).toMatchObject({
      name: header.name,
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      contextTokens: header.contextTokens,
    });
  });

  it('closes every decision under the grammar, and takes the same for the same', async () => {
    const mind = await openMind(path);
    try {
      for (const turn of itemsOf('new', 'who', 6, 11)) {
        const [first, again] = [await mind.ask(turn), await mind.ask(turn)];
        expect(first.decision).toBeDefined();
        expect(first.result.finishReason).toBe('stop');
        expect(again.result.text).toBe(first.result.text);
      }
    } finally {
      await mind.dispose();
    }
  });
});
