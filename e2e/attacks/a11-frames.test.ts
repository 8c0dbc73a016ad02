/** A11: frames that are too long, too many, never end, or are none. */
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MAX_MESSAGE_BYTES } from '../../shared/bridge/limits.ts';
import {
  openProbe,
  openReady,
  pairOnce,
  startTarget,
  type Keys,
  type Probe,
  type Target,
} from './harness.ts';

const TEXT = 1;
const CONTINUATION = 0;
const PING = 9;
const RSV1 = 0x40;
const MIB = 1024 * 1024;

let target: Target;
let who: { sessionId: string; keys: Keys };
const probes: Probe[] = [];
beforeAll(async () => {
  target = await startTarget();
  who = await pairOnce(target);
});
afterEach(() => {
  for (const probe of probes.splice(0)) probe.socket.terminate();
});
afterAll(() => target.stop());

async function ready(): Promise<{ probe: Probe; wire: Socket }> {
  const probe = await openReady(target, who);
  probes.push(probe);
  // Frames of our own making go to the connection under the client, which no typed interface gives.
  return { probe, wire: (probe.socket as unknown as { _socket: Socket })._socket };
}

interface FrameOptions {
  readonly fin?: boolean;
  readonly reserved?: number;
  readonly masked?: boolean;
  /** Says another length than the payload has. */
  readonly declaredBytes?: bigint;
}

/** A client's frame; the mask is all zeros, so the payload stays readable. */
function frame(opcode: number, payload: Buffer, options: FrameOptions = {}): Buffer {
  const { fin = true, reserved = 0, masked = true, declaredBytes = BigInt(payload.length) } = options;
  const head = Buffer.alloc(10);
  head[0] = (fin ? 0x80 : 0) | reserved | opcode;
  head[1] = (masked ? 0x80 : 0) | 127;
  head.writeBigUInt64BE(declaredBytes, 2);
  if (declaredBytes < 126n) head[1] = (masked ? 0x80 : 0) | Number(declaredBytes);
  const length = declaredBytes < 126n ? head.subarray(0, 2) : head;
  return Buffer.concat([length, Buffer.alloc(masked ? 4 : 0), payload]);
}

async function closeCodeAfter(...frames: Buffer[]): Promise<number> {
  const { probe, wire } = await ready();
  for (const one of frames) wire.write(one);
  return (await probe.closed).code;
}

describe('A11: frames', () => {
  it('takes a message at the limit, and closes with 1009 one byte above', async () => {
    const { probe } = await ready();
    probe.socket.send('x'.repeat(MAX_MESSAGE_BYTES));
    expect((await probe.message(2)).length).toBe(MAX_MESSAGE_BYTES);
    probe.socket.send('x'.repeat(MAX_MESSAGE_BYTES + 1));
    expect((await probe.closed).code).toBe(1009);
  });

  it('does not wait for a length that is far too long', async () => {
    const endless = frame(TEXT, Buffer.from('x'), { declaredBytes: 2n ** 40n });
    expect(await closeCodeAfter(endless)).toBe(1009);
    const beyond = frame(TEXT, Buffer.from('x'), { declaredBytes: 2n ** 62n });
    expect(await closeCodeAfter(beyond)).toBe(1009);
  });

  it('closes on 10,000 fragments', async () => {
    const fragments = Array.from({ length: 10_000 }, (_, at) =>
      frame(at === 0 ? TEXT : CONTINUATION, Buffer.from('x'), { fin: false }),
    );
    expect(await closeCodeAfter(Buffer.concat(fragments))).toBe(1008);
  });

  it('keeps its memory while fragments never end', async () => {
    const { probe, wire } = await ready();
    const used = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    const before = used();
    const part = Buffer.alloc(60_000, 'x');
    wire.write(frame(TEXT, part, { fin: false }));
    const more = frame(CONTINUATION, part, { fin: false });
    for (let count = 0; count < 1_000 && !wire.destroyed; count += 1) {
      if (!wire.write(more)) await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await probe.closed).code).toBe(1009);
    expect(used() - before).toBeLessThan(64 * MIB);
  });

  it.each<[string, number, Buffer]>([
    ['invalid UTF-8', 1007, frame(TEXT, Buffer.from([0xc3, 0x28]))],
    ['a reserved opcode', 1002, frame(3, Buffer.from('x'))],
    ['a reserved bit, as of a compressed frame', 1002, frame(TEXT, Buffer.from('x'), { reserved: RSV1 })],
    ['an unmasked frame', 1002, frame(TEXT, Buffer.from('x'), { masked: false })],
    ['a fragmented ping', 1002, frame(PING, Buffer.from('x'), { fin: false })],
    ['a ping that is too long', 1002, frame(PING, Buffer.alloc(126))],
    ['a continuation of nothing', 1002, frame(CONTINUATION, Buffer.from('x'))],
  ])('closes on %s with %d', async (_name, code, bytes) => {
    expect(await closeCodeAfter(bytes)).toBe(code);
  });

  it('offers no compression, so there is no bomb to unpack', async () => {
    const socket = new WebSocket(`${target.origin.replace('http', 'ws')}/bridge`, {
      origin: target.origin,
      perMessageDeflate: true,
    });
    await new Promise((resolve) => socket.once('open', resolve));
    expect(socket.extensions).toBe('');
    socket.terminate();
  });

  it('is as strict before the greeting', async () => {
    const probe = openProbe(target);
    probes.push(probe);
    await probe.message(0);
    probe.socket.send('x'.repeat(MAX_MESSAGE_BYTES + 1));
    expect((await probe.closed).code).toBe(1009);
  });
});
