/** Owns the same questions in the wasm lane: forty requests in Chromium, beside the companion's answers to them. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { GenerateRequest, GenerateResult } from '../../../../shared/inference/generate.ts';
import { startLaneRig } from '../../../lanes/lane-rig.ts';
import { launchChromium } from '../../../run/chromium.ts';

export async function askInChromium(
  path: string,
  requests: readonly GenerateRequest[],
): Promise<readonly GenerateResult[]> {
  const bytes = await readFile(path);
  const offer = {
    id: 'starter',
    name: 'starter.gguf',
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    starter: true,
    path: '/models/starter',
  };
  const rig = await startLaneRig(new Map([[offer.path, path]]));
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(rig.origin);
    return await page.evaluate(
      async ([given, asked]) => {
        const api = window.startLaneRig();
        const opened = await api.open(
          { kind: 'offer', offer: given },
          { threads: 1, withoutWebgpu: 'not asked for' },
        );
        if (!opened.ok) throw new Error(JSON.stringify(opened.error));
        const answers = await api.generate(asked);
        await api.close();
        if (!answers.ok) throw new Error(JSON.stringify(answers.error));
        return answers.value;
      },
      [offer, [...requests]] as const,
    );
  } finally {
    await browser.close();
    await rig.stop();
  }
}
