// A reminder of an order that still waits for its money.

import { mmss, yuan } from "../format.js";
import { locale, t } from "../i18n.js";
import { orderTitle } from "../upgrade.js";
import { el, icon, setText } from "./element.js";

export class Resume {
  #on;
  #detail = el("p", { class: "resume-detail" });
  #key = null;

  node = el("div", { class: "resume", hidden: true });

  /** `onOrder(orderNo)`. */
  constructor(on) {
    this.#on = on;
  }

  /** `order` may be null. */
  render(order, leftMs) {
    this.node.hidden = !order;
    const key = order ? order.order_no + locale() : null;
    if (key !== this.#key) {
      this.#key = key;
      this.node.replaceChildren(...(order ? this.#parts(order) : []));
    }
    if (!order) return;
    const detail = { title: orderTitle(order), amount: yuan(order.amount_fen), left: mmss(leftMs) };
    setText(this.#detail, t("resumeDetail", detail));
  }

  #parts(order) {
    const go = el("button", {
      class: "button button-small",
      type: "button",
      "data-testid": "resume",
      text: t("resumeGo"),
      onclick: () => this.#on.onOrder(order.order_no),
    });
    const words = el("div", {}, el("p", { class: "resume-title", text: t("resume") }), this.#detail);
    return [icon("clock"), words, go];
  }
}
