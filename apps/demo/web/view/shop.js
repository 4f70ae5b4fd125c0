// The shop: what the buyer owns, what is for sale, how to pay, and what was bought.

import { locale, t } from "../i18n.js";
import { explain } from "../problem-words.js";
import { Account } from "./account.js";
import { channelChoice } from "./channels.js";
import { el, setText } from "./element.js";
import { Orders } from "./orders.js";
import { packageCards } from "./packages.js";
import { planCards } from "./plans.js";
import { Resume } from "./resume.js";
import { Shelf } from "./shelf.js";

export class Shop {
  #on;
  #heading = el("h1", { class: "visually-hidden" });
  #resume;
  #account = new Account();
  #channels = el("div");
  #channelsKey = null;
  #plans = new Shelf("plans");
  #packages = new Shelf("packages");
  #orders;

  /**
   * `onBuy(item)`, `onUpgrade(plan)`, `onOrder(orderNo)`, `onMoreOrders()`, `onReloadCatalog()`
   * and `onChannel(id)`.
   */
  constructor(root, on) {
    this.#on = on;
    this.#resume = new Resume(on);
    this.#orders = new Orders(on);
    root.append(
      this.#heading,
      this.#resume.node,
      this.#account.node,
      this.#channels,
      this.#plans.node,
      this.#packages.node,
      this.#orders.node,
    );
  }

  /** `floor` is the `ShopFloor`; `pending` an order that waits, or null; `orders` for `Orders`. */
  render({ floor, channel, pending, leftMs, orders }) {
    setText(this.#heading, t("title"));
    this.#resume.render(pending, leftMs);
    this.#account.render(floor);
    this.#renderChannels(floor.catalog, channel);
    this.#renderPlans(floor);
    this.#renderPackages(floor.catalog);
    this.#orders.render(orders);
  }

  /** Puts the focus where the buyer came from, or on a heading. */
  focus(code) {
    if (code && (this.#plans.focus(code) || this.#packages.focus(code))) return;
    const first = this.#plans.node.hidden ? this.#packages : this.#plans;
    first.title.focus({ preventScroll: true });
  }

  #renderChannels(catalog, channel) {
    const shown = catalog.state === "ready" ? [channel, locale()].join() : null;
    if (shown === this.#channelsKey) return;
    const hadFocus = this.#channels.contains(document.activeElement);
    this.#channelsKey = shown;
    this.#channels.replaceChildren(...(shown ? [channelChoice("shop", channel, this.#on.onChannel)] : []));
    if (hadFocus) this.#channels.querySelector("input:checked")?.focus({ preventScroll: true });
  }

  #renderPlans({ catalog, membership }) {
    // Without any (they are an offer of the shop, not a duty), the points stand alone.
    this.#plans.node.hidden = catalog.state !== "loading" && catalog.plans.length === 0;
    this.#plans.render({
      title: t("plans"),
      lead: t("plansLead"),
      isBusy: catalog.state === "loading",
      what: [catalog.state, catalog.plans, membership, locale()],
      make: () =>
        catalog.state === "loading" ? blanks("tiers", 2) : planCards(catalog.plans, membership, this.#on),
    });
  }

  #renderPackages(catalog) {
    this.#packages.render({
      title: t("shelf"),
      lead: t("shelfLead"),
      isBusy: catalog.state === "loading",
      what: [catalog.state, catalog.packages, catalog.problem?.code, locale()],
      make: () => this.#packageGoods(catalog),
    });
  }

  #packageGoods({ state, packages, problem }) {
    if (state === "loading") return blanks("cards", 3);
    if (state === "failed") {
      const retry = { class: "button", type: "button", text: t("retry"), onclick: this.#on.onReloadCatalog };
      return el(
        "div",
        { class: "empty", role: "alert" },
        el("p", { class: "empty-title", text: t("shelfFailed") }),
        el("p", { class: "quiet", text: explain(problem) }),
        el("button", retry),
      );
    }
    if (packages.length === 0) return el("p", { class: "empty quiet", text: t("shelfEmpty") });
    return packageCards(packages, this.#on);
  }
}

function blanks(look, count) {
  const cards = Array.from({ length: count }, () => el("li", { class: "card skeleton" }));
  return el("ul", { class: look, "aria-hidden": "true" }, ...cards);
}
