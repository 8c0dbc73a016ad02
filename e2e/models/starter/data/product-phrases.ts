/** Owns how newcomers ask about the product, topic by topic; a leading "!" marks templates held out whole. */
import type { ProductTopic } from '../facts.ts';
import { PhraseSet } from './phrase.ts';

export const PRODUCT_PHRASES: Readonly<Record<ProductTopic, PhraseSet>> = {
  pairing: new PhraseSet(`
(how do|how can|how would) I (pair|connect|link|join) (this tab|this page|this browser|my browser|another tab|a tab|a page|my laptop)
(how does|how is) pairing (work|working|done)
(what is|what's) (pairing|the pairing code|the one-time code|the pairing link|the link|the code) (for|)
(where do|where can|how do) I (get|find|see) (the|a|my) (pairing code|pairing link|code|link|one-time code)
(my|the) (link|code|pairing code|pairing link) (has expired|is too old|does not work|is not accepted|expired)
(how long|for how long) (is|does) the (code|link|pairing code) (good|valid|last|work)
(I need|I want) (a new code|to pair|a pairing link|to pair this tab|a new link)
(can|could) I pair (another|a second|one more) (tab|browser|page|device)
(the page|this tab) (says|is) not paired (, why|, what now|)
(explain|tell me about) (pairing|the pairing link|the one-time code)
(how do I|how can I) (open|get into|log into|sign in to) (this page|the page|Persona Node)
!(what must I do|what is needed) (to get|for getting) (my browser|a tab) paired
!(which|what) link (opens|do I open for) (the page|a paired page)
!(steps|instructions) for pairing
`),
  models: new PhraseSet(`
(how do|how can|where do|how would) I (get|load|use|open|choose|install|try) (a|another|a different|a better|a bigger|a larger|a real|a smarter|my own) model
(how do|how can) I (switch|change|replace|swap|upgrade) (the|your|this) (model|brain|mind)
(can|could|may) I (use|load|open|bring|add) (another|my own|a better|a bigger|a larger|a different) (model|GGUF|GGUF file|model file)
(which|what) model (are you|do you use|is this|is running|runs here|do you run on|is that)
(what|which) (model|models) (can|could) (I|you) (use|run|load)
(how do|how can) I make you (smarter|better|cleverer|know more|more clever)
(where is|where are|where do I find) (the models|Models|the model settings|the list of models)
(I want|I would like|I need) a (better|bigger|larger|real|smarter|different) model
(how do|can) I (load|open|drop) (a|my) (GGUF|GGUF file|model file|file) (here|)
(can|could) you (be|get|become) (smarter|better|cleverer)
(what is|what's) a GGUF (file|)
(why are you|are you always) (so small|so simple|so limited|this simple)
(explain|tell me about) (models|the models|changing models|model files)
(is there|do you have) a (better|bigger|larger|smarter) (model|version of you)
!(what is the way|is there a way) to (give you|run) (more brains|something stronger)
!(swapping|changing) models (works how|, how does it go)
!(I have|I downloaded) a (GGUF|model), (where does it go|what now)
`),
  lanes: new PhraseSet(`
what (is a lane|are lanes|are the lanes|does lane mean|is the lane)
(can|could) you explain (lanes|the lanes|what a lane is|what lanes are)
(which|what) lanes (are there|do you have|exist|can I use)
(which|what) lane (is this|are you on|do you use|is running|am I on)
(tell me about|explain) (lanes|the lanes|the gguf lane|the companion lane)
(what is|what's) the (gguf|companion|gguf lane|companion lane) (for|)
(where|on what) (do you run|does the model run|do you think|are you running|does your model run)
(do you|does it|does this) (run|work) (on|with) (the GPU|the CPU|WebGPU|wasm|my graphics card|the processor|llama.cpp)
(what is|what's) the difference between (the lanes|gguf and companion|the two lanes)
(do I need|do you need) (a GPU|WebGPU|a graphics card)
(how do I|can I) (choose|change|switch) the lane
(is it|are you) (running|working) (in the tab|on the CPU|on the GPU|in the browser)
!(what does the word lane|what do you mean by lane) (mean here|)
!(CPU or GPU|graphics card or processor), what (do you use|runs you)
!(name|list) (the|your) lanes
`),
  memory: new PhraseSet(`
(how does|how good is|what about) your memory (work|)
(do|can) you (remember|recall) (things|what we said yesterday|old talks|everything|our last talk|what I said last week)
what (do|can) you remember
(how much|how long|how far back) (do|can|will) you remember (things|)
(do|will) you (forget|forget me|forget things|forget this) (tomorrow|later|)
(where is|where are|where do you keep) (your memory|your memories|what you remember)
(will you|are you going to) (remember|know) (this|me|it) (tomorrow|next week|later|next time)
(do you have|have you got) (a memory|memories|a long-term memory|a good memory)
(can I|how can I|how do I) (see|read|delete|edit|clear) (your|the) (memory|memories)
(explain|tell me about) your (memory|memories)
(do you|can you) (learn|learn things|learn from me|learn from us)
!(when I come back|if I return) (tomorrow|next week), (do you still know me|is this all gone)
!(what stays|what is kept) in your (head|memory)
!(how forgetful|how forgetful, honestly,) are you
`),
  backup: new PhraseSet(`
(how do|how can|where do|how would) I (make|get|create|take|do) a (backup|copy|safe copy)
(how do|how can|can) I (back up|save|keep|move|export|restore) (my personas|you|everything|this|my data|my node|a persona|all of this)
(where is|what is|what's) the (backup|recovery code|backup file|backup region)
(how do|how does) (backups|the backup|a backup|restoring) (work|)
(I want|I need|I would like) (a backup|to back up|a copy of you|to make a backup|to save you)
(can|could) I (move|take|carry|bring) you to (another|a new|my other) (laptop|computer|machine|browser)
(what if|what happens if) (my laptop|my disk|this computer|my browser) (breaks|dies|is lost|is stolen)
(tell me about|explain) (backups|the backup|the recovery code|restoring)
(I lost|where do I find|what is|what do I need) (my|the|a) recovery code (for|)
(how do I|can I) restore (a persona|a backup|you|my personas)
(is there|do you have) (a backup|an export|a way to back up)
!(keeping|getting) (you|my personas) safe (, how does it go|)
!(in case of a crash|for a new laptop), how (do I keep|would I keep) you
!(export|save) button, where is it
`),
  rooms: new PhraseSet(`
(what is|what are|what's) (a room|rooms|the rooms|airc rooms|an airc room)
(how do|how does) (rooms|a room) work
(which|what|how many) rooms (are there|do we have|exist|can I use)
(how do|how can|where do|can) I (make|open|create|join|enter|add) (a|another|a new|a second) room
(tell me about|explain) (rooms|the rooms|airc rooms)
(what is|what's) (general|the general room|the default room|the first room)
(can|could) (we|I|you) (talk|meet|chat) in (another|a different|a new) room
(are there|do you have|is there) (other|more|any other) (rooms|room)
(where|in what) (do you|do personas|do you all) (live|talk|chat|meet)
(which|what) room (do I start|does one start|do new people start) in
!(besides this one|apart from here), (what rooms|which rooms) (exist|are there)
!(room|rooms), (how is it|how are they) organised
`),
  airc: new PhraseSet(`
what (is|does|was) airc (mean|do|for|)
(can|could) you (explain|tell me about|describe) airc
(tell me about|explain|describe) (airc|the airc daemon|the airc service)
(why|what for) (do I need|do we need|is there|do you use) airc
(do I|must I|should I|do we) (need|install|have|run) airc
(what is|what's) (this airc|airc thing|the airc daemon|the airc service|an airc daemon)
(how does|how do I use|how do I install) airc (work|)
(what if|what happens if) (I have no airc|airc is not installed|there is no airc)
(is airc|does airc) (built in|come with this|installed|needed|required|running)
(what does|what is) (the word|the name) airc (mean|)
(who|what) uses airc
!(never heard of airc|airc is new to me), (what is it|help me out)
!(airc|the airc thing), in plain words
`),
  silence: new PhraseSet(`
why (are|were) you (silent|quiet|so silent|so quiet|not answering|not talking|saying nothing)
why (did|do) you (not answer|not reply|stay silent|keep silent|say nothing|ignore me|not say anything)
why (didn't|don't) you (answer|reply|say anything|say something|respond)
(how come|why is it that) you (did not answer|are silent|say nothing|do not reply|stay silent|were quiet)
(when|in which case) (are you|do you stay|do you keep) (silent|quiet)
(where can|how can|how do) I (see|know|find out|tell) why you (are silent|said nothing|did not answer|were silent|stay silent)
(why no|no) (answer|reply|reaction) (from you|)
(do you|will you) (ever|sometimes) (stay silent|ignore people|keep quiet|not answer)
(you did not|you didn't|you don't) (answer|reply|respond|answer me) (, why|, how come|)
(explain|tell me about) (your silence|why you are silent|when you stay silent|being silent)
(what makes|what made) you (stay silent|go silent|keep quiet|so quiet)
!(is it rude of you|are you rude) (to stay silent|to say nothing)
!(what is behind|what's the reason for) your silence
!(I got no answer|nothing came back) (just now|before), why
`),
  privacy: new PhraseSet(`
(is|are) (this|my data|my messages|our chat|this chat|it all) (private|safe|secure|kept private|secret)
where (does|do) (my data|my messages|my words|our words|it all) (go|end up)
(who|who else) (can|could) (read|see|get|hear) (this|my messages|our chat|what I write|what we say)
(do you|does this|does it) (send|share|upload|leak|give) (my data|anything|data|my messages) (to a cloud|to anyone|away|to a server|to the internet|)
(is|are) (anything|any data|my messages|my words|data) (sent|uploaded|shared|leaving) (to the cloud|to a server|anywhere|out|)
(does|will) (anything|my data|data) (leave|get out of) (this|my) (machine|computer|laptop)
(what about|how about|what of) (privacy|my privacy|data protection|my data)
(can|do) I (trust|trust you with|tell you) (secrets|this|my secrets|private things)
(tell me about|explain) (privacy|the privacy|where my data goes|data protection)
(do you|are you) (spy on me|spying|tracking me|track me|watching me|collect data|collecting data)
(is there|do you use) a (cloud|server|cloud service)
!(what happens to|what becomes of) (my words|what I type) (here|)
!(does a company|does anybody outside) (see|get|store) (this|these lines)
!(confidential|private) or not
`),
  cost: new PhraseSet(`
(what does|how much does) (this|it|Persona Node|all this|the program) cost
(is|are) (this|it|you|Persona Node|the program) (free|for free|free to use|free of charge)
(do|must|will|should) I (have to pay|pay|need to pay|pay for this|pay for anything)
(what is|what's) the (price|cost|fee)
(does it|does this|will it|will this) cost (anything|me anything|money|something)
(is there|do you have) a (price|fee|subscription|paid version|free version)
(how much|what) (is it|do I pay|must I pay|do you charge|do you cost)
(do I need|is there need for) (an account|a subscription|a credit card|a license key)
(who|what) pays for (this|it|you|all this)
(can I|may I) use (this|it|you) for free
(tell me about|explain) (the price|the cost|the costs)
!(any|are there any) (charges|costs|bills) (later|for me|)
!(my wallet|my purse) (is empty|has nothing), (can I still use this|is that fine)
!(what will this|how expensive) (set me back|is it)
`),
  license: new PhraseSet(`
(what|which) (license|licence) (is this|does this have|do you have|is it under|is used|applies|has Persona Node)
(is|are) (this|it|you|Persona Node) (open source|open-source|under a license|MIT)
(what is|what's) the (license|licence) (of this|of Persona Node|here|)
(may|can) I (share|copy|change|modify|fork|sell|redistribute) (this|it|the code|Persona Node|the program)
(tell me about|explain) the (license|licence)
(under|with) (what|which) (license|licence) (is this|does this come)
(where is|can I see|may I see) the (code|source|source code|license)
!(is it allowed|am I allowed) to (change|share) (the program|the code)
!(license|licence) terms (please|)
`),
  abilities: new PhraseSet(`
what (can|could) you do (for me|here|for us|)
(what are|which are|tell me) your (abilities|skills|talents|powers|strengths)
(what|which) things (can|could) you do
(what|how) (can|could) you help (me|us|with|me with)
(what|which) (questions|things) (can|may|could) (I|we) ask you
what (are you|can you be) (able to do|good at|good for|useful for)
(tell me|say|explain|list|show me) what you can do
(can|could) you (tell|show) me what you can do
(what do you|what can you) know (about|)
(what|which) (topics|subjects) do you know (about|)
(what should|what can|what could) I ask you (about|)
(I wonder|I want to know|I would like to know) what you can do
(how|in what way) are you (useful|helpful)
!(give me|show me) (a tour|an overview) of your (skills|abilities)
!(what is|what's) in your (toolbox|repertoire)
!(beyond saying hello|besides chatting), what can you do
`),
  being: new PhraseSet(`
(are you|are you really) (real|a real person|human|a human|a person|alive|a robot|a bot|an AI|a machine|a program)
(are you|is this) (a computer|a chatbot|a language model|a computer program|some AI|artificial)
(am I|are we) (talking|speaking|chatting) (to|with) a (person|human|bot|machine|robot|program|real person)
(do you|can you) (feel|think|feel things|have feelings|sleep|dream|eat|breathe|have a body)
(what|what exactly) are you (made of|exactly|really|)
(are you|do you consider yourself) (conscious|sentient|aware|intelligent|smart)
(where do|where did) you (come from|live|grow up)
(how old are you|when were you born|do you have parents|do you have a family)
(is there|are you) (a person|somebody|someone|a human) (behind this|behind you|typing this|)
(tell me|explain) what you are
(how big|how small|how large) are you
!(bot|robot) or (human|person)
!(do you have|is there) (a soul|a heart) in you
!(a living being|flesh and blood) or (code|software)
`),
  product: new PhraseSet(`
what is (Persona Node|persona node|this program|this page|this app|this|this place|this thing|this site)
(can|could) you (explain|tell me about|describe) (Persona Node|persona node|this program|this page|this app|this place)
(tell me about|explain|describe) (Persona Node|persona node|this program|this page|this app|this place)
what (does|is) (Persona Node|this program|this page|this app|it) (do|for)
(what is|what's) (this|it) all about
(what am I|what are we) (looking at|seeing) (here|)
(how does|what makes) (Persona Node|this program|this page|this app) work
(why|what for) (should I|would I|would one) use (this|Persona Node|this program)
(what is|what are) (a persona|personas)
(I am new here|I'm new here|I just got here|I just arrived|first time here), (what is this|explain this|what is it about)
(what does) (the name|the word) (Persona Node|persona) mean
!(sum up|give me the idea of) (Persona Node|this program)
!(I do not get|I do not understand) (what this is|this page)
!(who would need|what's the point of) (this|Persona Node)
`),
  offline: new PhraseSet(`
(do you|does this|does it) (work|run) (offline|without internet|without the internet|without a network|on a plane|with no wifi)
(do I|do you|must I) need (the internet|internet|a connection|a network|wifi|to be online)
(are you|is this|is it) (online|offline|on the internet|connected to the internet)
(can|could) (I|you|we) (use this|work|talk|run|chat) (offline|without internet|on a plane|with no connection|without wifi)
(is|does) (internet|a connection|a network) (needed|required|necessary)
(what if|what happens if) (the internet|my connection|the network|wifi) (is down|fails|drops|goes away)
(can you|do you|are you able to) (browse|search|look things up on|go to|read) (the internet|the web|online)
!(unplugged|cut off from the net), do you still (work|run)
!(no wifi|no network) here, (is that a problem|still fine)
`),
};
