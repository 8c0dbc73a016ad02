/** Owns asking a running companion, from another process of the same person. */
import { connect } from 'node:net';
import * as v from 'valibot';
import type { Clock } from '../../shared/clock.ts';
import { AppError, fromWireError } from '../../shared/errors.ts';
import { controlPathOf } from './control-path.ts';
import {
  CONTROL_WITHIN_MS,
  ControlAnswerSchema,
  MAX_CONTROL_ANSWER_BYTES,
  PairSchema,
  StatusSchema,
  type ControlCommand,
  type Pair,
  type Status,
} from './control-protocol.ts';
import { findHome } from './home.ts';

/** Rejects with `CompanionNotRunning`, or what the companion answers. */
export async function askStatus(home: string, clock: Clock): Promise<Status> {
  return parse(StatusSchema, await ask(home, 'status', clock));
}

/** As {@link askStatus}. The link is a secret until it is used. */
export async function askPair(home: string, clock: Clock): Promise<Pair> {
  return parse(PairSchema, await ask(home, 'pair', clock));
}

async function ask(homePath: string, command: ControlCommand, clock: Clock): Promise<unknown> {
  const home = await findHome(homePath);
  if (home === undefined) throw new AppError('CompanionNotRunning', `There is no home at ${homePath}.`);
  const line = await exchange(controlPathOf(home).path, `${JSON.stringify({ command })}\n`, clock).catch(
    (error: unknown) => {
      throw new AppError('CompanionNotRunning', `No companion runs with the home ${home.path}.`, {
        cause: error,
      });
    },
  );
  const answer = parse(ControlAnswerSchema, JSON.parse(line));
  if (answer.ok) return answer.result;
  throw fromWireError(answer.error);
}

function exchange(path: string, request: string, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path);
    const cancel = clock.after(CONTROL_WITHIN_MS, () => {
      socket.destroy(new Error('It did not answer in time.'));
    });
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_CONTROL_ANSWER_BYTES) socket.destroy(new Error('It answered too much.'));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      cancel();
      if (text.endsWith('\n')) resolve(text);
      else reject(new Error('It hung up.'));
    });
  });
}

function parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  throw new AppError('Internal', 'The running companion is of another version; stop it and start it again.');
}
