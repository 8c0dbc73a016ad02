/** Owns what every journey starts with: companions in homes of their own, browsers, visitors; and that all of it ends. */
import { expect, test as base, type Browser, type BrowserContext } from '@playwright/test';
import { plumbingFile } from '../models/plumbing-file.ts';
import { launchChromium } from '../run/chromium.ts';
import { makeHome, startCompanionProcess, type CompanionProcess } from '../run/companion-process.ts';
import { Visitor } from './visitor.ts';

interface Fixtures {
  /** A folder that is gone after the test. */
  readonly home: string;
  /** `npm start` with this test's home, and the model whose nonsense is known unless `args` name another. */
  readonly start: (args?: readonly string[]) => Promise<CompanionProcess>;
  /** The same with what a newcomer gets. */
  readonly startAsShipped: (args?: readonly string[]) => Promise<CompanionProcess>;
  /** A browser profile of its own. */
  readonly profile: () => Promise<BrowserContext>;
  /** Opens a link, in a profile of its own unless one is named. */
  readonly visit: (link: string, profile?: BrowserContext) => Promise<Visitor>;
  /** What most journeys begin with: a companion, and a paired visitor whose persona is idle. */
  readonly settle: (args?: readonly string[]) => Promise<{ companion: CompanionProcess; visitor: Visitor }>;
}

export const test = base.extend<Fixtures, { readonly chromium: Browser }>({
  chromium: [
    async ({ playwright: _unused }, use) => {
      const browser = await launchChromium();
      await use(browser);
      await browser.close();
    },
    { scope: 'worker' },
  ],
  // Playwright insists on a pattern as the first argument, also where nothing is needed of it.
  home: async ({ playwright: _unused }, use) => {
    const { home, remove } = await makeHome();
    await use(home);
    await remove();
  },
  start: async ({ startAsShipped }, use) => {
    await use(async (args = []) =>
      startAsShipped(args.includes('--model') ? args : [...args, '--model', await plumbingFile()]),
    );
  },
  startAsShipped: async ({ home }, use) => {
    const started: CompanionProcess[] = [];
    await use(async (args = []) => {
      const companion = await startCompanionProcess(home, args);
      started.push(companion);
      return companion;
    });
    for (const companion of started) await companion.stop();
  },
  profile: async ({ chromium }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await chromium.newContext({ viewport: { width: 1280, height: 800 } });
      contexts.push(context);
      return context;
    });
    for (const context of contexts) await context.close();
  },
  visit: async ({ profile }, use) => {
    const visitors: Visitor[] = [];
    await use(async (link, context) => {
      const visitor = await Visitor.arrive(context ?? (await profile()), link);
      visitors.push(visitor);
      return visitor;
    });
    expect(visitors.flatMap(({ defects }) => defects)).toEqual([]);
  },
  settle: async ({ start, visit }, use) => {
    await use(async (args) => {
      const companion = await start(args);
      const visitor = await visit(companion.link);
      await visitor.personaIsIdle();
      return { companion, visitor };
    });
  },
});

export { expect };
