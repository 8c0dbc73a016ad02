import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from './journey.ts';

const TALK = fileURLToPath(new URL('../outsider/talk.mjs', import.meta.url));

test('another airc client, with no code of ours, is heard and hears her signed answer in both ways', async ({
  settle,
}) => {
  const { companion, visitor } = await settle();
  const { daemon, rooms } = await companion.status();
  const peerId = await visitor.personaPeerId();

  const { stdout } = await promisify(execFile)(process.execPath, [
    TALK,
    '--socket',
    daemon.socketPath,
    '--channel',
    rooms[0]?.channel ?? '',
    '--peer',
    peerId,
    'Hello from outside',
  ]);
  // Exit code 0: one event, live and in the inbox, of that peer, and its signature holds.
  const lines = stdout
    .trim()
    .split('\n')
    .flatMap((line) => Object.keys(JSON.parse(line) as object));
  expect(lines).toEqual(['sent', 'live', 'inbox', 'signature']);

  const line = visitor.messages.filter({ hasText: 'Hello from outside' });
  await expect(line).toHaveCount(1);
  await expect(line).toContainText('unsigned');
  await expect(visitor.messagesOf(await visitor.personaName())).toHaveCount(1);
});
