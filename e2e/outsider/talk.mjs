#!/usr/bin/env node
/**
 * Owns being an outsider in a room: a program that shares no code with this project, says a line over the daemon's
 * socket, and checks what a persona answers.
 *
 *   node e2e/outsider/talk.mjs --socket PATH --channel UUID [--peer UUID] [--timeout SECONDS] "text"
 *
 * PATH is a Unix socket or a Windows pipe; both it and the room's UUID stand in `npx persona-node status --json`. With
 * `--peer` the answer has to come from that persona. Prints one JSON object per line: `sent`, then the answer as it
 * came `live` through `attach`, the same out of the `inbox`, and its `signature`; or `failed` with a reason. Exit code
 * 0 when the two are one event of that peer and the signature fits, 1 when not, 2 for bad arguments.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { chatTextOf, readEnvelope, uuidText } from './envelope.mjs';
import { ask, attach, Failed } from './ipc.mjs';
import { checkSignature } from './persona-signature.mjs';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const POLL_MS = 200;
const PAGE = 32;

/** Says the line and reads the answer in both ways; rejects with `Failed`. */
async function talk({ socket, channel, peer, timeoutMs, text }) {
  const me = randomUUID();
  const deadline = AbortSignal.timeout(timeoutMs);
  const room = { channel: uuidBytes(channel) };
  // Before anything is said, so that the answer cannot come unseen.
  const listening = await orGiveUp(
    'DaemonSilent',
    deadline,
    attach(socket, { ...room, from_now: true, headers: 'any' }, deadline),
  );
  try {
    const sender = { from_peer: uuidBytes(me), from_client: uuidBytes(randomUUID()) };
    const request = { op: 'send', ...room, ...sender, text, headers: {} };
    const receipt = await orGiveUp('DaemonSilent', deadline, ask(socket, request, 'publish', deadline));
    const { epoch, counter, event_id: eventId } = receipt;
    const isAnswer = (event) =>
      event.kind === 'message' &&
      event.headers['x-persona.kind'] === 'persona' &&
      event.peer_id !== me &&
      // A persona may still have been answering somebody else in between.
      (event.epoch - epoch || event.counter - counter) > 0;
    print({ sent: { event_id: uuidText(eventId), peer_id: me, channel, epoch, counter, text } });

    const live = await orGiveUp('NoLiveAnswer', deadline, nextLive(listening, isAnswer));
    print({ live: shown(live) });
    const since = { epoch, counter, event_id: eventId };
    const found = await orGiveUp(
      'NoInboxAnswer',
      deadline,
      pollInbox({ socket, room, since, deadline }, isAnswer),
    );
    print({ inbox: shown(found) });
    const signature = checkSignature(found);
    print({ signature });

    if (!isDeepStrictEqual(live, found)) {
      throw new Failed('DifferentEvents', 'The live answer and the one in the inbox are not the same event.');
    }
    if (found.channel !== channel) throw new Failed('WrongRoom', `It was said in ${found.channel}.`);
    if (peer !== undefined && found.peer_id !== peer) {
      throw new Failed('WrongPeer', `${found.peer_id} answered, not ${peer}.`);
    }
    if (!signature.valid) throw new Failed('SignatureInvalid', 'The signature does not fit what was said.');
  } finally {
    listening.end();
  }
}

async function nextLive(listening, isWanted) {
  for (;;) {
    const { done, value } = await listening.next();
    if (done) throw new Failed('StreamEnded', 'The daemon ended the stream before an answer came.');
    // Kinds that are not known here are for later programs.
    if (value.kind !== 'event') continue;
    const event = readEnvelope(value.envelope);
    if (isWanted(event)) return event;
  }
}

async function pollInbox({ socket, room, since, deadline }, isWanted) {
  let place = since;
  for (;;) {
    const request = { op: 'inbox', since: place, ...room, limit: PAGE };
    const { envelopes, newest } = await ask(socket, request, 'inbox', deadline);
    const found = envelopes.map(readEnvelope).find(isWanted);
    if (found !== undefined) return found;
    place = newest ?? place;
    if (envelopes.length < PAGE) await sleep(POLL_MS, undefined, { signal: deadline });
  }
}

/** What fails because the time is over is named for what was waited for. */
async function orGiveUp(reason, deadline, work) {
  try {
    return await work;
  } catch (error) {
    if (deadline.aborted) throw new Failed(reason, 'The time given was over.', { cause: error });
    throw error instanceof Failed ? error : new Failed('Unreadable', error.message, { cause: error });
  }
}

function shown({ payload, ...event }) {
  return { ...event, text: chatTextOf(payload) };
}

function uuidBytes(uuid) {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function print(line) {
  console.log(JSON.stringify(line));
}

function readArguments() {
  const option = /** @type {const} */ ({ type: 'string' });
  const options = {
    socket: option,
    channel: option,
    peer: option,
    timeout: { ...option, default: '60' },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const { socket, channel, peer, timeout } = values;
  const [text, ...more] = positionals;
  if (!socket || !text || more.length > 0) throw new Error('A socket and one text are needed.');
  for (const uuid of [channel, peer ?? channel]) {
    if (!UUID.test(uuid ?? '')) throw new Error(`"${String(uuid)}" is no UUID in lower case.`);
  }
  const timeoutMs = Number(timeout) * 1_000;
  if (!(timeoutMs > 0)) throw new Error(`"${timeout}" is no number of seconds.`);
  return { socket, channel, peer, timeoutMs, text };
}

async function main() {
  let input;
  try {
    input = readArguments();
  } catch (error) {
    console.error(
      `${error.message}\nUsage: talk.mjs --socket PATH --channel UUID [--peer UUID] [--timeout SECONDS] TEXT`,
    );
    return 2;
  }
  try {
    await talk(input);
    return 0;
  } catch (error) {
    print({ failed: { reason: error.reason ?? 'Unknown', message: error.message } });
    return 1;
  }
}

process.exitCode = await main();
