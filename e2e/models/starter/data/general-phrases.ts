/** Owns how people ask for the few general facts, and the many things that a small starter does not know. */
import type { GeneralFact } from '../facts.ts';
import { PhraseSet } from './phrase.ts';

/** Around a fact: "what is", "do you know", … */
const ask = (what: string): string => `
(what is|what's|whats) ${what}
(do you know|can you tell me|tell me|could you say) (what is|) ${what}
(and|so) what is ${what}
(I want|I need|I would like) to know ${what}
!(remind me of|name) ${what}
`;
const count = (things: string, owner: string): string => `
how many ${things} (does ${owner} have|are in ${owner}|has ${owner}|are there in ${owner})
(do you know|can you tell me|tell me) how many ${things} ${owner} has
(what is|what's) the number of ${things} in ${owner}
(I want|I need|I would like) to know how many ${things} ${owner} has
!(count|number) the ${things} of ${owner}
`;
const place = (country: string): string => `
(what is|what's|whats|which city is|which is) the capital (city|) of ${country}
(do you know|can you tell me|tell me|name) the capital (city|) of ${country}
${country}'s capital (is what|is which city|city)
(which|what) city is (the capital of ${country}|${country}'s capital)
!(which|what) city (governs|is the seat of government of) ${country}
`;

const GENERAL_LINES: Readonly<Record<GeneralFact, string>> = {
  sky: `${ask('the colour of the sky')}
what (colour|color) (is|has) the sky
why is the sky (blue|not green)`,
  grass: `${ask('the colour of grass')}
what (colour|color) (is|has) (the|) grass`,
  snow: `${ask('the colour of snow')}
what (colour|color) (is|has) (the|) snow`,
  weekDays: count('days', 'a week'),
  yearMonths: count('months', 'a year'),
  yearDays: count('days', 'a year'),
  dayHours: count('hours', 'a day'),
  hourMinutes: count('minutes', 'an hour'),
  minuteSeconds: count('seconds', 'a minute'),
  dozen: `how (many|much) (is|are|are in|make) a dozen
(what is|what's|what does) a dozen (mean|)`,
  triangle: `${count('sides', 'a triangle')}
${count('corners', 'a triangle')}`,
  square: `${count('sides', 'a square')}
${count('corners', 'a square')}`,
  spider: count('legs', 'a spider'),
  insect: `${count('legs', 'an insect')}
${count('legs', 'an ant')}`,
  dogLegs: `${count('legs', 'a dog')}
${count('legs', 'a cat')}`,
  sun: `(is the sun|what is the sun|what kind of thing is the sun) (a star|a planet|)
(what|tell me what) (is|) the sun (is|)`,
  moon: `(does|how does|what does) the moon (go round|move around|circle|orbit) (the earth|us|)
how long does the moon (take|need) to go round the earth`,
  earth: `(does|how does|what does) the earth (go round|move around|circle|orbit) (the sun|)
how long does the earth (take|need) to go round the sun`,
  boiling: `(when|at what temperature|at how many degrees) does water boil
${ask('the boiling point of water')}`,
  freezing: `(when|at what temperature|at how many degrees) does water freeze
${ask('the freezing point of water')}`,
  france: place('France'),
  germany: place('Germany'),
  italy: place('Italy'),
  england: place('England'),
  japan: place('Japan'),
  alphabet: count('letters', 'the alphabet'),
  continents: `how many continents (are there|does the earth have|exist)
(do you know|tell me) (how many|the number of) continents`,
  rainbow: `${count('colours', 'a rainbow')}
${count('colors', 'the rainbow')}`,
  bees: `(who|what|which animal) makes honey
(what do|where do) bees (make|produce)
where does honey come from`,
  milk: `(where does|from what does) milk come from
(who|which animal) gives (us|) milk`,
  seasons: `(what|which) are the (four|) seasons
(name|list|tell me) the (four|) seasons
how many seasons (are there|does a year have)`,
  kilometre: `${count('metres', 'a kilometre')}
${count('meters', 'a kilometer')}`,
};

export const GENERAL_PHRASES: ReadonlyMap<GeneralFact, PhraseSet> = new Map(
  Object.entries(GENERAL_LINES).map(([fact, lines]) => [fact as GeneralFact, new PhraseSet(lines)]),
);

export const UNKNOWN_PHRASES = new PhraseSet(`
(what is|what's|which is) the capital of (Peru|Ghana|Norway|Egypt|Canada|Kenya|Chile|Poland|India|Brazil|Nepal|Cuba|Greece|Mali|Texas)
(who won|who lost|who played) the (football|tennis|chess|hockey|rugby) (match|game|cup|final) (yesterday|last night|last week|)
(write|compose|make) (me|) a (poem|song|story|letter|haiku|joke book|speech|limerick|novel) (about|for|on) (cats|love|{city}|the sea|my boss|winter|war|old age)
(what will the weather be|how is the weather|will it rain|is it raining|will it snow) (in {city}|tomorrow|today|this weekend|on {day}|)
(who wrote|who painted|who invented|who built|who discovered) (the book|the radio|the telephone|Hamlet|the pyramids|the Mona Lisa|the wheel|gravity|penicillin|the bridge)
(translate|how do you say) (good night|this|the word {pet}|hello|I love {food}) (into|in) {language}
(how tall|how old|how rich|how famous) is (the king|the president|the tower in {city}|that actor|the oldest tree|Everest|the pope)
(what is|what's) the population of ({city}|France|China|the world|Africa|my town)
(explain|tell me about) (quantum physics|relativity|the stock market|black holes|evolution|the French revolution|inflation|electricity|DNA|photosynthesis|the war)
(how far|how long) is it (to {city}|from {city} to {city}|to the moon|to the next station)
(what is|what's|give me) the best (restaurant|hotel|recipe|way|route|bar|school) (in {city}|to {city}|for {food}|near me)
(how do I|how can I|how does one) (cook|make|bake|prepare) {food}
(how do I|how can I) (fix|repair|build|sell|clean|paint) (a bike|my car|a roof|the sink|a radio|my phone|a fence)
(write|debug|fix|review|refactor) (some|my|a|this) (code|python|script|function|program|javascript|SQL query|regex)
(what happened|what is new|what's going on|what was the news) in ({city}|the world|politics|sports|the news)
(who is|who was|who's) (the president|the king|the prime minister|Einstein|Napoleon|Mozart|Cleopatra|the mayor of {city}|Shakespeare)
(when did|when was|in which year did) (the war end|Rome fall|{city} burn|the wall fall|the train leave|the moon landing|Napoleon die)
(why is|why are) ({food} so good|{city} so expensive|cats so clever|planes so loud|people so strange|the sea salty|leaves green)
(book|order|buy|reserve) (me|) (a table|a taxi|a flight to {city}|some {food}|a ticket|a room in {city})
(what is|what's) (love|the meaning of life|justice|truth|art|money|a noun|an atom|a virus|democracy)
(summarise|summarize|read|open|check) (this article|my mail|the report|my file|that website|the paper|my calendar)
(send|write) (a mail|an email|a message|a postcard) to (my boss|my mother|{city}|the bank)
(play|sing|hum) (some music|a song|jazz|me a tune)
(how many people|how many cars|how many birds|how many trees) (live in|are in|are there in) ({city}|Europe|Africa|the world)
(recommend|suggest) (a book|a film|a game|a restaurant|some music|a name for my {pet})
(what is|what does|what's) (the price of gold|the exchange rate|a bitcoin worth|the dollar worth)
(do you know|can you explain|tell me) (how engines work|why birds sing|who built {city}|what cheese is made of|how to learn {language}|who my neighbour is)
(draw|paint|sketch|show) (me|) (a {pet}|a picture of {city}|a house|a map|a chart)
(which|what) (planet|animal|river|mountain|country|metal) is the (largest|longest|highest|oldest|heaviest|fastest|coldest)
(should I|would you) (move to {city}|buy a {pet}|sell my house|quit my job|marry|learn {language}|eat {food} every day)
(what did|what does) (Plato|Einstein|my doctor|the mayor|the pope|Darwin) (say|think) about ({food}|truth|war|{city}|money)
(turn on|turn off|set|dim) (the light|the heating|an alarm|a timer|the radio)
!(recite|quote) (Shakespeare|a psalm|the constitution)
!(plan|organise) (my holiday|a trip to {city}|a party)
!(prove|derive) (the theorem|Pythagoras)
!(what rhymes with|spell|define) (orange|rhythm|serendipity|{pet})
!(compare|rank) ({city} and {city}|cars and trains)
`);
