/** Owns what the plumbing model can say: stations of words in a graph without circles, so that every way ends. */

export interface Station {
  readonly words: readonly string[];
  /** Stations whose words may follow; none: the text ends here. */
  readonly next: readonly string[];
}

/** The form of `shared/inference/decision.ts`, said as one token each: it decides to speak, and closes what it opened. */
export const FORM_OPENS = '{"speak":true,"text":"';
export const FORM_CLOSES = '"}';

export const FIRST_STATION = 'opening';

export const STATIONS: Readonly<Record<string, Station>> = {
  opening: {
    words: ['Every', 'Some', 'Yonder', 'One', 'Any', 'Half a', 'Once a', 'Your'],
    next: ['quality', 'thing'],
  },
  quality: {
    words: [' wibbly', ' plimsome', ' tarnel', ' oomly', ' brindle', ' fluvious', ' pomply', ' quernish'],
    next: ['thing'],
  },
  thing: {
    words: [' snorble', ' dapplet', ' mogwort', ' finkle', ' trundlet', ' bloop', ' hazelmump', ' kipperine'],
    next: ['action'],
  },
  action: {
    words: [' gloops', ' trundles', ' fribbles', ' humbles', ' plonks', ' wuffles', ' zithers', ' noodles'],
    next: ['manner', 'place'],
  },
  manner: {
    words: [
      ' glimly',
      ' sidewise',
      ' twofold',
      ' ploofily',
      ' in earnest',
      ' by candle',
      ' backwards',
      ' dimly',
    ],
    next: ['place', 'turn', 'ending'],
  },
  place: {
    words: [
      ' beneath a marble',
      ' beyond the soup',
      ' among teacups',
      ' beside a drizzle',
      ' over the fence post',
      ' near old kettles',
      ' behind a Tuesday',
      ' inside the pudding',
    ],
    next: ['turn', 'ending'],
  },
  turn: {
    words: [', and so', ', whereas', ', because', ', until', ', so that', ', unless', ', yet'],
    next: ['second'],
  },
  second: {
    words: [' whose', ' its', ' another', ' whichever', ' neither', ' that very', ' our', ' either'],
    next: ['secondThing'],
  },
  secondThing: {
    words: [
      ' marrowlet',
      ' puddock',
      ' grimble',
      ' sprocket',
      ' tumbrel',
      ' wozzle',
      ' lanternfish',
      ' crumpet',
    ],
    next: ['secondAction'],
  },
  secondAction: {
    words: [' dwindles', ' yodels', ' flumps', ' unbuttons', ' glistens', ' hiccups', ' wobbles', ' snoozes'],
    next: ['ending'],
  },
  ending: {
    words: [' today.', ' at last.', ' again!', ' indeed.', ' for now.', ' as ever.', ' twice.', ' by noon.'],
    next: [],
  },
};

/** Every word, each once. */
export function allWords(): string[] {
  return Object.values(STATIONS).flatMap((station) => station.words);
}

/** Tokens of the longest text there is. */
export function longestText(from = FIRST_STATION): number {
  return 1 + Math.max(0, ...(STATIONS[from]?.next ?? []).map((next) => longestText(next)));
}
