/** Owns the hosts that the person approved for downloads of models: kept on disk, told to every page that connects. */
import { AppError } from '../../shared/errors.ts';
import { MAX_APPROVED_HOSTS } from '../../shared/models/hosts.ts';

export class ApprovedHosts {
  #hosts: readonly string[];
  readonly #save: (hosts: readonly string[]) => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  /** `save` puts the whole list on disk, or rejects and leaves the old one. */
  constructor(stored: readonly string[], save: (hosts: readonly string[]) => Promise<void>) {
    this.#hosts = stored;
    this.#save = save;
  }

  /** Origins, as sources of a policy. */
  list(): readonly string[] {
    return this.#hosts;
  }

  /** Resolves when the approval is on disk. Rejects with `ArgumentInvalid` when there are too many. */
  approve(host: string): Promise<readonly string[]> {
    const approval = this.#last.then(
      () => this.#add(host),
      () => this.#add(host),
    );
    this.#last = approval;
    return approval;
  }

  async #add(host: string): Promise<readonly string[]> {
    if (this.#hosts.includes(host)) return this.#hosts;
    if (this.#hosts.length >= MAX_APPROVED_HOSTS)
      throw new AppError('ArgumentInvalid', `${MAX_APPROVED_HOSTS} hosts are approved; no more are taken.`);
    const hosts = [...this.#hosts, host];
    await this.#save(hosts);
    this.#hosts = hosts;
    return hosts;
  }
}
