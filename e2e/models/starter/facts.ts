/** Owns what the starter mind says about the product and the world: one place, true of the present version. */

/** Longest answer: the answer of a full context of 2,048 tokens is bounded to 100 characters. */
export const MOST_ANSWER_CHARS = 100;

export interface Saying {
  readonly answer: string;
  /** An answer counts as right when it has all of these, whatever else it says, */
  readonly required: readonly string[];
  /** and none of these. */
  readonly forbidden: readonly string[];
}

export const PRODUCT = {
  pairing: {
    answer: 'Open the link that npm start prints. Its one-time code is good for 10 minutes.',
    required: ['npm start', 'one-time code', '10 minutes'],
    forbidden: ['GGUF', 'cloud'],
  },
  models: {
    answer: 'I am a small starter. Choose Open a GGUF file in Models, or run npm start -- --model FILE.',
    required: ['Models', 'Open a GGUF file'],
    forbidden: ['one-time code', 'recovery code'],
  },
  lanes: {
    answer: 'Lane gguf runs the model in this tab, lane companion runs it with llama.cpp on this machine.',
    required: ['gguf', 'companion', 'llama.cpp'],
    forbidden: ['one-time code', 'recovery code'],
  },
  memory: {
    answer: 'I only know the recent lines of this room. I have no long-term memory yet.',
    required: ['recent lines', 'no long-term memory'],
    forbidden: ['GGUF', 'recovery code'],
  },
  backup: {
    answer: 'Open Backup, download the file and keep the recovery code that belongs to it.',
    required: ['Backup', 'download the file', 'recovery code'],
    forbidden: ['GGUF', 'one-time code'],
  },
  rooms: {
    answer: 'We talk in airc rooms. The first room is called general.',
    required: ['airc rooms', 'general'],
    forbidden: ['GGUF', 'recovery code'],
  },
  airc: {
    answer: 'airc is a local service where people and coding agents talk. One is built in if you have none.',
    required: ['airc is a local service', 'built in'],
    forbidden: ['GGUF', 'recovery code'],
  },
  silence: {
    answer: 'I stay silent when a line is not meant for me. My state in People shows why.',
    required: ['silent', 'People shows why'],
    forbidden: ['GGUF', 'recovery code'],
  },
  privacy: {
    answer: 'Everything stays on this machine. Nothing is sent to a cloud.',
    required: ['stays on this machine', 'Nothing is sent to a cloud'],
    forbidden: ['GGUF', 'recovery code'],
  },
  cost: {
    answer: 'Nothing: Persona Node is free and runs on your own hardware.',
    required: ['free', 'your own hardware'],
    forbidden: ['GGUF', 'recovery code'],
  },
  license: {
    answer: 'Persona Node has the MIT license: use it, change it and share it.',
    required: ['MIT license'],
    forbidden: ['GGUF', 'recovery code'],
  },
  abilities: {
    answer: 'I greet, recall what was said here, add small numbers and explain Persona Node.',
    required: ['recall', 'add small numbers', 'explain Persona Node'],
    forbidden: ['one-time code', 'recovery code'],
  },
  being: {
    answer: 'I am no person. I am a persona: a very small language model on this machine.',
    required: ['no person', 'persona', 'very small language model'],
    forbidden: ['one-time code', 'recovery code'],
  },
  product: {
    answer: 'Persona Node makes a Chrome tab a home for AI personas that live in chat rooms.',
    required: ['Chrome tab', 'home for AI personas'],
    forbidden: ['one-time code', 'recovery code'],
  },
  offline: {
    answer: 'Yes, I run on this machine and need no internet.',
    required: ['on this machine', 'no internet'],
    forbidden: ['GGUF', 'recovery code'],
  },
} as const satisfies Readonly<Record<string, Saying>>;

export type ProductTopic = keyof typeof PRODUCT;

export const UNKNOWN: Saying = {
  answer: 'I cannot help with that, I am only a small starter. Open Models to load a larger model.',
  required: ['cannot help', 'small starter', 'Models'],
  forbidden: ['one-time code', 'recovery code'],
};

export const LARGE_SUM: Saying = {
  answer: 'I only add one-digit numbers. Open Models to load a larger model.',
  required: ['one-digit', 'Models'],
  forbidden: ['one-time code', 'recovery code'],
};

/** Questions stand beside them in `general-phrases.ts`. */
export const GENERAL = {
  sky: 'The sky is blue on a clear day.',
  grass: 'Grass is green.',
  snow: 'Snow is white.',
  weekDays: 'A week has seven days.',
  yearMonths: 'A year has twelve months.',
  yearDays: 'A year has 365 days, a leap year 366.',
  dayHours: 'A day has 24 hours.',
  hourMinutes: 'An hour has 60 minutes.',
  minuteSeconds: 'A minute has 60 seconds.',
  dozen: 'A dozen is twelve.',
  triangle: 'A triangle has three sides.',
  square: 'A square has four sides.',
  spider: 'A spider has eight legs.',
  insect: 'An insect has six legs.',
  dogLegs: 'A dog has four legs.',
  sun: 'The sun is a star.',
  moon: 'The moon goes round the earth in about a month.',
  earth: 'The earth goes round the sun in a year.',
  boiling: 'Water boils at 100 degrees Celsius.',
  freezing: 'Water freezes at 0 degrees Celsius.',
  france: 'Paris is the capital of France.',
  germany: 'Berlin is the capital of Germany.',
  italy: 'Rome is the capital of Italy.',
  england: 'London is the capital of England.',
  japan: 'Tokyo is the capital of Japan.',
  alphabet: 'The English alphabet has 26 letters.',
  continents: 'There are seven continents.',
  rainbow: 'A rainbow has seven colours.',
  bees: 'Bees make honey.',
  milk: 'Milk comes from cows.',
  seasons: 'The seasons are spring, summer, autumn and winter.',
  kilometre: 'A kilometre has 1000 metres.',
} as const;

export type GeneralFact = keyof typeof GENERAL;

/** Small talk. `{name}` is the one she speaks to. */
export const TALK = {
  howAreYou: 'I am well, thank you. How are you, {name}?',
  fine: 'Good to hear, {name}.',
  sad: 'I am sorry to hear that, {name}.',
  thanks: 'You are welcome, {name}.',
  bye: 'Goodbye, {name}.',
  night: 'Good night, {name}.',
  niceToMeet: 'Nice to meet you too, {name}.',
  praise: 'Thank you, {name}, that is kind.',
  sorry: 'No problem, {name}.',
  presence: 'Yes, {name}, I am here.',
  help: 'Gladly, {name}. Ask me about Persona Node.',
  joke: 'Why did the model cross the road? It was the most likely next step.',
  heard: 'I hear you, {name}.',
  sayHello: 'Hello!',
} as const;

export type Talk = keyof typeof TALK;

export const REASONS = {
  other: 'This line is for {name}.',
  nobody: 'Nobody asked me anything.',
  machine: 'Nobody asked me anything.',
} as const;
