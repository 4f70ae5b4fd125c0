// What the shop knows beside the orders: what is for sale, and what the buyer owns.

export class ShopFloor {
  #api;
  #onChange;
  #reading = null;
  #stale = false;

  /** `state` is loading, ready or failed (then with its `problem`). */
  catalog = { state: "loading", plans: [], packages: [], problem: null };
  /** Each is null until it was read once; `…Failed` says that the last reading did not work. */
  points = null;
  pointsFailed = false;
  membership = null;
  membershipFailed = false;

  constructor({ api, onChange }) {
    this.#api = api;
    this.#onChange = onChange;
  }

  async loadCatalog() {
    this.catalog = { state: "loading", plans: [], packages: [], problem: null };
    this.#onChange();
    try {
      const { plans = [], point_packages: packages } = await this.#api.catalog();
      this.catalog = { state: "ready", plans, packages, problem: null };
    } catch (problem) {
      this.catalog = { state: "failed", plans: [], packages: [], problem };
    }
    this.#onChange();
  }

  /** Reads what the buyer owns; news that come while a reading runs cause one more. */
  refreshAccount() {
    this.#stale = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read() {
    let failure = null;
    while (this.#stale) {
      this.#stale = false;
      // One that cannot be read takes nothing from the other, nor from news that came meanwhile.
      const [points, membership] = await Promise.allSettled([this.#api.points(), this.#api.membership()]);
      this.points = points.value ?? this.points;
      this.pointsFailed = points.status === "rejected";
      this.membership = membership.value ?? this.membership;
      this.membershipFailed = membership.status === "rejected";
      failure = points.reason ?? membership.reason ?? null;
    }
    this.#onChange();
    if (failure) throw failure;
  }

  forgetAccount() {
    this.points = null;
    this.pointsFailed = false;
    this.membership = null;
    this.membershipFailed = false;
  }

  /** The lot that an order was granted, once the balance has been read after it. */
  lotOf(order) {
    return this.points?.lots.find((lot) => lot.order_no === order.order_no) ?? null;
  }

  /** How many points an order brings; null if nobody here knows. */
  pointsOf(order) {
    if (order.item.kind !== "points") return null;
    const onSale = this.catalog.packages.find((item) => item.code === order.item.code);
    return this.lotOf(order)?.granted ?? onSale?.points ?? null;
  }

  /** The time of membership that an order was granted, once it has been read after it. */
  segmentOf(order) {
    return this.membership?.segments.find((segment) => segment.order_no === order.order_no) ?? null;
  }
}
