// One beat a second, on the second of the countdown, while anything counts down.

import * as clock from "./clock.js";

/** Milliseconds left to pay an order, by the server's clock. */
export function leftMs(order) {
  return Date.parse(order.expire_at) - clock.now();
}

export class Countdown {
  #on;
  #timer = null;
  #overOrderNo = null;

  /**
   * `order()` is what counts down at the moment, or null; `onBeat(order, leftMs)` each second,
   * `onIdle()` when nothing counts down (any more), `onOver(order)` once for each order whose
   * time is up.
   */
  constructor(on) {
    this.#on = on;
  }

  /** Begins to beat, unless it does already. */
  start() {
    this.#timer ??= setTimeout(() => this.#beat(), 0);
  }

  #beat() {
    this.#timer = null;
    const order = this.#on.order();
    if (order?.status !== "pending") {
      this.#on.onIdle();
      return;
    }
    const left = leftMs(order);
    if (left > 0) {
      this.#on.onBeat(order, left);
      this.#timer = setTimeout(() => this.#beat(), (left % 1000) + 5);
    } else if (this.#overOrderNo !== order.order_no) {
      this.#overOrderNo = order.order_no;
      this.#on.onOver(order);
    }
  }
}
