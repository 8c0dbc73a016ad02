import { readFile } from 'node:fs/promises';
import { expect, test } from './journey.ts';
import type { Visitor } from './visitor.ts';

/** The backup file as the browser saved it, and the code that opens it. */
async function takeBackup(visitor: Visitor): Promise<{ path: string; code: string }> {
  const code = (await visitor.backup.getByLabel('Recovery code').first().textContent()) ?? '';
  const download = visitor.page.waitForEvent('download');
  await visitor.backup.getByRole('button', { name: 'Download backup' }).click();
  return { path: await (await download).path(), code };
}

async function restore(visitor: Visitor, path: string, code: string): Promise<void> {
  await visitor.backup.getByText('Restore from a file').click();
  await visitor.backup.getByLabel('Backup file').setInputFiles(path);
  await visitor.backup.getByRole('textbox', { name: 'Recovery code' }).fill(code);
  await visitor.backup.getByRole('button', { name: 'Restore' }).click();
}

test.describe('one owner', () => {
  test('a second tab shows the node live, and takes it over when asked to', async ({
    start,
    visit,
    profile,
  }) => {
    const companion = await start();
    const here = await profile();
    const first = await visit(companion.link, here);
    await first.personaIsIdle();
    const name = await first.personaName();

    const second = await visit(companion.origin, here);
    await expect(second.page.getByRole('note', { name: 'This tab' })).toContainText('Another tab');
    await expect(second.persona).toContainText(name);
    // Said in the viewer, carried by the owner, seen in both.
    await second.ask('Hello from the second tab');
    await expect(first.messages.filter({ hasText: 'Hello from the second tab' })).toHaveCount(1);

    await second.page.getByRole('button', { name: 'Move here' }).click();
    await expect(first.page.getByRole('note', { name: 'This tab' })).toContainText('Another tab');
    await expect(second.page.getByRole('note', { name: 'This tab' })).toHaveCount(0);
    await second.personaIsIdle();
    expect(await second.personaName()).toBe(name);
    await second.ask('Still you?');
    await expect(first.messages.filter({ hasText: 'Still you?' })).toHaveCount(1);
  });

  test('a second profile with the same backup is refused until the first one goes', async ({
    start,
    visit,
  }) => {
    const companion = await start();
    const first = await visit(companion.link);
    await first.personaIsIdle();
    const peerId = await first.personaPeerId();
    const { path, code } = await takeBackup(first);
    expect(await readFile(path, 'utf8')).not.toContain(code);

    const second = await visit(await companion.pair());
    await second.personaIsIdle();
    await restore(second, path, code);
    await expect(second.backup).toContainText('Restored 2 identities.');
    await expect(second.persona).toContainText('OwnerElsewhere');
    await expect(second.persona).toContainText('Close it there');
    expect(await second.personaPeerId()).toBe(peerId);
    expect(await first.ask('Are you still here?')).not.toBe('');

    await first.page.close();
    await second.personaIsIdle();
    expect(await second.ask('And here?')).not.toBe('');
  });

  test('a wrong code and a file that is no backup change nothing', async ({ settle }) => {
    const { visitor } = await settle();
    const peerId = await visitor.personaPeerId();
    const { path, code } = await takeBackup(visitor);

    await restore(
      visitor,
      path,
      code.replace(/^./, (sign) => (sign === '2' ? '3' : '2')),
    );
    await expect(visitor.backup).toContainText('BackupCodeWrong');
    await visitor.backup.getByLabel('Backup file').setInputFiles({
      name: 'holiday.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{"format":"holiday"}'),
    });
    await visitor.backup.getByRole('button', { name: 'Restore' }).click();
    await expect(visitor.backup).toContainText('BackupMalformed');
    expect(await visitor.personaPeerId()).toBe(peerId);
  });

  test('the recovery code is readable until it is confirmed, then gone for good', async ({ settle }) => {
    const { visitor } = await settle();
    const code = (await visitor.backup.getByLabel('Recovery code').first().textContent()) ?? '';
    expect(code).toMatch(/^([0-9A-Z]{4}-){6}[0-9A-Z]{4}$/);
    await visitor.backup.getByRole('button', { name: 'I have saved it' }).click();
    await visitor.backup.getByRole('button', { name: 'Yes, erase it here' }).click();
    await expect(visitor.backup).not.toContainText(code);
    await visitor.page.reload();
    await visitor.personaIsIdle();
    await expect(visitor.backup).toContainText('live in this browser');
    await expect(visitor.backup).not.toContainText(code);
  });
});
