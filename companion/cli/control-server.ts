/** Owns answering the commands of the person at the machine, over a socket that nobody else can open. */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import * as v from 'valibot';
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError, toWireError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { prepareControlPath, type ControlPath } from './control-path.ts';
import {
  CONTROL_WITHIN_MS,
  ControlRequestSchema,
  MAX_CONTROL_REQUEST_BYTES,
  type ControlCommand,
  type Pair,
  type Status,
} from './control-protocol.ts';

export interface ControlHandlers {
  readonly status: () => Status;
  readonly pair: () => Pair;
}

export interface ControlServerDeps {
  readonly handlers: ControlHandlers;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Listens on a path whose lock the caller holds, so a socket file found there is a dead one's. Rejects with
 * `HomeUnusable`; the returned function closes it and takes the file away.
 */
export async function startControlServer(
  where: ControlPath,
  deps: ControlServerDeps,
): Promise<() => Promise<void>> {
  const isFile = !where.path.startsWith('\\\\');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(socket, deps);
  });
  try {
    await prepareControlPath(where);
    if (isFile) await rm(where.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(where.path, resolve);
    });
    // Until here the folder's 0700 keeps others out.
    if (isFile) await chmod(where.path, 0o600);
  } catch (error) {
    server.close();
    if (error instanceof AppError) throw error;
    throw new AppError('HomeUnusable', `The control socket ${where.path} cannot be opened.`, {
      cause: error,
    });
  }
  return async () => {
    for (const socket of open) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    if (isFile) await rm(where.path, { force: true });
  };
}

function serve(socket: Socket, { handlers, clock, log }: ControlServerDeps): void {
  let text = '';
  const cancel = clock.after(CONTROL_WITHIN_MS, () => socket.destroy());
  socket.setEncoding('utf8');
  socket.on('error', (error) => {
    log.log('info', 'control.broken', { message: error.message });
  });
  socket.on('close', cancel);
  socket.on('data', (chunk: string) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end < 0 && text.length <= MAX_CONTROL_REQUEST_BYTES) return;
    socket.removeAllListeners('data');
    socket.end(`${JSON.stringify(answer(text.slice(0, Math.max(end, 0)), handlers, log))}\n`);
  });
}

function answer(line: string, handlers: ControlHandlers, log: Logger): unknown {
  try {
    const command = commandOf(line);
    log.log('info', 'control.command', { command });
    return { ok: true, result: handlers[command]() };
  } catch (error) {
    log.log('warn', 'control.refused', { code: toAppError(error).code });
    return { ok: false, error: toWireError(error) };
  }
}

function commandOf(line: string): ControlCommand {
  try {
    return v.parse(ControlRequestSchema, JSON.parse(line)).command;
  } catch (error) {
    throw new AppError('ArgumentInvalid', 'This is no command of the companion.', { cause: error });
  }
}
