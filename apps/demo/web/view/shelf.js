// One shelf of the shop: a heading, a sentence, and the goods, which are built anew only when
// something about them has changed.

import { el, setText } from "./element.js";

export class Shelf {
  #key = null;

  constructor(name) {
    this.title = el("h2", { id: `${name}-title`, tabindex: "-1", class: "shelf-title" });
    this.lead = el("p", { class: "shelf-lead quiet" });
    this.goods = el("div", { class: "goods" });
    const named = { class: "shelf", "aria-labelledby": `${name}-title` };
    this.node = el("section", named, this.title, this.lead, this.goods);
  }

  /** `make()` builds the goods; `what` is everything that they are made from. */
  render({ title, lead, isBusy, what, make }) {
    setText(this.title, title);
    setText(this.lead, lead);
    this.goods.setAttribute("aria-busy", String(isBusy));
    const key = JSON.stringify(what);
    if (key === this.#key) return;
    this.#key = key;
    const focused = this.goods.contains(document.activeElement) ? document.activeElement.dataset.code : null;
    this.goods.replaceChildren(make());
    if (focused) this.focus(focused);
  }

  /** Gives the focus to the button of an item, if it is here. */
  focus(code) {
    const button = this.goods.querySelector(`[data-code="${CSS.escape(code)}"]`);
    button?.focus({ preventScroll: true });
    return button !== null;
  }
}
