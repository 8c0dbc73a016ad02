import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { EndpointParamsSchema } from './endpoint.ts';

const parse = (wish: object) => v.safeParse(EndpointParamsSchema, { isPublicConfirmed: false, ...wish });

describe('what the person sets up', () => {
  it.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/v1'],
    [' http://127.0.0.1:8080/v1/ ', 'http://127.0.0.1:8080/v1'],
    ['https://host.example/openai/v1?x=1#y', 'https://host.example/openai/v1'],
  ])('%s is %s', (address, read) => {
    expect(parse({ address }).output).toMatchObject({ address: read });
  });

  it.each(['nowhere', 'ftp://host/', 'file:///etc/passwd', 'http://user:secret@host/'])(
    '%s is no address, and is not repeated',
    (address) => {
      const parsed = parse({ address });
      expect(parsed.success).toBe(false);
      expect(parsed.issues?.[0].message).not.toContain(address.slice(-6));
    },
  );

  it.each(['Bearer sk-1234', 'sk-…', ''])('"%s" is no key, and is not repeated', (key) => {
    const parsed = parse({ address: 'http://127.0.0.1', key });
    expect(parsed.issues?.map(({ message }) => message)).toEqual([
      'A key has no blanks and no special characters.',
    ]);
  });
});
