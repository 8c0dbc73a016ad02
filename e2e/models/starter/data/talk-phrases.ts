/** Owns small talk that wants a word back, and chatter that wants none. */
import type { Talk } from '../facts.ts';
import { PhraseSet } from './phrase.ts';

export const TALK_PHRASES: Readonly<Record<Exclude<Talk, 'heard' | 'sayHello'>, PhraseSet>> = {
  howAreYou: new PhraseSet(`
how (are you|are you doing|is it going|do you do|do you feel|are things) (today|now|)
(how's it going|how's life|how are you feeling|what's up|whats up|what is up)
(are you|is everything|everything) (well|ok|okay|fine|alright|all right|good) (today|with you|)
(how was|how is) your (day|morning|evening|week|night)
(and|so) how are (you|you doing|things with you)
(did you|have you) (sleep well|slept well|had a good day|had a good night)
!(what's new|how goes it|how have you been)
!(in what mood|in which mood) are you
`),
  fine: new PhraseSet(`
(I am|I'm|im) (fine|well|good|great|very well|doing well|all right|ok|happy) (too|as well|thank you|thanks|)
(I feel|I am feeling|feeling) (good|great|fine|well|better) (today|now|)
(all is well|all good here|everything is fine|very well, thank you)
!(couldn't be better|never been better)
`),
  sad: new PhraseSet(`
(I am|I'm|im) (sad|tired|ill|sick|unhappy|lonely|not well|stressed|worried|very tired) (today|now|)
(I feel|I am feeling|feeling) (sad|bad|ill|down|lonely|tired|awful) (today|now|)
(I had|it was) a (bad|terrible|hard|long|sad) day
!(today is not my day|life is hard)
`),
  thanks: new PhraseSet(`
(thanks|thank you|thx|ty|cheers) (a lot|so much|very much|again|for that|for the help|for telling me|)
(great|ok|okay|perfect|good|cool|wonderful|nice|super), (thanks|thank you|thank you very much|thanks a lot)
many thanks (for that|for the answer|for your help|)
(I thank you|I am grateful|thank you kindly|thanks anyway|thanks a bunch|a thousand thanks)
(that helps|that was helpful|that is helpful|very helpful|that helped), (thanks|thank you)
(thank you|thanks) for (your answer|your help|your time|explaining|the answer|that)
!(much|deeply) (appreciated|obliged)
!(I appreciate|I value) (that|your help|it)
`),
  bye: new PhraseSet(`
(bye|goodbye|good bye|bye bye|see you|see ya|cya|farewell|so long) (everyone|all|then|for now|)
(see you|talk to you|speak to you) (later|soon|tomorrow|next week|around|on {day})
(I have to go|I must go|I need to go|I am off|I'm off|I am leaving|got to go) (now|), (bye|goodbye|see you|see you later)
(have a|have a very) (nice|good|great|lovely) (day|evening|weekend|time|one)
(take care|until next time|until tomorrow|until later|that is all for today)
!(time for me to leave|I shall be going), (take care|goodbye)
!(signing off|logging off|over and out)
`),
  night: new PhraseSet(`
(good night|goodnight|nighty night|night night) (everyone|all|then|to you|)
(sleep well|sweet dreams|have a good night)
(I am going to bed|I'm off to bed|time for bed|I am going to sleep), (good night|sleep well|night)
!(off to dreamland|bedtime for me), (good night|goodnight)
`),
  niceToMeet: new PhraseSet(`
(nice|good|great|lovely|pleased|happy|glad) to (meet|know) you (too|as well|)
(it is|it's) (nice|good|great|lovely) (to meet you|meeting you|to have you here|to know you)
(a pleasure|my pleasure|pleasure) (to meet you|meeting you)
!(delighted|charmed) to make your acquaintance
`),
  praise: new PhraseSet(`
(you are|you're|youre) (great|nice|smart|clever|funny|helpful|good|sweet|the best|awesome|wonderful|cool|kind|amazing)
(well done|good job|nice work|great job|good work|good girl|bravo)
(I like|I love) (you|your answers|talking to you|your name|how you talk)
(that was|that is|that's) (clever|smart|very good|well said|a great answer|a good answer|impressive) (of you|)
!(what a|such a) (nice|clever) (persona|helper) you are
!(I am|I'm) impressed by you
`),
  sorry: new PhraseSet(`
(sorry|so sorry|I am sorry|I'm sorry|my apologies|apologies) (about that|for that|for the noise|for the wait|)
(my mistake|my fault|my bad|that was my mistake|oops, sorry)
!(forgive me|pardon me|please excuse that)
`),
  presence: new PhraseSet(`
(are you|you) (there|here|still there|still here|awake|online|around|listening) (now|)
(can|do) you (hear|read|see|understand) (me|this|us)
(is this|does this|is it) (thing on|on|working|work)
(ping|test|testing|test test|hello, are you there|echo)
(anybody|anyone|somebody|someone) (home|listening|awake)
(are you|do you) (ready|working|running|work)
!(knock knock|is your microphone on|do my words reach you)
!(still with me|did I lose you)
`),
  help: new PhraseSet(`
(help|help me|please help|please help me|I need help|I need some help|I could use help)
(can|could|would|will) you help (me|me out|us|me with something)
(I have|I've got) a (question|problem|request) (for you|)
(may|can|could) I ask you (something|a question|for help|a thing)
(do you have|have you got) (a minute|time|a moment) (for me|)
(I am|I'm) (stuck|lost|confused) (here|)
!(lend me a hand|give me a hand|assist me)
!(there is something|something) I (wanted|would like) to ask
`),
  joke: new PhraseSet(`
(tell me|tell us|do you know|say|give me|give us) (a|another|a good|a short|one more) joke
(make me|make us) laugh
(be funny|say something funny|tell me something funny|know any jokes)
(can|could) you (tell|make) (a|another|me a|us a) joke
!(cheer me up|entertain me|amuse us)
`),
};

/** What people say to the room without wanting a word. */
export const CHATTER = new PhraseSet(`
(the|this|that) {food} (was|is|tastes) (good|great|too salty|cold|gone|delicious) (today|again|)
I (had|made|ate|cooked|ordered) {food} (for lunch|for dinner|yesterday|today|again)
(it is|it's|it was) (raining|snowing|sunny|hot|cold|windy|dark) (in {city}|here|outside|today|again)
(I am|I'm|we are) (going|moving|flying|driving) to {city} (on {day}|tomorrow|next week|soon)
(what a|such a) (day|week|night|mess|game|view|storm|surprise)
(the bus|my train|the tram|the mail|the lift|my flight) (was|is) (late|full|broken|early|cancelled) (again|today|)
(I will|I'll) be (back|late|home|there) (later|soon|in {number} minutes|at {clock}|tomorrow)
{other} told (me|us) (about {city}|a story|the news|about the {food})
(we are|we're) meeting (on {day}|at {clock}|in {city}|{other} later)
(I|we) (like|love|prefer|miss) ({food}|{colour}|{city}|{hobby}|the sea)
(my|the|our) {pet} (is|was) (asleep|hungry|outside|sick|on the sofa|happy) (now|again|)
(nice|good|lovely|awful) (weather|game|song|film|talk) (today|yesterday|)
(I|we) just (came back from|left|arrived in|saw pictures of) {city}
(that was|that is|this is) (funny|odd|strange|close|easy|boring|fun|a lot)
(I agree|I disagree|same here|me too|fair enough|true|exactly|indeed|right|I see|makes sense)
(see|saw|met) {other} (on {day}|yesterday|in {city}|at lunch)
(haha|hahaha|lol|hehe|wow|oh|hm|hmm|ah|oops|ouch|yay|meh|:-D|nice|cool|well)
the {colour} (one|car|bike|door|shirt) (looks|is) (better|nicer|mine|broken|gone)
(ok|okay|okay then|alright|all right|got it|understood|sure|fine|yes|no|yep|nope|maybe|done|noted|will do|no worries)
(my|the|our) (train|bus|flight|meeting|class|shift) (leaves|starts|ends) at {clock}
(I|we) (bought|sold|found|lost|painted) (a|the) {colour} (car|bike|shirt|sofa|bag|hat)
{other} is (on holiday|in {city}|ill|late|busy|away|at lunch|learning {language}) (today|this week|)
(brb|afk|back|lunch now|coffee break|gone for a walk|off to the gym|phone is ringing)
(the new|my new|our new) (phone|laptop|car|desk|chair|{pet}|neighbour) is (great|{colour}|too loud|here|slow)
(I|we) (finished|started|sent|pushed|closed|merged) (the report|the draft|it|the ticket|the fix|the letter)
(the meeting|the call|the party|lunch|the lesson) (is over|was long|is at {clock}|is on {day}|was fun)
(somebody|someone) (left|forgot|took|ate) (a bag|the keys|my lunch|the {food}|an umbrella)
(I am|I'm) (learning|reading about|into|tired of) ({language}|{hobby}|{city}|{food})
(I think|I guess|I hope|I believe) (it will rain|{other} is right|it works now|we are done|we won|{food} is better)
{other} and I (went to {city}|had {food}|played chess|are on our way|met on {day})
(to be honest|honestly|well), (I|we) (prefer {food}|like {city}|need a break|had fun)
{name} (is|was|seems) (nice|quiet|busy|asleep|funny|here|new) (today|)
(I was|we were) (talking|chatting) with {name} (yesterday|earlier|before)
!(no news|nothing new) from {city}
!(my neighbour|my cousin) (bought|painted) a {colour} (boat|van)
!(traffic|the queue) was (terrible|endless)
!(half|most) of the {food} is (left|gone)
!(looking forward|counting the days) to {day}
`);

/** What machines say to a room on their own. */
export const MACHINE_CHATTER = new PhraseSet(`
(build|deploy|backup|sync|job|test run) {number} (finished|failed|started|passed|is done) (in {number} seconds|)
({number} tests passed|{number} files changed|{number} warnings|all checks are green|no errors found)
(pushed|merged|closed|opened) (branch|ticket|pull request|issue) {number}
(status|report|info|log): (ok|idle|busy|{number} tasks left|all good|waiting)
(I am|I'm) (working on|done with|looking at) (the fix|ticket {number}|the tests|the docs|the build)
(disk|memory|cpu|queue) at {number} percent
(next|last) run at {clock}
!(nightly run|release candidate) {number} (is out|complete)
!(restarting|stopping) (service|worker) {number}
`);

/** Requests that only make sense to one who can act: said to others, and to her. */
export const ERRAND = new PhraseSet(`
(can|could|would|will) you (look at|check|review|read|fix|send|take|open|close) (this|that|it|the file|the draft|my code|the log|the notes|the ticket|the door)
(did|have) you (see|seen|read|get|got|check|checked) (this|that|my mail|the file|the news|the notes|my message)
(are you coming|will you come|do you come) (on {day}|tomorrow|to {city}|to lunch|tonight)
(when|what time|where) (do you leave|do we meet|are you|is your train|is the meeting)
(please|kindly) (check|review|send|read|fix|open|close|merge|answer) (the file|this|the draft|ticket {number}|the log|it|the letter)
(what do you think|what is your opinion|any thoughts|any idea) (of|about) (this|that|the plan|the draft|{city}|the new one)
(have you been|did you go|do you want to go) to {city}
(would you|can you) (take this one|do it|handle that|lend me {number} euros|bring {food}|feed my {pet})
(what did you|what do you) (have for lunch|want to eat|do yesterday|do on {day}|say)
(do you like|do you eat|do you want) ({food}|{colour}|{hobby}|{city})
!(might you|could you perhaps) (glance at|go over) (this|the draft)
!(let me know|tell me) (when you are done|if it works|how it went)
`);
