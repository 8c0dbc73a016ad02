import { readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { toFrame } from '../../companion/airc/frames.ts';
import { encodeResponse } from '../../shared/airc/ipc/response.ts';
import { randomModel } from '../models/random-model.ts';
import { copyWithoutEngine, startCompanionProcess } from '../run/companion-process.ts';
import { expect, test } from './journey.ts';

test.describe('a link', () => {
  test('that was cut is refused by name, with the way to a fresh one; pasting that one pairs', async ({
    start,
    visit,
  }) => {
    const companion = await start();
    const visitor = await visit(companion.link.slice(0, -4));
    const panel = visitor.page.getByRole('region', { name: 'Start' });
    await expect(panel).toContainText('PairingCodeWrong');
    await expect(panel).toContainText('npx persona-node pair');
    // Once, where the link is asked for.
    await expect(visitor.troubles).toBeEmpty();

    await visitor.page.getByLabel('Pairing link').fill(await companion.pair());
    await visitor.page.getByRole('button', { name: 'Pair', exact: true }).click();
    await visitor.personaIsIdle();
    expect((await companion.status()).sessions).toHaveLength(1);
  });

  test('that was used before is refused as stale', async ({ start, visit }) => {
    const companion = await start();
    const first = await visit(companion.link);
    await first.personaIsIdle();
    const second = await visit(companion.link);
    const panel = second.page.getByRole('region', { name: 'Start' });
    await expect(panel).toContainText('PairingCodeExpired');
    await expect(panel).toContainText('This link was used or is older than 10 minutes.');
    expect((await companion.status()).sessions).toHaveLength(1);
  });

  test('opened in the tab that shows the page pairs it, and leaves no code in the address', async ({
    start,
    visit,
  }) => {
    const companion = await start();
    const visitor = await visit(companion.origin);
    await expect(visitor.page.getByRole('region', { name: 'Start' })).toBeVisible();
    await visitor.page.goto(companion.link);
    await visitor.personaIsIdle();
    expect(new URL(visitor.page.url()).hash).toBe('');
  });

  test('that was used is no trouble to a browser that is paired', async ({ settle }) => {
    const { companion, visitor } = await settle();
    await visitor.page.goto('about:blank');
    await visitor.page.goto(companion.link);
    await visitor.personaIsIdle();
    await expect(visitor.troubles.getByText('PairingCodeExpired')).toHaveCount(0);
  });

  test('is asked for again, with the cause, when the companion has forgotten this browser', async ({
    home,
    settle,
    start,
  }) => {
    const { companion, visitor } = await settle();
    const peerId = await visitor.personaPeerId();
    const port = new URL(companion.origin).port;
    await companion.stop();
    await rm(join(home, 'sessions.json'));
    const second = await start(['--port', port]);
    const panel = visitor.page.getByRole('region', { name: 'Start' });
    await expect(panel).toContainText('SessionUnknown');
    await visitor.page.getByLabel('Pairing link').fill(second.link);
    await visitor.page.getByRole('button', { name: 'Pair', exact: true }).click();
    await visitor.personaIsIdle();
    expect(await visitor.personaPeerId()).toBe(peerId);
  });

  test('is not needed to see what to do: the page without one says how to pair', async ({ start, visit }) => {
    const companion = await start();
    const visitor = await visit(companion.origin);
    await expect(visitor.page.getByRole('region', { name: 'Start' })).toContainText('Pair this browser');
    await expect(visitor.messageBox).toHaveAttribute('readonly');
  });
});

test.describe('a model file', () => {
  test('that is none, or is cut, is refused by name and the present one goes on', async ({ settle }) => {
    const { visitor } = await settle();
    const file = visitor.page.getByLabel('GGUF file', { exact: true });

    await file.setInputFiles({ name: 'poem.gguf', mimeType: '', buffer: Buffer.from('roses are red') });
    await expect(visitor.models).toContainText('ModelNotGguf');
    await expect(visitor.models).toContainText('Choose a file in GGUF format');
    await visitor.personaIsIdle();

    const whole = Buffer.from(randomModel());
    await file.setInputFiles({ name: 'cut.gguf', mimeType: '', buffer: whole.subarray(0, whole.length / 2) });
    await expect(visitor.models).toContainText('ModelTruncated');
    await visitor.personaIsIdle();
    await expect(visitor.models).toContainText('plumbing model: speaks nonsense');
    expect(await visitor.ask('Still there?')).not.toBe('');
  });

  for (const lane of ['companion', 'gguf']) {
    test(`that is dropped onto the page is thought with, and found again after a reload (${lane})`, async ({
      start,
      visit,
    }) => {
      const companion = await start(['--lane', lane]);
      const visitor = await visit(companion.link);
      await visitor.personaIsIdle();
      const bytes = Array.from(randomModel({ endBias: 5 }));
      await visitor.page.evaluate((content) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(content)], 'dropped.gguf'));
        window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
      }, bytes);
      await expect(visitor.models).toContainText('random model 1 F32');
      await visitor.personaIsIdle();
      await visitor.page.reload();
      await expect(visitor.models).toContainText('random model 1 F32');
      await visitor.personaIsIdle();
    });
  }
});

test.describe('a start', () => {
  test('at a port that is taken says by whom, and touches nothing', async ({ home }) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startCompanionProcess(home, ['--port', String(port)])).rejects.toThrow(
      /PortTaken: .*\n(  cause: .*\n)*  next:  Stop the program that uses the port/,
    );
    const log = await readFile(join(home, 'logs', 'companion.log'), 'utf8');
    expect(log).toContain('PortTaken');
    other.close();
  });

  test('with a daemon of another version names both versions', async ({ home }) => {
    const socketPath = join(home, 'other.sock');
    const status = {
      kind: 'status',
      peerId: '3f2c3a52-6f0e-4a53-9d0e-6b1d2f1f2a01',
      uptimeSeconds: 1,
      ipcProtocolVersion: 4,
      connectedLanPeers: 0,
    } as const;
    const daemon = createServer((socket) => {
      socket.once('data', () => socket.end(toFrame(encodeResponse(status))));
    });
    await new Promise<void>((resolve) => daemon.listen(socketPath, resolve));
    await expect(startCompanionProcess(home, ['--airc', socketPath])).rejects.toThrow(
      /DaemonVersionMismatch: .*version 4.*version 5/,
    );
    daemon.close();
  });
});

test.describe('no lane', () => {
  test('that can serve: told by name with the next step, and she waits', async ({ home, visit }) => {
    const script = await copyWithoutEngine(home);
    const companion = await startCompanionProcess(home, ['--lane', 'companion'], script);
    const visitor = await visit(companion.link);
    await expect(visitor.models).toContainText('NoLane');
    await expect(visitor.models).toContainText('start without --lane');
    await expect(visitor.status).toContainText('cannot serve');
    await expect(visitor.troubles).toBeVisible();
    // The room is there all the same.
    await visitor.say('Hello?');
    await expect(visitor.messages.last()).not.toContainText('Sending');
    await companion.stop();
  });
});

test.describe('a browser', () => {
  test('that lacks what is needed is told so, with the next step', async ({ start, profile, visit }) => {
    const companion = await start();
    const old = await profile();
    await old.addInitScript(() => {
      Reflect.deleteProperty(window, 'trustedTypes');
      Object.defineProperty(navigator, 'userAgentData', { value: undefined });
    });
    const visitor = await visit(companion.link, old);
    await expect(visitor.page.getByRole('heading')).toHaveText('This browser cannot run Persona Node');
    await expect(visitor.page.locator('body')).toContainText('the Chromium engine, Trusted Types');
    await expect(visitor.page.locator('body')).toContainText('BrowserUnsupported');
    await expect(visitor.page.locator('body')).toContainText('Open the link in Chrome');
    // The code was not spent on a browser that cannot use it.
    expect((await companion.status()).sessions).toHaveLength(0);
  });
});
