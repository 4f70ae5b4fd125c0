// The purchase under way: from the choice of a package to its end. One at a time.

import * as clock from "./clock.js";
import { isBeingGranted, isOpen, isPayable } from "./order-book.js";
import { tabStore } from "./storage.js";

const ORDER_KEY = "paydesk.order";

export class Checkout {
  #api;
  #book;
  #on;
  #restoring = tabStore.get(ORDER_KEY);
  #creations = new Map();

  /**
   * The purchase that the panel shows, or null: `item`, `channel`, `orderNo` (null until there
   * is one), `problem` (null, or why there is none) and `check` ("idle", "busy", "unpaid").
   */
  current = null;

  /** `onOrder(order)` takes news to everybody, `onPoll()` hurries the poll, `onChange()` renders. */
  constructor({ api, book, ...on }) {
    this.#api = api;
    this.#book = book;
    this.#on = on;
  }

  /** The order of the current purchase, if it is known. */
  get order() {
    return this.current?.orderNo ? this.#book.get(this.current.orderNo) : null;
  }

  /** Buys a package. While a purchase is open, a second click changes nothing. */
  open(item, channel) {
    if (this.current) return;
    this.#restoring = null;
    this.current = { item, channel, orderNo: null, problem: null, check: "idle" };
    void this.#create(this.current);
  }

  /** Shows an order that is already known. */
  show(order) {
    this.#restoring = null;
    this.current = {
      item: { ...order.item, amount_fen: order.amount_fen },
      channel: order.channel,
      orderNo: order.order_no,
      problem: null,
      check: "idle",
    };
    tabStore.set(ORDER_KEY, order.order_no);
    this.#on.onChange();
  }

  /** Leaves the panel; an order that waits goes on waiting. */
  close() {
    this.current = null;
    this.#restoring = null;
    tabStore.remove(ORDER_KEY);
    this.#on.onChange();
  }

  /** A new order for the same package, after the last one failed or ended. */
  again() {
    const purchase = this.current;
    if (!purchase || (purchase.orderNo === null && purchase.problem === null)) return;
    Object.assign(purchase, { orderNo: null, problem: null, check: "idle" });
    void this.#create(purchase);
  }

  /** Asks the payment platform, for a buyer who says that the money went out. */
  async ask() {
    const purchase = this.current;
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
    const order = await this.#api.order(this.current.orderNo);
    this.#on.onOrder(order);
    return order;
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

  /** Whether the screen waits for something other than the buyer. */
  isUrgent() {
    if (this.#restoring) return true;
    if (!this.current?.orderNo) return false;
    const order = this.order;
    if (!order || isBeingGranted(order) || order.status === "closing") return true;
    return order.status === "pending" && (!order.qr_code_image || !isPayable(order, clock.now()));
  }

  async #create(purchase) {
    this.#on.onChange();
    const key = [purchase.item.kind, purchase.item.code, purchase.channel].join("/");
    try {
      const order = await this.#createOnce(key, purchase);
      this.#attach(purchase, order.order_no);
      this.#on.onOrder(order);
    } catch (problem) {
      if (problem.orderNo) {
        // The order exists; only its QR code is late, and polling will find it.
        this.#attach(purchase, problem.orderNo);
        this.#on.onPoll();
      } else {
        purchase.problem = problem;
      }
    }
    this.#on.onChange();
  }

  /** Going back and choosing again while the first call still runs joins that call. */
  #createOnce(key, purchase) {
    if (!this.#creations.has(key)) {
      const call = this.#api.createOrder(purchase.item, purchase.channel);
      this.#creations.set(key, call.finally(() => this.#creations.delete(key)));
    }
    return this.#creations.get(key);
  }

  #attach(purchase, orderNo) {
    purchase.orderNo = orderNo;
    if (this.current === purchase) tabStore.set(ORDER_KEY, orderNo);
  }
}
