// What a buyer may do with the order on the screen: ask about it, pay another way, call it off.

import { isOpen } from "./order-book.js";

// Another news of the order was quicker than the button: its state says everything.
const OVERTAKEN = ["order_paid", "order_closed"];

export class OrderActions {
  #api;
  #checkout;
  #on;

  /** `onOrder(order)` takes news to everybody, `onPoll()` hurries the poll, `onChange()` renders. */
  constructor({ api, checkout, ...on }) {
    this.#api = api;
    this.#checkout = checkout;
    this.#on = on;
  }

  /** Asks the payment platform, for a buyer who says that the money went out. */
  async ask() {
    const purchase = this.#checkout.current;
    if (!purchase?.orderNo || purchase.check === "busy") return;
    purchase.check = "busy";
    this.#on.onChange();
    try {
      const order = await this.#api.order(purchase.orderNo, { refresh: true });
      purchase.check = isOpen(order) ? "unpaid" : "idle";
      this.#on.onOrder(order);
    } catch {
      purchase.check = "idle";
      this.#on.onPoll(); // It will also find out whether the network is gone.
    }
    this.#on.onChange();
  }

  /** Reads the order again, for a picture whose signed link has ended. */
  async freshOrder() {
    const order = await this.#api.order(this.#checkout.current.orderNo);
    this.#on.onOrder(order);
    return order;
  }

  /** The same order through another platform. */
  switchTo(channel) {
    return this.#act({ what: "switch", channel }, `switch/${channel}`, (orderNo, key) =>
      this.#api.switchChannel(orderNo, channel, key),
    );
  }

  cancel() {
    return this.#act({ what: "cancel" }, "cancel", (orderNo, key) => this.#api.cancelOrder(orderNo, key));
  }

  /** One at a time. `busy` says which one runs, `failure` why the last one did not work. */
  async #act(busy, wish, call) {
    const purchase = this.#checkout.current;
    if (!purchase?.orderNo || purchase.busy) return;
    const { orderNo } = purchase;
    Object.assign(purchase, { busy, failure: null, check: "idle" });
    this.#on.onChange();
    try {
      this.#on.onOrder(await purchase.keys.use(wish, (key) => call(orderNo, key)));
    } catch (problem) {
      if (!OVERTAKEN.includes(problem.code)) purchase.failure = problem;
      await this.#catchUp(orderNo);
    }
    purchase.busy = null;
    if (purchase.failure) this.#on.onPoll(); // Perhaps the new code's answer was lost.
    this.#on.onChange();
  }

  /** After a refusal or no answer at all, only the server knows what the order is now. */
  async #catchUp(orderNo) {
    try {
      this.#on.onOrder(await this.#api.order(orderNo));
    } catch {
      this.#on.onPoll();
    }
  }
}
