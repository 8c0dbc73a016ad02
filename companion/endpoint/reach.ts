/** Owns which addresses an endpoint may have: its name is resolved once, judged, and what was judged is connected to. */
import { BlockList, isIP } from 'node:net';
import { AppError } from '../../shared/errors.ts';

export type Reach = 'private' | 'public' | 'forbidden';

/** All of the name: a server may listen on one of them only. */
export type PinnedAddresses = readonly [Address, ...Address[]];

interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a host. Rejects when there are none. */
export type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

/** RFC 1918, 4193, 6598 (which carries Tailscale) and loopback. */
const PRIVATE = listOf(
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['::1', 128],
  ['fc00::', 7],
);

/**
 * "This host", link-local, multicast and reserved; where clouds tell their machines secrets; and forms of IPv6 that carry
 * an IPv4 address to somewhere else.
 */
const FORBIDDEN = listOf(
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['192.0.0.0', 24],
  ['224.0.0.0', 3],
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32],
  ['fd20:ce::', 32],
  ['168.63.129.16', 32],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['2001::', 32],
);

const OLD_FORM = listOf(['::', 96]);

/** IPv4 in IPv6 (`::ffff:…`) counts as what it carries. */
export function reachOf(ip: string): Reach {
  const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4';
  // The old form of IPv4 in IPv6; only `::1` of these is anything else.
  if (family === 'ipv6' && ip !== '::1' && OLD_FORM.check(ip, family)) return 'forbidden';
  if (isIP(ip) === 0 || FORBIDDEN.check(ip, family)) return 'forbidden';
  return PRIVATE.check(ip, family) ? 'private' : 'public';
}

/**
 * Where to connect to. Rejects with `EndpointForbidden`, with `EndpointPublic` for an address outside where that was not confirmed, or with
 * `EndpointUnreachable` for a name that nobody knows.
 */
export async function pinAddresses(
  url: URL,
  { isPublicConfirmed, lookup }: { readonly isPublicConfirmed: boolean; readonly lookup: Lookup },
): Promise<PinnedAddresses> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host) === 0 ? await resolve(host, lookup) : [{ address: host }];
  // One bad one among several is enough: nobody needs such a name.
  const bad = found.find(({ address }) => reachOf(address) === 'forbidden');
  if (bad)
    throw new AppError('EndpointForbidden', `${host} is at ${bad.address}, where no model server may be.`);
  const [first, ...others] = found.map(({ address }): Address => ({
    address,
    family: isIP(address) === 6 ? 6 : 4,
  }));
  if (!first) throw new AppError('EndpointUnreachable', `${host} has no address.`);
  const outside = found.find(({ address }) => reachOf(address) === 'public');
  if (outside && !isPublicConfirmed) {
    const open = url.protocol === 'http:' ? ' What is sent there without https: can be read on the way.' : '';
    throw new AppError(
      'EndpointPublic',
      `${host} is at ${outside.address}, outside your own network.${open}`,
    );
  }
  if (!outside && isPublicConfirmed)
    throw new AppError(
      'EndpointForbidden',
      `${host} was outside when it was confirmed, and is at ${first.address} now.`,
    );
  return [first, ...others];
}

async function resolve(host: string, lookup: Lookup): ReturnType<Lookup> {
  try {
    return await lookup(host);
  } catch (cause) {
    throw new AppError('EndpointUnreachable', `Nobody knows where ${host} is.`, { cause });
  }
}

function listOf(...ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, isIP(net) === 6 ? 'ipv6' : 'ipv4');
  return list;
}
