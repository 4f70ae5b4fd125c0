// An upgrade before it is ordered: what it would cost, and why.

import { t, titleOf } from "./i18n.js";

const KIND = "membership_upgrade";

export class Upgrade {
  #api;
  #on;
  #round = 0;

  /** Null, or `{ item, state, quote, problem }`; `state` is loading, ready or failed. */
  current = null;

  /** `onStale()` when the buyer holds something else than the page thought, `onChange()` renders. */
  constructor({ api, ...on }) {
    this.#api = api;
    this.#on = on;
  }

  /** Asks for the price of a plan as an upgrade. */
  open({ code, title, title_en }) {
    this.current = { item: { kind: KIND, code, title, title_en }, state: "loading", quote: null, problem: null };
    return this.ask();
  }

  /** Asks again, after a failure or when what the price rests on has changed. */
  async ask() {
    const asked = this.current;
    if (!asked) return;
    this.#round += 1;
    const round = this.#round;
    if (asked.state === "failed") asked.state = "loading";
    this.#on.onChange();
    const answer = await this.#api.quote(asked.item).then(
      (quote) => ({ state: "ready", quote, problem: null }),
      (problem) => ({ state: "failed", quote: null, problem }),
    );
    if (this.current !== asked || round !== this.#round) return; // A later question counts.
    Object.assign(asked, answer);
    if (answer.problem?.code === "not_an_upgrade") this.#on.onStale();
    this.#on.onChange();
  }

  /** What is ordered when the buyer agrees: the wish, with the price that was shown. */
  agreed() {
    const { item, quote } = this.current;
    return { ...item, ...quote.item, kind: KIND, amount_fen: quote.amount_fen };
  }

  /** Silently: whoever closes it decides what is shown next. */
  close() {
    this.current = null;
  }
}

/** What an order is for, in the words of the page. */
export function orderTitle({ item }) {
  return isUpgrade(item) ? t("upgradeTo", { title: titleOf(item) }) : titleOf(item);
}

/** Whether an item is bought by way of a quote. */
export function isUpgrade(item) {
  return item.kind === KIND;
}
