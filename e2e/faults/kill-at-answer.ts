/** Owns the sharpest moment to end a daemon: when the first byte of what it acknowledges arrives, before it is even read. */
import { connect } from 'node:net';
import { FrameReader, toFrame } from '../../companion/airc/frames.ts';
import { encodeRequest, type IpcRequest } from '../../shared/airc/ipc/request.ts';
import { decodeResponse } from '../../shared/airc/ipc/response.ts';
import type { PublishReceipt } from '../../shared/airc/model.ts';

/** Publishes over a socket without the client's layers, which take longer than a commit; `kill` is called at once. */
export async function killAtAnswer(
  socketPath: string,
  request: Extract<IpcRequest, { op: 'publish' }>,
  kill: () => void,
): Promise<PublishReceipt> {
  const frame = toFrame(encodeRequest(request));
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect(socketPath);
    // Stays for what comes after the kill.
    socket.on('error', reject);
    socket.once('close', () => {
      reject(new Error('The daemon closed without an answer.'));
    });
    socket.once('data', (chunk: Buffer) => {
      kill();
      resolve(chunk);
    });
    socket.write(frame);
  });
  const [payload] = new FrameReader().push(bytes);
  const response = payload && decodeResponse(payload);
  if (response?.kind !== 'publish') throw new Error(`The daemon answered ${String(response?.kind)}.`);
  return response;
}
