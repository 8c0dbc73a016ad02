import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeResponse, type IpcResponse, type UnknownResponse } from '../../../shared/airc/ipc/response.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/random.ts';
import { fromHex, VECTORS } from '../../../shared/testing/airc-vectors.ts';
import { FrameReader, MAX_FRAME_BYTES } from '../frames.ts';
import { startEmbeddedDaemon, type EmbeddedDaemon } from './embedded-daemon.ts';

let folder: string;
let daemon: EmbeddedDaemon;
const open = new Set<Socket>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airc-serve-'));
  daemon = await startEmbeddedDaemon({
    socketPath: join(folder, 'airc.sock'),
    storeFile: join(folder, 'airc.db'),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
});
afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
});
afterAll(async () => {
  await daemon.close();
  await rm(folder, { recursive: true });
});

async function dial(): Promise<Socket> {
  const socket = connect(daemon.socketPath);
  socket.on('error', () => undefined);
  open.add(socket);
  await once(socket, 'connect');
  return socket;
}

/** Everything the daemon says until it closes. */
async function answersTo(bytes: Uint8Array, endsItsSide = false): Promise<(IpcResponse | UnknownResponse)[]> {
  const socket = await dial();
  const reader = new FrameReader();
  const answers: (IpcResponse | UnknownResponse)[] = [];
  socket.on('data', (chunk: Buffer) => {
    for (const payload of reader.push(chunk)) answers.push(decodeResponse(payload));
  });
  socket.write(bytes);
  if (endsItsSide) socket.end();
  await once(socket, 'close');
  return answers;
}

const parseError = (message: unknown): unknown => [
  { kind: 'error', message: expect.stringMatching(`^could not parse request: ${String(message)}`) },
];

describe('a connection', () => {
  it('gets one answer, then the end; what else it writes is not read', async () => {
    const ping = fromHex('00000009a1626f706470696e67');
    expect(await answersTo(Buffer.concat([ping, ping]))).toEqual([{ kind: 'pong' }]);
  });

  it('may end its side first', async () => {
    expect(await answersTo(fromHex('00000009a1626f706470696e67'), true)).toEqual([{ kind: 'pong' }]);
  });

  it('that ends without a request, or within its length, gets no answer', async () => {
    expect(await answersTo(new Uint8Array(), true)).toEqual([]);
    expect(await answersTo(Uint8Array.of(0, 0, 0), true)).toEqual([]);
  });

  it('that ends inside its request is told so', async () => {
    expect(await answersTo(Uint8Array.of(0, 0, 0, 9, 0xa1), true)).toEqual(parseError('early eof$'));
  });

  it('that announces too much is told so at once', async () => {
    expect(await answersTo(Uint8Array.of(1, 0, 0, 1))).toEqual(
      parseError(`ipc frame too large: 16777217 bytes exceeds ${MAX_FRAME_BYTES}$`),
    );
  });

  it('that disappears in the middle of a stream harms nobody', async () => {
    for (let round = 0; round < 20; round += 1) {
      const socket = await dial();
      const attach = VECTORS.vectors.find((vector) => vector.name === 'attach live');
      socket.write(fromHex(attach?.frame_hex ?? ''));
      await once(socket, 'data');
      socket.destroy();
    }
    expect(await answersTo(fromHex('00000009a1626f706470696e67'))).toEqual([{ kind: 'pong' }]);
  });
});

describe('requests without a room', () => {
  it('are refused in the words of airc', async () => {
    expect(await answersTo(fromHex('0000000aa1626f7065696e626f78'))).toEqual([
      { kind: 'error', message: 'inbox requires a channel in the owner-core model' },
    ]);
    expect(await answersTo(fromHex('0000000ba1626f7066617474616368'))).toEqual([
      { kind: 'error', message: 'attach requires a channel in the owner-core model' },
    ]);
  });
});

/** Every request that was sent to a real daemon: answered with the same kind, probes refused or taken alike. */
describe('what was sent to a real daemon', () => {
  /** Taken there by an accident of its decoder. */
  const ACCIDENT = 'T12';
  const sent = VECTORS.vectors.filter(
    ({ frame_hex: hex, answer, name }) =>
      hex !== undefined && answer && name !== 'stop' && !name.startsWith('attach'),
  );
  it.each(sent)('$name', async ({ name, frame_hex: hex = '', answer }) => {
    const [first] = await answersTo(fromHex(hex));
    expect(first?.kind).toBe(name.startsWith(ACCIDENT) ? 'error' : answer?.kind);
    if (answer?.kind === 'error')
      expect(first).toMatchObject({ message: expect.stringMatching(/^could not parse request: /) });
  });
});

describe.skipIf(process.platform === 'win32')('its files', () => {
  it('are for the owner alone', async () => {
    const modeOf = async (name: string): Promise<number> => (await stat(join(folder, name))).mode & 0o777;
    expect(await modeOf('airc.sock')).toBe(0o600);
    expect(await modeOf('airc.db')).toBe(0o600);
    expect(await modeOf('airc.db-wal')).toBe(0o600);
  });
});
