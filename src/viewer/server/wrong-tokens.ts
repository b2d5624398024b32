import { AddressLimits } from './limits.js';

/** Wrong tokens of an address that are remembered. */
const KNOWN = 32;
const ADDRESSES = 1024;

/**
 * Makes guessing slow: ten wrong tokens from an address, then one every ten seconds. Until then the address is shut out,
 * with a right token, too: else the limit would hold for wrong guesses alone, which is no limit. The same wrong token
 * again, of a page that was left open, is no guess.
 *
 * @example
 * const wrong = new WrongTokens();
 * if (wrong.shutOut(address)) refuse();
 * else if (!isRight(token)) wrong.add(address, token);
 */
export class WrongTokens {
  readonly #limits: AddressLimits;
  readonly #known = new Map<string, Set<string>>();

  constructor(rate = 0.1, burst = 10, now?: () => number) {
    this.#limits = new AddressLimits(rate, burst, ADDRESSES, now);
  }

  /** Whether nothing is to be let in from an address for a while. */
  shutOut(address: string): boolean {
    return !this.#limits.has(address);
  }

  isKnown(address: string, token: string): boolean {
    return this.#known.get(address)?.has(token) ?? false;
  }

  add(address: string, token: string): void {
    if (this.isKnown(address, token)) return;
    this.#limits.take(address);
    const known = this.#known.get(address) ?? new Set<string>();
    this.#known.delete(address);
    this.#known.set(address, known.add(token));
    if (known.size > KNOWN) known.delete(known.values().next().value!);
    if (this.#known.size > ADDRESSES) this.#known.delete(this.#known.keys().next().value!);
  }
}
