// The buyer's orders. Each leads to its own panel.

import * as clock from "../clock.js";
import { moment, yuan } from "../format.js";
import { locale, t } from "../i18n.js";
import { brief } from "../panel-state.js";
import { orderTitle } from "../upgrade.js";
import { channelWords } from "./channels.js";
import { el, price, setText } from "./element.js";

export class Orders {
  #on;
  #title = el("h2", { id: "orders-title", class: "shelf-title" });
  #list = el("ul", { class: "orders", "data-testid": "orders" });
  #empty = el("p", { class: "orders-empty quiet" });
  #failed = el("p", { class: "orders-empty quiet", role: "status" });
  #more;
  #key = null;

  /** `onOrder(orderNo)` and `onMoreOrders()`. */
  constructor(on) {
    this.#on = on;
    this.#more = el("button", {
      class: "button button-plain orders-more",
      type: "button",
      "data-testid": "more-orders",
      onclick: on.onMoreOrders,
    });
    this.node = el(
      "section",
      { class: "shelf", "aria-labelledby": "orders-title" },
      this.#title,
      this.#list,
      this.#empty,
      this.#failed,
      this.#more,
    );
  }

  /** `list` newest first; `state` and `hasMore` as `OrderList` has them. */
  render({ list, state, hasMore }) {
    setText(this.#title, t("orders"));
    this.#renderList(list);
    this.#empty.hidden = list.length > 0 || state !== "ready";
    setText(this.#empty, t("ordersEmpty"));
    setText(this.#failed, state === "failed" ? t("ordersFailed") : "");
    this.#more.hidden = !hasMore && state !== "failed";
    this.#more.setAttribute("aria-disabled", String(state === "loading"));
    setText(this.#more, t(state === "failed" ? "retry" : "ordersMore"));
  }

  #renderList(list) {
    this.#list.hidden = list.length === 0;
    const lines = list.map((order) => ({ order, said: brief(order, clock.now()) }));
    const key = JSON.stringify([locale(), lines.map(({ order, said }) => [order.order_no, order.seq, said])]);
    if (key === this.#key) return;
    this.#key = key;
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    this.#list.replaceChildren(...lines.map((line) => this.#line(line)));
    if (focused) this.#list.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  #line({ order, said }) {
    const { method } = channelWords(order.channel);
    return el(
      "li",
      {},
      el(
        "button",
        {
          class: "order-line",
          type: "button",
          "data-testid": `order-${order.order_no}`,
          "data-status": order.status,
          "data-fulfilment": order.fulfilment,
          onclick: () => this.#on.onOrder(order.order_no),
        },
        el("span", { class: "order-title", text: orderTitle(order) }),
        el("span", { class: "order-amount" }, ...price(yuan(order.amount_fen))),
        el("span", { class: "order-when quiet", text: `${moment(order.created_at, locale())} · ${method}` }),
        el("span", { class: "order-state", "data-tone": said.tone, text: said.text }),
      ),
    );
  }
}
