/** Owns where an installed Chromium may be, for the preparation of the tests and for the tests themselves. */
import { delimiter, join } from 'node:path';

const LINUX_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Names one that is to be taken before any other. */
export const CHROMIUM_VARIABLE = 'PERSONA_NODE_CHROMIUM';

export function chromiumPaths() {
  switch (process.platform) {
    case 'darwin':
      return ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
    case 'win32':
      return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => {
        const folder = process.env[variable];
        return folder ? [join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')] : [];
      });
    default:
      return (process.env.PATH ?? '')
        .split(delimiter)
        .flatMap((folder) => LINUX_NAMES.map((name) => join(folder, name)));
  }
}
