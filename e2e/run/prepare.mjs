/** Owns what every command of these folders needs first: packages, the build, and where it looks at pages a Chromium. */
import { ensureBuild } from '../../companion/launch/build.mjs';
import { ensurePackages } from '../../companion/launch/packages.mjs';
import { StepFailed } from '../../companion/launch/step.mjs';
import { ensureChromium } from './ensure-chromium.mjs';

/** Resolves with false when a step failed; it is told then. */
export async function prepare(root, { needsChromium }) {
  try {
    await ensurePackages(root);
    await ensureBuild(root);
    if (needsChromium) await ensureChromium(root);
    return true;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    error.report();
    return false;
  }
}
