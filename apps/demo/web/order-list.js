// The buyer's orders, newest first, page by page. What is in them is the order book's business.

const PAGE = 5;

export class OrderList {
  #api;
  #book;
  #on;
  #orderNos = new Set();
  #cursor = null;
  #round = 0;

  /** `state` is loading, ready or failed (what is listed already stays). */
  state = "loading";

  /** `onOrders(orders)` takes what a page brings to everybody, `onChange()` renders. */
  constructor({ api, book, ...on }) {
    this.#api = api;
    this.#book = book;
    this.#on = on;
  }

  /** Whether there are older ones to ask for. */
  get hasMore() {
    return this.#cursor !== null;
  }

  /** From the newest on: at the start, and for another user. */
  start() {
    this.#orderNos.clear();
    this.#cursor = null;
    return this.more();
  }

  /** The next page; also the way to try again. */
  async more() {
    this.#round += 1;
    const round = this.#round;
    this.state = "loading";
    this.#on.onChange();
    try {
      const page = await this.#api.orders(PAGE, this.#cursor);
      if (round !== this.#round) return;
      this.#cursor = page.next_cursor ?? null;
      for (const order of page.data) this.#orderNos.add(order.order_no);
      this.state = "ready";
      this.#on.onOrders(page.data);
    } catch {
      if (round !== this.#round) return;
      this.state = "failed";
    }
    this.#on.onChange();
  }

  /** Orders to show: the pages read so far, and what has become known since. */
  orders() {
    const known = this.#book.all().sort(newestFirst);
    const listed = known.filter((order) => this.#orderNos.has(order.order_no));
    // An older one that is known by chance would hide that there are others before it.
    const oldest = this.hasMore ? listed.at(-1) : null;
    return known.filter((order) => !oldest || newestFirst(order, oldest) <= 0);
  }
}

/** Order numbers begin with their time, so they decide between orders of one instant. */
function newestFirst(a, b) {
  return Date.parse(b.created_at) - Date.parse(a.created_at) || (a.order_no < b.order_no ? 1 : -1);
}
