// The purchase under way: from the choice of an item to its end. One at a time.

import * as clock from "./clock.js";
import { Keys } from "./keys.js";
import { isBeingGranted, isOpen, isPayable, lacksCode } from "./order-book.js";
import { tabStore } from "./storage.js";
import { isUpgrade } from "./upgrade.js";

const ORDER_KEY = "paydesk.order";
// Refusals by what the buyer holds, which is then something else than the page thought.
const STALE = ["upgrade_needed", "not_an_upgrade"];
// A code whose answer was lost comes back only when the platform is asked. The server does that by
// itself, but a minute is long in front of an empty frame; it asks no more often than this.
const CODE_LATE_MS = 3000;
const ASK_AGAIN_MS = 5000;

export class Checkout {
  #api;
  #book;
  #on;
  #restoring = tabStore.get(ORDER_KEY);
  #creations = new Map();

  /**
   * The purchase that the panel shows, or null: `item`, `channel`, `orderNo` (null until there
   * is one), `problem` (null, or why there is none), `keys`, `refreshMs` (when to have the
   * platform asked for a missing code), and what `OrderActions` says of the buttons: `check`
   * ("idle", "busy", "unpaid"), `busy` and `failure`.
   */
  current = null;

  /**
   * `onOrder(order)` takes news to everybody, `onPoll()` hurries the poll, `onStale()` reads
   * again what the buyer holds, `onChange()` renders.
   */
  constructor({ api, book, ...on }) {
    this.#api = api;
    this.#book = book;
    this.#on = on;
  }

  /** The order of the current purchase, if it is known. */
  get order() {
    return this.current?.orderNo ? this.#book.get(this.current.orderNo) : null;
  }

  /** Buys an item. While a purchase is open, a second click changes nothing. */
  open(item, channel) {
    if (this.current) return;
    // Under a fresh key the server would place a second order beside the one that waits.
    const waiting = this.#waiting(item, channel);
    if (waiting) {
      this.show(waiting);
      return;
    }
    this.#restoring = null;
    this.current = purchaseOf(item, channel);
    void this.#create(this.current);
  }

  /** Shows an order that is already known. */
  show(order) {
    this.#restoring = null;
    const item = { ...order.item, amount_fen: order.amount_fen };
    this.current = { ...purchaseOf(item, order.channel), orderNo: order.order_no };
    tabStore.set(ORDER_KEY, order.order_no);
    this.#hurry(order);
    this.#on.onChange();
  }

  /** Leaves the panel; an order that waits goes on waiting. */
  close() {
    this.current = null;
    this.#restoring = null;
    tabStore.remove(ORDER_KEY);
    this.#on.onChange();
  }

  /** A new order for the same item, after the last one failed or ended. */
  again() {
    const purchase = this.current;
    if (!purchase || (purchase.orderNo === null && purchase.problem === null)) return;
    const channel = this.order?.channel ?? purchase.channel;
    if (purchase.orderNo) purchase.keys.forget("create");
    Object.assign(purchase, purchaseOf(purchase.item, channel), { keys: purchase.keys });
    void this.#create(purchase);
  }

  /** An order became known: perhaps it is the one that was open before a reload. */
  noticed(order) {
    if (!this.current && this.#restoring === order.order_no) this.show(order);
  }

  /** The server does not know this order as ours. */
  gone(orderNo, problem) {
    if (this.#restoring === orderNo) {
      this.#restoring = null;
      tabStore.remove(ORDER_KEY);
    }
    if (this.current?.orderNo === orderNo) {
      Object.assign(this.current, { orderNo: null, problem });
      this.#on.onChange();
    }
  }

  /** Orders that polling should ask for, the one on the screen first. */
  watched() {
    const open = this.#book.unfinished().map((order) => order.order_no);
    const shown = this.order;
    const isOver = shown && !isOpen(shown) && !isBeingGranted(shown);
    const first = [isOver ? null : this.current?.orderNo, this.#restoring].filter(Boolean);
    return [...new Set([...first, ...open])].slice(0, 3);
  }

  /** Whether the platform should be asked about an order for its code. Saying yes counts as asking. */
  needsRefresh(orderNo) {
    const purchase = this.current;
    if (purchase?.orderNo !== orderNo || purchase.busy) return false;
    const order = this.order;
    const nowMs = performance.now();
    if ((order && !lacksCode(order, clock.now())) || nowMs < purchase.refreshMs) return false;
    purchase.refreshMs = nowMs + ASK_AGAIN_MS;
    return true;
  }

  /** Whether the screen waits for something other than the buyer. */
  isUrgent() {
    if (this.#restoring) return true;
    if (!this.current?.orderNo) return false;
    const order = this.order;
    if (!order || isBeingGranted(order) || order.status === "closing") return true;
    return order.status === "pending" && (!order.qr_code_image || !isPayable(order, clock.now()));
  }

  /** The order that already waits for the same money for the same thing, or null. */
  #waiting(item, channel) {
    // What an upgrade rests on may have changed at the same price: there the server decides.
    if (isUpgrade(item)) return null;
    const isSame = (order) =>
      order.item.kind === item.kind &&
      order.item.code === item.code &&
      order.channel === channel &&
      order.amount_fen === item.amount_fen;
    return this.#book.unfinished().find((order) => isPayable(order, clock.now()) && isSame(order)) ?? null;
  }

  async #create(purchase) {
    this.#on.onChange();
    try {
      const order = await this.#createOnce(purchase);
      this.#attach(purchase, order.order_no);
      this.#on.onOrder(order);
      this.#hurry(order);
    } catch (problem) {
      if (problem.orderNo) {
        // The order exists; only its QR code is late, and polling will find it.
        this.#attach(purchase, problem.orderNo);
        this.#on.onPoll();
      } else {
        purchase.problem = problem;
        if (STALE.includes(problem.code)) this.#on.onStale();
      }
    }
    this.#on.onChange();
  }

  /** Going back and choosing again while the first call still runs joins that call. */
  #createOnce(purchase) {
    const { item, channel } = purchase;
    const wish = [item.kind, item.code, channel].join("/");
    const running = this.#creations.get(wish);
    if (running) {
      purchase.keys = running.keys;
      return running.call;
    }
    const { keys } = purchase;
    const call = keys
      .use("create", (key) => this.#api.createOrder(item, channel, key))
      .finally(() => this.#creations.delete(wish));
    this.#creations.set(wish, { keys, call });
    return call;
  }

  /** The next poll may be far off, for all that was known until now. */
  #hurry(order) {
    if (lacksCode(order, clock.now())) this.#on.onPoll();
  }

  #attach(purchase, orderNo) {
    purchase.orderNo = orderNo;
    if (this.current === purchase) tabStore.set(ORDER_KEY, orderNo);
  }
}

function purchaseOf(item, channel) {
  const buttons = { check: "idle", busy: null, failure: null };
  const refreshMs = performance.now() + CODE_LATE_MS;
  return { item, channel, orderNo: null, problem: null, keys: new Keys(), refreshMs, ...buttons };
}
