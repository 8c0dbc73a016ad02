/** Owns `start`: home, lock and log around the companion, what the person sees, and its end. */
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import { createLogger, type Logger, type LogSink } from '../../shared/log.ts';
import { DEFAULT_HOME, DEFAULT_PORT, type StartOptions } from './arguments.ts';
import { startCompanion, type Companion, type Surroundings } from './companion.ts';
import { askStatus } from './control-client.ts';
import { openHome, type Home } from './home.ts';
import { lockHome } from './home-lock.ts';
import { openLogFile } from './log-file.ts';
import { hasDisplay, openBrowser } from './open-browser.ts';
import type { ProgramDeps } from './program-deps.ts';
import { printable, reportFailure, terminalSink, type Terminal } from './terminal.ts';

/** Above what every part needs. */
const SHUTDOWN_WITHIN_MS = 5_000;

/** Resolves when the companion has ended because `signal` aborted. Rejects with what kept it from starting. */
export async function runStart(options: StartOptions, deps: ProgramDeps): Promise<void> {
  const { clock, terminal, signal } = deps;
  const home = await openHome(options.home);
  const file = openLogFile(home.logDir, (error) => {
    terminal.warn(`The log cannot be written any more: ${toAppError(error).message}`);
  });
  const fields = { pid: process.pid };
  try {
    const log = createLogger(both(file.sink, terminalSink(terminal)), clock, fields);
    await runIn(home, options, deps, log);
  } catch (thrown) {
    if (signal.aborted) return;
    const error = toAppError(thrown);
    // On the terminal it is told by the caller, with its next step.
    createLogger(file.sink, clock, fields).log('error', 'companion.failed', {
      code: error.code,
      message: error.message,
      nextStep: error.nextStep,
      detail: error.detail,
    });
    throw error;
  } finally {
    file.close();
  }
}

async function runIn(home: Home, options: StartOptions, deps: ProgramDeps, log: Logger): Promise<void> {
  const { clock, random, terminal, signal, parts } = deps;
  const unlock = await lockHome(home.runDir).catch((error: unknown) =>
    describeHolder(error, home.path, clock),
  );
  const onCrash = (thrown: unknown): void => {
    crash(thrown, log, terminal);
  };
  process.on('uncaughtException', onCrash);
  try {
    log.log('info', 'companion.starting', {
      version: parts.version,
      home: home.path,
      node: process.version,
    });
    const tell = (line: string): void => {
      terminal.say(printable(line));
    };
    const surroundings: Surroundings = { home, clock, random, log, signal, tell };
    const companion = await startCompanion(options, surroundings, parts);
    try {
      await serve(companion, options, surroundings, terminal);
    } finally {
      log.log('info', 'companion.stopping');
      await within(companion.close(), surroundings);
    }
    log.log('info', 'companion.stopped');
  } finally {
    process.off('uncaughtException', onCrash);
    unlock();
  }
}

/** A defect of ours. Nothing can be relied on any more, so nothing but the log is written on the way out. */
function crash(thrown: unknown, log: Logger, terminal: Terminal): void {
  const error = toAppError(thrown);
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  log.log('error', 'companion.crashed', { code: error.code, message: error.message, stack });
  reportFailure(terminal, error);
  process.exit(1);
}

async function serve(
  companion: Companion,
  options: StartOptions,
  { home, clock, random, log, signal }: Surroundings,
  terminal: Terminal,
): Promise<void> {
  const { daemon, origin } = companion;
  const [room] = daemon.rooms;
  log.log('info', 'companion.ready', {
    origin,
    daemon: daemon.kind,
    socketPath: daemon.socketPath,
    reason: daemon.reason,
    room: room?.name,
    channel: room?.channel,
  });
  announce(companion, options, home.path, terminal);
  const { link } = companion.pair();
  terminal.say('');
  const again = `npx persona-node pair${options.home === DEFAULT_HOME ? '' : ` --home ${quoted(options.home)}`}`;
  terminal.say(`Open this link in Chrome. It works once, within 10 minutes; "${again}" prints another.`);
  terminal.say('');
  terminal.say(link);
  terminal.say('');
  const opened =
    options.open && hasDisplay()
      ? openBrowser(link, { runDir: home.runDir, clock, random, log, signal })
      : Promise.resolve();
  await Promise.all([opened, untilAborted(signal)]);
}

function announce(companion: Companion, options: StartOptions, home: string, terminal: Terminal): void {
  const { daemon, origin } = companion;
  const status = companion.status();
  const port = new URL(origin).port;
  if (port !== String(DEFAULT_PORT)) {
    terminal.warn(
      `Port ${port} is another place than ${DEFAULT_PORT}: the browser keeps personas per port, so others live here.`,
    );
  }
  terminal.say(`Persona Node ${status.version}`);
  terminal.say(`  home    ${home}`);
  terminal.say(`  daemon  ${daemon.kind === 'embedded' ? 'built-in' : 'airc'}: ${daemon.reason}`);
  terminal.say(`          ${daemon.socketPath}`);
  for (const room of daemon.rooms) terminal.say(`  room    ${room.name} (${room.channel})`);
  for (const model of status.models.slice(0, 1)) {
    terminal.say(`  model   ${model.name}`);
  }
  for (const adapter of status.adapters) terminal.say(`  adapter ${printable(adapter.name)}`);
  const { available, reason } = status.companionLane;
  terminal.say(
    `  lane    ${options.lane ?? 'chosen by the page'}; companion lane ${available ? 'ready' : 'not available'}: ${reason}`,
  );
}

/** As a shell takes it for one word. */
function quoted(path: string): string {
  return /\s/.test(path) ? `"${path}"` : path;
}

/** Who holds the home, where it answers: the person has to find it. */
async function describeHolder(error: unknown, home: string, clock: Clock): Promise<never> {
  if (!(error instanceof AppError) || error.code !== 'CompanionAlreadyRunning') throw error;
  const holder = await askStatus(home, clock).catch((_silent: unknown) => undefined);
  if (holder === undefined) throw error;
  throw new AppError(
    'CompanionAlreadyRunning',
    `Process ${holder.pid} already runs with the home ${home}, at ${holder.origin}.`,
    { cause: error.cause },
  );
}

/** Bounded: a part that hangs must not keep the person from ending it. */
async function within(work: Promise<void>, { clock, log }: Surroundings): Promise<void> {
  let cancel: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(SHUTDOWN_WITHIN_MS, () => {
      log.log('error', 'shutdown.late', { afterMs: SHUTDOWN_WITHIN_MS });
      resolve();
    });
  });
  await Promise.race([work, late]);
  cancel();
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function both(one: LogSink, other: LogSink): LogSink {
  return (line) => {
    one(line);
    other(line);
  };
}
