// News of orders that are not on the screen: paid in the background, say.

import { t } from "../i18n.js";
import { el, icon, setText } from "./element.js";

export class Notices {
  #root;
  #shown = new Map();

  constructor(root) {
    this.#root = root;
  }

  /** Shows or corrects what is said about one order; it stays until dismissed. */
  put(orderNo, { text, trouble }) {
    let notice = this.#shown.get(orderNo);
    if (!notice) {
      notice = this.#make(orderNo);
      this.#shown.set(orderNo, notice);
      this.#root.append(notice.node);
    }
    notice.node.dataset.trouble = String(trouble);
    setText(notice.words, text);
    notice.dismiss.setAttribute("aria-label", t("dismiss"));
  }

  has(orderNo) {
    return this.#shown.has(orderNo);
  }

  orderNos() {
    return [...this.#shown.keys()];
  }

  clear() {
    this.#shown.clear();
    this.#root.replaceChildren();
  }

  #make(orderNo) {
    const words = el("p");
    const dismiss = el("button", {
      class: "dismiss",
      type: "button",
      onclick: () => {
        this.#shown.get(orderNo)?.node.remove();
        this.#shown.delete(orderNo);
      },
    });
    dismiss.append(icon("close"));
    const node = el("div", { class: "notice", "data-testid": "notice" }, icon("check"), words, dismiss);
    return { node, words, dismiss };
  }
}
