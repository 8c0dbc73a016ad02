/** Owns the journey of a model that another program of the person already holds: seen, used where it is, found again. */
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomModel } from '../models/random-model.ts';
import { expect, test } from './journey.ts';

test('a model of another program is thought with where it is, also after a restart', async ({
  home,
  start,
  profile,
  visit,
}) => {
  const folder = join(home, '.lmstudio', 'models', 'somebody', 'random-GGUF');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'random-f32.gguf'), randomModel());
  // A hole: it takes no room on the disk, and nobody could ever read all of it.
  await writeFile(join(folder, 'huge.gguf'), '');
  await truncate(join(folder, 'huge.gguf'), 2 ** 40);
  const companion = await start(['--port', '0']);
  const context = await profile();
  const visitor = await visit(companion.link, context);
  await visitor.personaIsIdle();
  const here = visitor.models.getByRole('list', { name: 'Models that are here' });
  await expect(here.getByRole('listitem').filter({ hasText: 'random' })).toContainText(
    'on this machine, of LM Studio',
  );
  const random = here.getByRole('listitem').filter({ hasText: 'random' });
  await expect(random).toContainText('Fits: needs about');
  await expect(here).toContainText(/huge\.gguf.*Does not fit: needs about 1\.3 TiB of .* in the companion/s);
  await here.getByRole('button', { name: 'Use huge.gguf' }).click();
  await expect(visitor.models).toContainText('huge.gguf is too large: it needs about 1.3 TiB of');
  await visitor.personaIsIdle();
  await visitor.models.getByText('Get another model').click();
  const suggested = visitor.models.getByRole('list', { name: 'Suggested models' });
  await expect(suggested.getByText('Trained for text, tools · Chat template: ChatML')).toHaveCount(2);
  await expect(suggested.getByText(/(Fits|Tight|Does not fit): needs about .* in the companion/)).toHaveCount(
    3,
  );
  await here.getByRole('button', { name: /^Use random/ }).click();
  await expect(here).toContainText(/in the companion.*in use/s);
  await expect(random).not.toContainText('of LM Studio');
  await visitor.personaIsIdle();
  // A companion that goes while the room is read is told in the log, and would be a defect.
  await expect.poll(() => visitor.primed).toContain('random model 1 F32');

  const port = new URL(companion.origin).port;
  await companion.stop();
  const again = await start(['--port', port]);
  const later = await visit(again.origin, context);
  await later.personaIsIdle();
  await expect(later.models.getByRole('list', { name: 'Models that are here' })).toContainText(
    /random.*in the companion.*in use/s,
  );
});
