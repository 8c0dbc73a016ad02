/** Owns the first moments of the page: the code leaves the address, the browser is asked what it can, then all starts. */
import { missingFeatures } from './gate/required-features.ts';
import { showUnsupported } from './gate/unsupported-page.ts';
import { takePairingCode } from './pairing/pairing-code.ts';

// First of all: whatever fails below, the code is in no address any more.
const pairingCode = takePairingCode(location, history);

const place = document.querySelector('#starting');
if (!place) throw new Error('index.html has no place to start in.');

const missing = await missingFeatures(globalThis);
if (missing.length > 0) {
  showUnsupported(place, missing);
} else {
  // Loaded only now: a browser without Trusted Types could not even make its first template.
  const { startPage } = await import('./start-page.ts');
  startPage(place, pairingCode);
}
