/** Owns finding out who has our port, as far as can be known from outside. */
import { request } from 'node:http';
import type { Clock } from '../../shared/clock.ts';
import { processListeningOn } from './listening-process.ts';

const PROBE_WITHIN_MS = 1_000;

/** In words, to stand after "in use by": "another Persona Node companion (node, process 4711)". Never rejects. */
export async function describePortHolder(host: string, port: number, clock: Clock): Promise<string> {
  const [program, owner] = await Promise.all([probe(host, port, clock), processListeningOn(port)]);
  return owner === undefined ? program : `${program} (${owner})`;
}

function probe(host: string, port: number, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    const attempt = request({ host, port, method: 'HEAD', path: '/', agent: false }, (response) => {
      const name = response.headers.server;
      resolve(name === 'persona-node' ? 'another Persona Node companion' : 'another web server');
      attempt.destroy();
    });
    const cancel = clock.after(PROBE_WITHIN_MS, () => {
      resolve('another program');
      attempt.destroy();
    });
    // Whatever does not speak HTTP is a program all the same.
    attempt.on('error', () => {
      resolve('another program');
    });
    attempt.on('close', cancel);
    attempt.end();
  });
}
