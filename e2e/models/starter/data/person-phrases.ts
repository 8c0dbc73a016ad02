/** Owns how people greet, introduce themselves, and ask who is who; a leading "!" marks templates held out whole. */
import { PhraseSet } from './phrase.ts';

export const GREETING = new PhraseSet(`
(hi|hello|hey|hallo|yo)
(hi|hello|hey) (there|again|all|everyone|everybody|folks|friends|you two)
(good|a good|a very good) (morning|day|evening|afternoon) (to you|everyone|all|there|)
(morning|evening|afternoon) (everyone|all|folks|)
(hiya|heya|howdy|hi hi|hello hello|ahoy|hey hey)
(hi|hello) (to|) (all of you|you all|the room|everybody here)
(nice|good|great|lovely) to (see|meet) you (all|here|everyone|)
(so|ok|well) (hello|hi|hey) (then|there|)
(I am|I'm) (back|here|online) (again|now|), (hello|hi|hey)
(hello|hi|hey) from (me|{city}|my desk|the office)
(wave|waves|waving) (hello|hi|)
!greetings (everyone|to all|friends|)
!(just|only) (dropping|popping) in to say (hi|hello)
!(hello|hi) and (good|a good) (day|morning)
`);

export const INTRODUCTION = new PhraseSet(`
(I'm|I am|im|i'm|i am) {told}
(my name is|my name's|the name is|the name's) {told}
(this is|it is|it's|it is me,) {told} (here|)
{told} here
(you can|please|you may|just) call me {told}
(people|my friends|most people|they|all) call me {told}
(I am called|I'm called|I go by|I answer to) {told}
(I am|I'm) {told} (by the way|and new here|, by the way|from {city}|and I just arrived)
(my name is|I am|I'm) {told} (, what is up|and I like {food}|and I live in {city})
(everyone|everybody) (calls|knows) me (as|) {told}
!(the person|the one) (speaking|typing) is {told}
!(you are|you're) (talking|speaking) (to|with) {told}
`);

export const WHO = new PhraseSet(`
who are you
(what is|what's|whats) your name
(can|could|would|will) you (tell me|say) (who you are|your name|what your name is)
(tell me|please tell me|say) (who you are|your name|what you are called)
(who|whom) am I (talking|speaking|chatting|writing) (to|with) (here|now|)
(what|how) (do|should|can|may) (I|we|people) call you
(what are you called|what do they call you|what name do you have)
(introduce|please introduce|could you introduce) yourself
(and|so) (who|what) are you
(may|can) I (ask|know) (your name|who you are|what you are called)
(I|we) (do not|don't) know (your name|who you are) (yet|), (tell me|who are you|what is it)
(remind me|tell me again) (who you are|what your name is|of your name)
(I would like|I want|I'd like) to know (your name|who you are)
(do you have|have you got) a name
(who|which persona) (is this|is there|is it|is that)
(which one are you|who of them are you|which persona are you)
(let me know|give me) your name
!(what is|what's) the name of the (persona|one) I am (talking|speaking) to
!(would you mind|do you mind) (telling me who you are|saying your name)
!(I did not catch|I missed|I forgot) your name
`);

export const ROLE = new PhraseSet(`
(what is|what's|whats) your (role|job|task|function|work|purpose) (here|in this room|)
what (do you do|are you for|are you here for|are you doing here)
(tell me|say|explain) (what you do|your role|your job|what your role is|what your job is) (here|)
(can|could|would) you (tell|explain to) me (your role|what you do|your job|what your job is|what your role is)
(which|what) (role|job|task|part) (do you have|do you play|is yours|have you got)
(what|which) kind of (persona|helper|agent) are you
(describe|explain) (yourself|your role|your job) (to me|)
(why are you|for what are you) (here|in this room)
(what|how) (do|can) you (work on|add to this room|do around here)
(what were you|what are you) (made|built|meant) (for|to do)
(do you have|have you got) a (role|job|task) (here|)
(I want|I would like|I'd like) to know (your role|your job|what you do)
!(in one sentence|in short|briefly), what (do you do|is your role)
!(what is it|what's it) that you do (here|)
!(how would you describe) (your role|your job|yourself)
`);

export const WHO_AM_I = new PhraseSet(`
(what is|what's|whats) my name
who am I
(do|can) you (remember|recall|know|still know) (my name|who I am|what my name is)
what (did I say|did I tell you) my name (was|is)
(what|which) name did I (give|tell|say to) you
(can|could|would|will) you (say|tell me|repeat) my name
(tell me|say|repeat) my name
what was my name (again|)
(how|what) (do you|would you|am I to be) call me
what (am I|was I) called (again|)
(what do you|how do you) call me
(and|so) (what is my name|who am I|who is this|what was my name)
(have you|did you) (forgotten|forget|lose|keep|note) my name
(I told you|I said|I gave you) my name (earlier|before|), (what is it|what was it|do you know it)
(remind me|tell me) (what my name is|who I am|what I am called)
(under|by) (what|which) name do you know me
(did you|have you) (catch|caught|get|note|noted) my name
!(which|what) name (belongs to me|goes with me)
!(if I asked you) (my name|who I am), what would you say
!(test|quiz): (my name|who am I)
`);

export const STATEMENT = new PhraseSet(`
my {thing} is {value}
(by the way|btw|just so you know|for the record|fyi), my {thing} is {value}
(remember|note|please note|please remember|keep in mind|don't forget|do not forget) (that|) my {thing} is {value}
(I want you to|please) (know|remember|note) that my {thing} is {value}
(I should|let me) (say|mention|add|tell you) (that|) my {thing} is {value}
{value} is my {thing}
(so|well|also|and), my {thing} is {value}
(you should|you might like to|you may want to) know that my {thing} is {value}
(about|as for) my {thing}: (it is|it's|that is) {value}
(my {thing} is|my {thing} will be|my {thing}, that is) {value} (these days|at the moment|now|)
(note|memo|reminder|info|fact): my {thing} is {value}
!(when it comes to|speaking of) my {thing}, it is {value}
!(in case you wonder|in case you ask), my {thing} is {value}
`);

export const RECALL = new PhraseSet(`
(what is|what's|whats|what was) my {thing}
(do|can) you (remember|recall|know|still know) (my {thing}|what my {thing} is|what my {thing} was)
what did I (say|tell you) my {thing} (was|is)
(can|could|would|will) you (tell me|say|repeat) (my {thing}|what my {thing} is)
(tell me|say|repeat|please repeat) my {thing}
what was my {thing} (again|)
(remind me|tell me again) (of my {thing}|what my {thing} is|what my {thing} was)
(I told you|I mentioned|I said) my {thing} (earlier|before|), (what is it|what was it|do you know it)
(and|so) (what is my {thing}|my {thing} was|what was my {thing})
(have you|did you) (forgotten|forget|note|noted|keep) my {thing}
(which|what) {thing} did I (name|mention|give|tell you)
(I forgot|I have forgotten|I cannot recall) my {thing}, (what is it|what was it|can you help)
my {thing} (is|was) (what|what again)
(do you have|have you got) my {thing} (noted|written down|)
!(let's see if you know|I wonder if you know|quiz): my {thing}
!(from memory|without looking), what is my {thing}
!(about my {thing}): what did I (say|tell)
`);

export const RECALL_OTHER = new PhraseSet(`
(what is|what's|whats|what was) {owner}'s {thing}
(do|can) you (remember|recall|know|still know) (what|) {owner}'s {thing} (is|was|)
what did {owner} say (his|her|their|the) {thing} (was|is)
(can|could|would) you (tell me|say) {owner}'s {thing}
(tell me|say|repeat) {owner}'s {thing}
(remind me|tell me again) what {owner}'s {thing} (is|was)
(and|so) what is {owner}'s {thing}
(what is|what's) the {thing} of {owner}
{owner}'s {thing} (is|was) what
!(as for|about) {owner}: what is (the|his|her) {thing}
!(has {owner} told us) (the|his|her) {thing}
`);
