/** Owns where the compiled test model lies. */
import { fileURLToPath } from 'node:url';

/** What `npm run make:mlc-test-model` leaves; outside git. */
export const MLC_TEST_MODEL = fileURLToPath(new URL('../../../.e2e/mlc-test-model', import.meta.url));
