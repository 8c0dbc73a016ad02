/** Owns a visitor: a browser profile of their own, and the page as a person finds their way in it. */
import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test';

/** What must never stand in the console, whatever the journey does. */
const DEFECTS = /Content Security Policy|TrustedScript|TrustedHTML|Uncaught|Unhandled/;

/** What the log of the node says of a finished turn. */
export interface TurnLine {
  readonly event: 'turn.replied' | 'turn.silent' | 'turn.errored';
  readonly tookMs: number;
  readonly promptTokens?: number;
  readonly cachedTokens?: number;
  readonly completionTokens?: number;
  readonly firstTokenMs?: number;
}

export class Visitor {
  readonly page: Page;
  /** Of every persona of this tab, oldest first. */
  readonly turns: TurnLine[] = [];
  /** Errors of the page and its workers that no journey may cause. */
  readonly defects: string[] = [];
  /** Models that read the room before anybody asked, one for each time. */
  readonly primed: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.defects.push(error.message));
    page.on('console', (message) => {
      if (/^\{"event":"(turn|serve)\./.test(message.text())) this.#tell(message.text());
      if (message.type() === 'error' && DEFECTS.test(message.text())) this.defects.push(message.text());
    });
  }

  static async arrive(context: BrowserContext, link: string): Promise<Visitor> {
    const visitor = new Visitor(await context.newPage());
    await visitor.page.goto(link);
    return visitor;
  }

  get rooms(): Locator {
    return this.page.getByRole('region', { name: 'Rooms' });
  }

  get timeline(): Locator {
    return this.page.getByRole('log', { name: 'Timeline' });
  }

  get messages(): Locator {
    return this.timeline.getByRole('article');
  }

  get messageBox(): Locator {
    return this.page.getByRole('textbox', { name: 'Message' });
  }

  get people(): Locator {
    return this.page.getByRole('region', { name: 'People', exact: true });
  }

  /** The first persona of this node. */
  get persona(): Locator {
    return this.people.getByRole('listitem').filter({ hasText: 'persona' }).first();
  }

  get status(): Locator {
    return this.page.getByRole('status', { name: 'Node status' });
  }

  get models(): Locator {
    return this.page.getByRole('region', { name: 'Models', exact: true });
  }

  get backup(): Locator {
    return this.page.getByRole('region', { name: 'Backup' });
  }

  get troubles(): Locator {
    return this.page.getByRole('region', { name: 'Troubles' });
  }

  async personaIsIdle(): Promise<void> {
    await expect(this.persona).toContainText('Idle');
  }

  async personaName(): Promise<string> {
    return (await this.persona.locator('.name').textContent())?.trim() ?? '';
  }

  /** Her id, as the page tells it to who asks for it. */
  async personaPeerId(): Promise<string> {
    const title = await this.persona.getByTitle(/^Peer id /).getAttribute('title');
    return title?.replace('Peer id ', '') ?? '';
  }

  async say(text: string): Promise<void> {
    await this.messageBox.fill(text);
    await this.messageBox.press('Enter');
    await expect(this.messages.filter({ hasText: text }).last()).toBeVisible();
  }

  /** Says it, and resolves when her turn is over, whether she spoke or not. */
  async sayAndSettle(text: string): Promise<TurnLine> {
    const { length } = this.turns;
    await this.say(text);
    await expect.poll(() => this.turns.length).toBe(length + 1);
    const turn = this.turns.at(-1);
    if (!turn) throw new Error('There is no turn.');
    return turn;
  }

  /** Messages of somebody, as they stand in the log. */
  messagesOf(name: string): Locator {
    return this.messages.filter({ has: this.page.locator('.name', { hasText: name }) });
  }

  /** Says it, and resolves with the next line of hers. */
  async ask(text: string): Promise<string> {
    const answers = this.messagesOf(await this.personaName());
    const before = await answers.count();
    await this.say(text);
    await expect(answers).toHaveCount(before + 1);
    return (await answers.last().locator('.text').textContent()) ?? '';
  }

  #tell(line: string): void {
    // Our own log, written as JSON; what it says is asserted by who asked.
    const told = JSON.parse(line) as {
      readonly event: string;
      readonly code?: string;
      readonly model?: string;
    };
    if (told.event === 'turn.primed') this.primed.push(told.model ?? '');
    // That somebody asks meanwhile is no failure.
    if (told.event.endsWith('.not-primed') && told.code !== 'Aborted') this.defects.push(line);
    if (['turn.replied', 'turn.silent', 'turn.errored'].includes(told.event))
      this.turns.push(told as TurnLine);
  }
}
