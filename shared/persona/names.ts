/** Owns the names that citizens are born with: personal names only, one pool for personas and one for people. */
import type { Uuid } from '../airc/model.ts';
import { facetIndex } from './facet.ts';
import type { CitizenKind } from './identity.ts';

const PERSONA_NAMES = `
  Ada Adele Agnes Aida Ailsa Alba Alma Alva Amara Amelie Anika Anouk Antonia Ariane Astrid Aurelia Avelina Aya Beata
  Bela Berta Bianca Blanka Brisa Brona Calla Camille Carina Carmen Celeste Celia Chiara Clea Cleo Cora Cosima Dalia
  Damaris Daria Delia Diana Dina Dora Edda Edith Effie Elara Elin Elisa Ella Elodie Elsa Emilia Enya Erika Esme Esther
  Eva Fanny Farah Fay Fiona Flavia Flora Freya Frida Gaia Gemma Gerda Gilda Gina Giulia Greta Gwen Hanna Hazel Hedda
  Helga Henrike Hilda Ida Ilka Ilona Ilse Imke Ines Inga Ingrid Iris Irma Isolde Ivana Jana Jara Jasmin Jette Johanna
  Jolanda Judith Julika Juno Kaia Kalina Karla Katja Kerstin Kira Klara Kora Lara Larissa Lavinia Lea Leda Leila Lena
  Lenka Leona Levke Liane Lilja Lina Linnea Lisbeth Livia Lola Lorena Lotte Lucia Luise Luna Lydia Mabel Magda Maike
  Malin Mara Marit Marlene Mathilda Maya Melina Merle Mila Milena Mina Mira Mona Nadia Naomi Nela Nika Noemi Nora Norma
  Odette Olga Olivia Oona Ottilie Paula Pepita Petra Philine Pia Quinta Ramona Rebekka Renata Rika Romy Rosa Rosalie
  Runa Ruth Sabina Salome Sanja Saskia Selma Senta Signe Silja Simone Sina Solveig Sonja Stella Svea Tabea Talia Tamara
  Tessa Thea Thekla Tilda Tosca Undine Ursula Valeria Vanja Vera Veronika Viola Vita Wanda Wencke Wilma Xenia Yara Yuna
  Yvette Zelda Zita Zoe
`;

const HUMAN_NAMES = `
  Abel Achim Adam Alan Alec Alfons Alvin Amos Andre Anselm Anton Aron Arthur Arvid August Axel Balthasar Bastian Ben
  Benno Bernd Bertram Boris Bruno Caleb Carl Casimir Caspar Cedric Cem Clemens Conrad Cyril Dan Dario David Dennis Denzel
  Dirk Dominik Donald Edgar Edmund Edwin Egon Eike Elias Elmar Emanuel Emil Enno Enrico Eric Erwin Eugen Ewald Fabian
  Felix Ferdinand Fergus Finn Florian Floyd Frank Fred Gabriel Georg Gerald Gero Gideon Gilbert Glenn Gordon Gregor
  Gunnar Gustav Hagen Hakan Harald Hauke Hector Heiko Helmut Henning Henry Herbert Hermann Holger Horst Howard Hubert
  Hugo Ian Igor Ingo Isaac Ivan Jack Jakob Jan Jannik Jaron Jasper Jens Jeremy Jesko Joel Jonas Joris Joschka Julian
  Justus Kai Karsten Kasimir Keith Kenneth Kevin Kilian Klaus Knut Kurt Lars Laurenz Leander Lennart Leo Leon Leopold
  Levin Lew Lionel Lorenz Lothar Luis Lukas Luther Malte Manuel Marek Marius Marlon Martin Marvin Mateo Max Melvin Milan
  Milo Mirko Moritz Nathan Ned Neil Nelson Nestor Niels Noah Norbert Norman Oliver Orlando Oscar Oswald Otis Otto Owen
  Pascal Patrick Paul Percy Peter Philipp Pierre Quentin Rafael Ralf Ramon Raoul Reinhard Rene Richard Robert Robin Roger
  Roland Roman Ronan Rowan Rudolf Rufus Sam Samuel Sandro Sascha Sebastian Severin Silas Simon Steffen Stellan Sven
  Tarek Theodor Thilo Thomas Tibor Tim Tobias Tom Tristan Udo Ulrich Urban Valentin Vernon Victor Vincent Volker Waldemar
  Walter Wenzel Werner Wieland Willem Wolf Xaver Yannis York Yuri Zacharias
`;

const split = (names: string): readonly string[] => names.trim().split(/\s+/);

/** Disjoint, so that the human of a room and a persona never start with one name. */
export const NAME_POOLS: Readonly<Record<CitizenKind, readonly string[]>> = {
  persona: split(PERSONA_NAMES),
  human: split(HUMAN_NAMES),
};

/**
 * The name a citizen is born with: chosen by her peer id, the next free one of the pool where that is taken. Stored at
 * birth and never computed again, since pools may change. `taken` is compared without regard to case.
 */
export function birthName(peerId: Uuid, kind: CitizenKind, taken: Iterable<string>): string {
  const pool = NAME_POOLS[kind];
  const used = new Set(Array.from(taken, (name) => name.toLowerCase()));
  const first = facetIndex(peerId, 'agent_name', pool.length);
  for (let round = 1; ; round += 1) {
    for (let step = 0; step < pool.length; step += 1) {
      const name = pool[(first + step) % pool.length] ?? '';
      const candidate = round === 1 ? name : `${name}${round}`;
      if (!used.has(candidate.toLowerCase())) return candidate;
    }
  }
}
