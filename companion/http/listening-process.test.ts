import { expect, it } from 'vitest';
import { listeningInode } from './listening-process.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:128B 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 20 4 30 10 -1
   1: 0100007F:128B 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 222 1 0 100 0 0 10 0
   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 333 1 0 100 0 0 10 0
`;

it('finds the listening socket of a port, not its connections', () => {
  expect(listeningInode(TABLE, 4747)).toBe('222');
  expect(listeningInode(TABLE, 80)).toBe('333');
  expect(listeningInode(TABLE, 4748)).toBeUndefined();
});
