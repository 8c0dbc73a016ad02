/** Owns how people ask for what stands in the prompt itself: time, date, room, company, and sums of small numbers. */
import { PhraseSet } from './phrase.ts';

export const TIME = new PhraseSet(`
(what time is it|what's the time|whats the time|what is the time) (now|right now|please|)
(do you know|have you got|do you have|can you see) (the time|what time it is)
(can|could|would|will) you (tell|give) me the (time|current time|exact time)
(tell|give) me the (time|current time|exact time)
(how late is it|what does the clock say|what is the clock saying|time please)
(I need|I want|I would like) (the time|to know the time|to know what time it is)
(what hour is it|which hour is it|what is the hour) (now|)
(the time|current time|time check)
(is it late|how late is it) (already|now|)
!(any idea|do you happen to know) what time it is
!(my watch|my clock) (is broken|stopped), what time is it
`);

export const DATE = new PhraseSet(`
(what|which) day is (it|today|this) (today|)
(what is|what's|whats) (today's date|the date|the date today|today)
(do you know|can you tell me|could you tell me) (what day it is|the date|today's date|which day it is)
(tell|give) me (the date|today's date|the day)
(what|which) (date|day of the week) (is it|is today|do we have)
(the date|today's date|date) please
(I need|I want|I would like) (the date|to know the date|today's date|to know what day it is)
(what|which) day (do we have|are we on)
(is it|is today) (Monday|Friday|Sunday|the weekend) (already|today|)
!(I lost track of the days|I have no calendar), what day is it
!(how do we date|how would you date) (a letter|this page) today
`);

export const ROOM = new PhraseSet(`
(what|which) room (is this|are we in|am I in|is it)
(what is|what's|whats) (this room called|the name of this room|the room's name|this room's name)
(tell me|say) (the name of this room|what this room is called|which room this is)
(where are we|where am I|in which room are we|where is this)
(can|could) you (tell me|say) (which room this is|the name of this room|where we are)
(how|what) (is|do you call) this room (called|)
!(remind me|I forgot) (where I am|which room this is)
!the room we are in is called what
`);

export const COMPANY = new PhraseSet(`
(who is|who's|whos) (here|in this room|in the room|around|there|present|with us) (now|right now|)
(who else is|who else's) (here|in the room|around|present)
(tell me|say) who is (here|in the room|around|present)
(can|could) you (tell me|say|list) who is (here|in the room|around|present)
(who|which people|which names) (do you see|are here|are in this room|are present)
(is anybody|is anyone|is somebody|is someone) (here|else here|around|there|in this room)
(who are we|who are the others|who are the people here)
(list|name) (everybody|everyone|the people|all) (here|in the room|present)
!(whom do you have|who keeps you) company
!(give me|show me) the (list of people|names) in the room
`);

export const SUM = new PhraseSet(`
(what is|what's|whats|how much is) {a} (+|plus|and) {b}
{a} (+|plus) {b}
{a}+{b}
(what is|what's|how much is) {a}+{b}
(can|could|would|will) you (add|sum|add up) {a} (and|plus|to) {b}
(add|sum|please add|sum up) {a} (and|to|plus) {b}
(what is|what's|give me|tell me) the sum of {a} and {b}
(calculate|compute|work out|solve) {a} (+|plus) {b}
(what do|how much do) {a} and {b} (make|give|come to)
{a} (+|plus) {b} (is|equals|makes|=) (what|)
(if I have|say I have|I have) {a} {food} and (get|buy|add) {b}, how many (are there|do I have|is that)
(I need|I want) (to add|the sum of) {a} and {b}
(quick|easy) (sum|maths|math): {a} (+|plus) {b}
(do you know|tell me) (what|how much) {a} (plus|and|+) {b} (is|makes)
!(put|take) {a} and {b} together, what is it
!(starting from|start with) {a}, (count up|go up) by {b}
!{a} (apples|coins) (plus|and) {b} more, the total is
`);

export const LARGE_SUM = new PhraseSet(`
(what is|what's|how much is) {big} (+|plus|times|minus|divided by|-) {big2}
{big} (+|plus|times|minus|x|*|-|/) {big2}
(can|could) you (add|multiply|divide|subtract) {big} (and|by|from) {big2}
(calculate|compute|work out|solve) {big} (+|plus|times|minus|*) {big2}
(what is|give me) the (sum|product|difference) of {big} and {big2}
(what is|what's|how much is) {a} (times|minus|divided by|*|-|/) {b}
(what is|what's) the (square root|square|half|third) of {big}
!(multiply|divide|subtract) {big} (by|from) {big2}
!(take|deduct) {big} (away|) from {big2}
`);
