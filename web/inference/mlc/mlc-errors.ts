/** Owns the names of what web-llm throws. Its classes lose their names in a minified build, so `name` and text decide. */
import { AppError, type ErrorCode } from '../../../shared/errors.ts';
import { saysOutOfMemory } from '../../../shared/models/out-of-memory.ts';

interface Known {
  readonly sign: RegExp;
  readonly code: ErrorCode;
  readonly message: string;
}

const LOST: Known = {
  sign: /^DeviceLostError|device (was |is )?lost/i,
  code: 'DeviceLost',
  message: 'The GPU went away while the model was thinking.',
};

/** Tried in this order on "name: message". Seen with web-llm 0.2.86. */
const WHILE_ANSWERING: readonly Known[] = [
  LOST,
  {
    sign: /^ContextWindowSizeExceededError/,
    code: 'ContextOverflow',
    message: "The prompt is longer than the model's context.",
  },
  {
    sign: /GrammarMatcherInitError|InvalidResponseFormat|grammar|EBNF/i,
    code: 'GrammarInvalid',
    message: 'The engine cannot parse the grammar of this request.',
  },
];

const WHILE_LOADING: readonly Known[] = [
  LOST,
  {
    sign: /^(ShaderF16SupportError|FeatureSupportError)/,
    code: 'LaneStartFailed',
    message: 'This GPU lacks what the model is compiled for.',
  },
  {
    sign: /^(WebGPUNotAvailableError|WebGPUNotFoundError)|compatible GPU/,
    code: 'LaneStartFailed',
    message: 'The browser gives no GPU for this model.',
  },
  {
    sign: /^QuotaExceededError|quota/i,
    code: 'StorageFailed',
    message: 'The browser has no room for the files of the model.',
  },
  {
    sign: /on 'Cache'|^NetworkError|Failed to fetch/,
    code: 'ModelNotFound',
    message: 'A file of the model could not be fetched.',
  },
  {
    sign: /^LinkError/,
    code: 'ModelUnsupported',
    message: 'The library of the model was compiled for another version of web-llm.',
  },
  {
    sign: /^CompileError|reading 'buffer'/,
    code: 'ModelUnsupported',
    message: 'The library of the model is no WebAssembly.',
  },
  {
    sign: /Cannot find required VM function/,
    code: 'ModelUnsupported',
    message: 'The library of the model lacks a function that web-llm needs.',
  },
  {
    sign: /^SyntaxError|MissingModel|MinValueError|ConfigValue|Tokenizer/,
    code: 'ModelUnsupported',
    message: 'The configuration of the model cannot be read.',
  },
  {
    sign: /exceeds shard size|^IntegrityError/,
    code: 'ModelTruncated',
    message: 'A file of the weights is cut short.',
  },
  {
    sign: /ExitStatus|Program terminated|Aborted\(\)/,
    code: 'ModelUnsupported',
    message: 'The engine broke down on the files of the model.',
  },
];

export function loadError(thrown: unknown): AppError {
  return named(thrown, WHILE_LOADING) ?? fallback(thrown, 'LaneStartFailed', 'The model could not be loaded');
}

/** Some files load, and break the engine at the first answer only: `hasAnswered` once any came. */
export function answerError(thrown: unknown, hasAnswered: boolean): AppError {
  return (
    named(thrown, WHILE_ANSWERING) ??
    (hasAnswered
      ? fallback(thrown, 'LaneDied', 'The engine failed')
      : fallback(thrown, 'ModelUnsupported', 'The model was loaded, and cannot answer'))
  );
}

function named(thrown: unknown, known: readonly Known[]): AppError | undefined {
  if (thrown instanceof AppError) return thrown;
  const text = textOf(thrown);
  if (saysOutOfMemory(text))
    return new AppError('ModelTooLarge', 'There was no memory for the model.', {
      cause: thrown,
      detail: text,
    });
  const found = known.find(({ sign }) => sign.test(text));
  return found && new AppError(found.code, found.message, { cause: thrown, detail: text });
}

function fallback(thrown: unknown, code: ErrorCode, what: string): AppError {
  return new AppError(code, `${what}: ${textOf(thrown)}`, { cause: thrown });
}

/** What ends the program in wasm is no Error, and carries a name and a message all the same. */
function textOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('message' in thrown)) return String(thrown);
  const name = 'name' in thrown ? String(thrown.name) : 'Error';
  return `${name}: ${String(thrown.message)}`;
}
