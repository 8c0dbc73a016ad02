/** Owns taking the port: loopback only, this port or none, and who has it if we cannot. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { describePortHolder } from './port-holder.ts';

const HOST = '127.0.0.1';

/**
 * Resolves with the origin. Never tries another port: personas belong to the origin. Rejects with `PortTaken`, or
 * `ArgumentInvalid` for a port the system does not allow.
 */
export async function listen(server: Server, port: number, clock: Clock): Promise<string> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: HOST, port, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EADDRINUSE') {
      throw new AppError('ArgumentInvalid', `Port ${port} cannot be used here (${String(code)}).`, {
        cause: error,
      });
    }
    const holder = await describePortHolder(HOST, port, clock);
    throw new AppError('PortTaken', `Port ${port} is in use by ${holder}.`, { cause: error });
  }
  // A TCP server that listens has an address with a port.
  return `http://${HOST}:${(server.address() as AddressInfo).port}`;
}
