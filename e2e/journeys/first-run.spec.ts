import { expect, test } from './journey.ts';

test.describe('the first run', () => {
  test('from one link to an answer made by llama.cpp in the companion', async ({ settle }) => {
    const { companion, visitor } = await settle();
    expect(new URL(visitor.page.url()).hash).toBe('');
    await expect(visitor.rooms).toContainText('general');

    expect(await visitor.ask('Hello, who are you?')).not.toBe('');
    await expect(visitor.messages.first()).toContainText('signed');
    await expect(visitor.messages.last()).toContainText('signed');
    // Stock headless Chromium has no usable WebGPU: the plan says so, and where it thinks instead.
    await expect(visitor.status).toContainText('companion, on this machine');
    await expect(visitor.status).toContainText('In the companion: WebGPU has no adapter here.');
    await expect(visitor.status).toContainText('llama.cpp');
    await expect(visitor.status).toContainText('built-in daemon');
    await expect(visitor.status).toContainText('tokens/s');
    await expect(visitor.models).toContainText('plumbing model: speaks nonsense');

    const [session] = (await companion.status()).sessions;
    expect(session?.peers).toContain(await visitor.personaPeerId());
  });

  test('with --lane gguf the answer is made in the tab', async ({ settle }) => {
    const { visitor } = await settle(['--lane', 'gguf']);
    expect(await visitor.ask('Hello, who are you?')).not.toBe('');
    await expect(visitor.status).toContainText('gguf, in this tab');
    // Said as it is: nobody asked for WebGPU in vain and then called it that.
    await expect(visitor.status).toContainText('WebAssembly on the CPU');
    await expect(visitor.status).not.toContainText('Backend WebGPU');
  });

  test('whoever was born is the same one after a reload and in the same room', async ({ settle }) => {
    const { visitor } = await settle();
    const before = { name: await visitor.personaName(), peerId: await visitor.personaPeerId() };
    const said = await visitor.ask('Remember me?');

    await visitor.page.reload();
    await visitor.personaIsIdle();
    expect({ name: await visitor.personaName(), peerId: await visitor.personaPeerId() }).toEqual(before);
    await expect(visitor.messages.last()).toContainText(said);
    expect(await visitor.ask('And now?')).not.toBe('');
  });
});
