import { describe, expect, it } from 'vitest';
import { pinAddresses, reachOf, type Lookup } from './reach.ts';

const knows =
  (...ips: string[]): Lookup =>
  () =>
    Promise.resolve(ips.map((address) => ({ address })));
const pin = (address: string, lookup: Lookup = knows(), isPublicConfirmed = false) =>
  pinAddresses(new URL(address), { isPublicConfirmed, lookup });

describe('where an endpoint may be', () => {
  it.each([
    ['127.0.0.1', 'private'],
    ['127.8.8.8', 'private'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.178.20', 'private'],
    ['100.101.102.103', 'private'],
    ['::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['::ffff:192.168.1.1', 'private'],
    ['172.32.0.1', 'public'],
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['::ffff:8.8.8.8', 'public'],
    ['169.254.169.254', 'forbidden'],
    ['::ffff:169.254.169.254', 'forbidden'],
    ['100.100.100.200', 'forbidden'],
    ['fd00:ec2::254', 'forbidden'],
    ['fd00:ec2::23', 'forbidden'],
    ['fd20:ce::254', 'forbidden'],
    ['168.63.129.16', 'forbidden'],
    ['::a9fe:a9fe', 'forbidden'],
    ['fe80::1', 'forbidden'],
    ['0.0.0.0', 'forbidden'],
    ['::', 'forbidden'],
    ['224.0.0.1', 'forbidden'],
    ['255.255.255.255', 'forbidden'],
    ['64:ff9b::a9fe:a9fe', 'forbidden'],
    ['2002:a9fe:a9fe::1', 'forbidden'],
    ['no address', 'forbidden'],
  ])('%s is %s', (ip, reach) => {
    expect(reachOf(ip)).toBe(reach);
  });

  it('takes the judged address of a name, and none where one of several is forbidden', async () => {
    expect(await pin('http://localhost:11434/v1', knows('::1', '127.0.0.1'))).toEqual([
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]);
    await expect(pin('http://half.lan', knows('192.168.1.9', '8.8.8.8'))).rejects.toMatchObject({
      code: 'EndpointPublic',
    });
    await expect(pin('http://two.lan', knows('192.168.1.9', '169.254.169.254'))).rejects.toMatchObject({
      code: 'EndpointForbidden',
    });
  });

  it.each([
    ['http://2852039166/latest', 'EndpointForbidden'],
    ['http://0xa9fea9fe/', 'EndpointForbidden'],
    ['http://[::ffff:a9fe:a9fe]/', 'EndpointForbidden'],
    ['http://[fe80::1]/', 'EndpointForbidden'],
    ['http://0/', 'EndpointForbidden'],
    ['http://1.1.1.1/', 'EndpointPublic'],
  ])('refuses %s, however it is written', async (address, code) => {
    await expect(pin(address)).rejects.toMatchObject({ code });
  });

  it('asks for leave when a name has come to lie outside', async () => {
    await expect(pin('http://moved.example', knows('93.184.216.34'))).rejects.toMatchObject({
      code: 'EndpointPublic',
    });
    expect(await pin('http://moved.example', knows('93.184.216.34'), true)).toHaveLength(1);
    // Confirmed as one outside: that it points inside now is nobody's wish.
    await expect(pin('http://moved.example', knows('192.168.1.9'), true)).rejects.toMatchObject({
      code: 'EndpointForbidden',
    });
  });

  it('names a name that nobody knows', async () => {
    const nobody: Lookup = () => Promise.reject(new Error('ENOTFOUND'));
    await expect(pin('http://nowhere.lan', nobody)).rejects.toMatchObject({ code: 'EndpointUnreachable' });
    await expect(pin('http://nowhere.lan', knows())).rejects.toMatchObject({ code: 'EndpointUnreachable' });
  });
});
