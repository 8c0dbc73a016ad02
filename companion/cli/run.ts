/** Owns one run of the program: a command in, an exit code out. */
import { toAppError } from '../../shared/errors.ts';
import { parseCommand } from './arguments.ts';
import { askPair, askStatus } from './control-client.ts';
import { HELP } from './help.ts';
import type { ProgramDeps } from './program-deps.ts';
import { runStart } from './start.ts';
import { describeStatus } from './status.ts';
import { printable, reportFailure } from './terminal.ts';

/** Never rejects: 0, 1 for a failure, 2 for a command line that is none. The failure is on stderr, by name. */
export async function runProgram(args: readonly string[], deps: ProgramDeps): Promise<number> {
  const { terminal, clock } = deps;
  try {
    const command = parseCommand(args, deps.cwd);
    switch (command.kind) {
      case 'help':
        terminal.say(HELP);
        return 0;
      case 'version':
        terminal.say(deps.parts.version);
        return 0;
      case 'status': {
        const status = await askStatus(command.home, clock);
        terminal.say(command.json ? JSON.stringify(status, null, 2) : printableLines(describeStatus(status)));
        return 0;
      }
      case 'pair': {
        const { link } = await askPair(command.home, clock);
        terminal.say(link);
        return 0;
      }
      case 'start':
        await runStart(command.options, deps);
        return 0;
    }
  } catch (thrown) {
    const error = toAppError(thrown);
    reportFailure(terminal, error);
    return error.code === 'ArgumentInvalid' ? 2 : 1;
  }
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
