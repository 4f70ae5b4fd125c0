// What the shop knows beside the orders: what is for sale, and what the buyer owns.

export class ShopFloor {
  #api;
  #onChange;
  #reading = null;
  #stale = false;

  /** `state` is loading, ready or failed (then with its `problem`). */
  catalog = { state: "loading", packages: [], problem: null };
  /** Null until it was read once. */
  points = null;
  pointsFailed = false;

  constructor({ api, onChange }) {
    this.#api = api;
    this.#onChange = onChange;
  }

  async loadCatalog() {
    this.catalog = { state: "loading", packages: [], problem: null };
    this.#onChange();
    try {
      const { point_packages: packages } = await this.#api.catalog();
      this.catalog = { state: "ready", packages, problem: null };
    } catch (problem) {
      this.catalog = { state: "failed", packages: [], problem };
    }
    this.#onChange();
  }

  /** Reads the balance; news that come while a reading runs cause one more. */
  refreshAccount() {
    this.#stale = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read() {
    try {
      while (this.#stale) {
        this.#stale = false;
        this.points = await this.#api.points();
        this.pointsFailed = false;
      }
    } catch (error) {
      this.pointsFailed = true;
      throw error;
    } finally {
      this.#onChange();
    }
  }

  forgetAccount() {
    this.points = null;
    this.pointsFailed = false;
  }

  /** The lot that an order was granted, once the balance has been read after it. */
  lotOf(order) {
    return this.points?.lots.find((lot) => lot.order_no === order.order_no) ?? null;
  }

  /** How many points an order brings; null if nobody here knows. */
  pointsOf(order) {
    const onSale = this.catalog.packages.find((item) => item.code === order.item.code);
    return this.lotOf(order)?.granted ?? onSale?.points ?? null;
  }
}
