// What is known of this user's orders. News come by socket, by polling and as answers, in any
// order; `seq` tells which is newer.

export class OrderBook {
  #orders = new Map();

  get(orderNo) {
    return this.#orders.get(orderNo) ?? null;
  }

  /** Takes an order unless a newer one is known. The same `seq` may still bring a fresh QR link. */
  put(order) {
    const known = this.#orders.get(order.order_no);
    if (known && known.seq > order.seq) return { taken: false, before: known };
    this.#orders.set(order.order_no, order);
    return { taken: true, before: known ?? null };
  }

  forget(orderNo) {
    this.#orders.delete(orderNo);
  }

  clear() {
    this.#orders.clear();
  }

  all() {
    return [...this.#orders.values()];
  }

  /** Orders whose story is not over, newest first. */
  unfinished() {
    return this.all()
      .filter((order) => isOpen(order) || isBeingGranted(order))
      .sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
  }
}

/** Money may still arrive. */
export function isOpen(order) {
  return order.status === "pending" || order.status === "closing";
}

/** Paid, and the goods are on their way. */
export function isBeingGranted(order) {
  return order.status === "paid" && (order.fulfilment === "none" || order.fulfilment === "pending");
}

/** Could be paid now, but for its code, which has not come. */
export function lacksCode(order, nowMs) {
  return isPayable(order, nowMs) && !order.qr_code_image;
}

/** Can be paid now: pending and not past its time. */
export function isPayable(order, nowMs) {
  return order.status === "pending" && Date.parse(order.expire_at) > nowMs;
}
