/** Owns one live turn from outside: a companion, a Chromium, a line said on the page, and what became of it, stage by stage. */
import type { Page } from 'playwright';
import { SocketClient } from '../../companion/airc/socket-client.ts';
import { chatTextOf, parseBody } from '../../shared/airc/body.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { launchChromium, WEBGPU_ON_SWIFTSHADER } from '../run/chromium.ts';
import { makeHome, startCompanionProcess, type CompanionProcess } from '../run/companion-process.ts';

export interface SmokeOptions {
  /** A GGUF file or a folder that MLC compiled; the starter without one. */
  readonly model?: string | undefined;
  /** `mlc` follows from the model and is only checked. */
  readonly lane?: string | undefined;
  readonly airc: string;
  readonly say: string;
  /** For a machine without a GPU: WebGPU by SwiftShader, without `shader-f16`. */
  readonly softwareGpu: boolean;
}

const BOOT_WITHIN_MS = 600_000;
const TURN_WITHIN_MS = 600_000;
const NEWEST = 20;

/** What the node worker writes to its console. */
type Line = Readonly<Record<string, unknown>> & { readonly event: string };

function stage(name: string, text: string): void {
  console.log(`\n── ${name} ──\n${text}`);
}

/** Resolves with the exit code: 0 when the turn was decided, by the lane that was asked for. */
export async function smoke(options: SmokeOptions): Promise<number> {
  const { home, remove } = await makeHome();
  const args = ['--airc', options.airc];
  if (options.model !== undefined) args.push('--model', options.model);
  if (options.lane !== undefined && options.lane !== 'mlc') args.push('--lane', options.lane);
  const companion = await startCompanionProcess(home, args);
  const browser = await launchChromium(options.softwareGpu ? WEBGPU_ON_SWIFTSHADER : []);
  try {
    const page = await browser.newPage();
    const lines = listen(page);
    await page.goto(companion.link.replace('/#', '/?trace#'));
    await booted(page);
    const lane = await factsOf(page);
    stage('probe, and what was loaded', lane);
    await say(page, options.say);
    const end = await until(() => lines.find(({ event }) => DECIDED.test(event)), TURN_WITHIN_MS);
    stage('prompt', textOf(lines, 'turn.prompt', 'prompt'));
    stage('raw output', textOf(lines, 'turn.raw', 'raw'));
    stage('decision', JSON.stringify(end, undefined, 2));
    stage('the inbox of the room', await inboxOf(companion));
    if (end?.event === 'turn.errored' || end === undefined) return 1;
    if (options.lane === undefined || lane.includes(`Lane: ${options.lane},`)) return 0;
    console.error(`\nAnother lane than ${options.lane} answered.`);
    return 1;
  } finally {
    await browser.close();
    await companion.stop();
    await remove();
  }
}

const DECIDED = /^turn\.(replied|silent|errored)$/;

function listen(page: Page): Line[] {
  const lines: Line[] = [];
  page.on('console', (message) => {
    const text = message.text();
    // Our own log, written as JSON.
    if (text.startsWith('{"event":')) lines.push(JSON.parse(text) as Line);
  });
  return lines;
}

/** Until somebody of this node is idle, or it is told why not. */
async function booted(page: Page): Promise<void> {
  const people = page.getByRole('region', { name: 'People', exact: true });
  const failure = page.getByRole('region', { name: 'Models', exact: true }).locator('.trouble');
  await people.getByText('Idle').or(failure).first().waitFor({ timeout: BOOT_WITHIN_MS });
  const [trouble] = await failure.allInnerTexts();
  if (trouble !== undefined) throw new Error(trouble);
}

async function factsOf(page: Page): Promise<string> {
  const facts = await page.getByRole('status', { name: 'Node status' }).locator('.fact').all();
  const lines: string[] = [];
  for (const fact of facts) {
    const [name = '', ...values] = await fact.locator('dt, dd').allInnerTexts();
    lines.push(`${name}: ${values.join(' | ')}`);
  }
  return lines.join('\n');
}

async function say(page: Page, text: string): Promise<void> {
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill(text);
  await box.press('Enter');
}

async function until<T>(look: () => T | undefined, withinMs: number): Promise<T | undefined> {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs) {
    const found = look();
    if (found !== undefined) return found;
    await systemClock.sleep(100);
  }
  return undefined;
}

function textOf(lines: readonly Line[], event: string, field: string): string {
  const value = lines.findLast((line) => line.event === event)?.[field];
  return typeof value === 'string' ? value : '(none)';
}

async function inboxOf(companion: CompanionProcess): Promise<string> {
  const { daemon, rooms } = await companion.status();
  const client = new SocketClient({ path: daemon.socketPath, clock: systemClock, log: silentLogger });
  const [room] = rooms;
  if (!room) return '(no room)';
  const { events } = await client.inbox({ channel: room.channel, limit: NEWEST });
  return events
    .map(({ kind, headers, payload }) => {
      const name = headers.get('x-persona.name') ?? headers.get('airc.client') ?? 'somebody';
      return `${kind}, ${name}: ${bodyText(payload)}`;
    })
    .join('\n');
}

function bodyText(payload: Uint8Array): string {
  const body = parseBody(payload);
  return (body && chatTextOf(body)) ?? `(${payload.length} bytes)`;
}
