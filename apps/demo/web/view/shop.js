// The shelf: balance, packages, channel, and a reminder of an order that still waits.

import { group, mmss, yuan } from "../format.js";
import { locale, t, titleOf } from "../i18n.js";
import { explain } from "../panel-state.js";
import { Account } from "./account.js";
import { channelChoice } from "./channels.js";
import { el, icon, setText } from "./element.js";

export class Shop {
  #on;
  #account = new Account();
  #resume = el("div", { class: "resume", hidden: true });
  #resumeDetail = el("p", { class: "resume-detail" });
  #resumeKey = null;
  #heading = el("h1", { class: "visually-hidden" });
  #title = el("h2", { id: "shelf-title", tabindex: "-1", class: "shelf-title" });
  #lead = el("p", { class: "shelf-lead quiet" });
  #goods = el("div", { class: "goods" });
  #goodsKey = null;
  #channels = el("div");

  /** `onBuy(package)`, `onResume(order)`, `onRetry()` and `onChannel(id)`. */
  constructor(root, on) {
    this.#on = on;
    root.append(
      this.#heading,
      this.#resume,
      this.#account.node,
      el(
        "section",
        { class: "shelf", "aria-labelledby": "shelf-title" },
        this.#title,
        this.#lead,
        this.#goods,
        this.#channels,
      ),
    );
  }

  render({ catalog, points, pointsFailed, channel, pending, leftMs }) {
    this.#account.render(points, pointsFailed);
    setText(this.#heading, t("title"));
    setText(this.#title, t("shelf"));
    setText(this.#lead, t("shelfLead"));
    this.#renderResume(pending, leftMs);
    const key = JSON.stringify([catalog.state, catalog.packages, catalog.problem?.code, channel, locale()]);
    if (key === this.#goodsKey) return;
    this.#goodsKey = key;
    this.#goods.setAttribute("aria-busy", String(catalog.state === "loading"));
    this.#goods.replaceChildren(this.#shelf(catalog));
    const choice = catalog.state === "ready" ? [channelChoice(channel, this.#on.onChannel)] : [];
    this.#channels.replaceChildren(...choice);
  }

  /** Puts the focus where the buyer came from, or on the heading. */
  focus(code) {
    const button = code && this.#goods.querySelector(`[data-testid="buy-${CSS.escape(code)}"]`);
    (button || this.#title).focus({ preventScroll: true });
  }

  #renderResume(order, leftMs) {
    this.#resume.hidden = !order;
    const key = order ? order.order_no + locale() : null;
    if (key !== this.#resumeKey) {
      this.#resumeKey = key;
      this.#resume.replaceChildren(...(order ? this.#resumeParts(order) : []));
    }
    if (!order) return;
    const detail = { title: titleOf(order.item), amount: yuan(order.amount_fen), left: mmss(leftMs) };
    setText(this.#resumeDetail, t("resumeDetail", detail));
  }

  #resumeParts(order) {
    const go = el("button", {
      class: "button button-small",
      type: "button",
      "data-testid": "resume",
      text: t("resumeGo"),
      onclick: () => this.#on.onResume(order.order_no),
    });
    const words = el("div", {}, el("p", { class: "resume-title", text: t("resume") }), this.#resumeDetail);
    return [icon("clock"), words, go];
  }

  #shelf(catalog) {
    if (catalog.state === "loading") {
      const blanks = Array.from({ length: 3 }, () => el("li", { class: "card skeleton" }));
      return el("ul", { class: "cards", "aria-hidden": "true" }, ...blanks);
    }
    if (catalog.state === "failed") {
      const retry = { class: "button", type: "button", text: t("retry"), onclick: this.#on.onRetry };
      return el(
        "div",
        { class: "empty", role: "alert" },
        el("p", { class: "empty-title", text: t("shelfFailed") }),
        el("p", { class: "quiet", text: explain(catalog.problem) }),
        el("button", retry),
      );
    }
    if (catalog.packages.length === 0) return el("p", { class: "empty quiet", text: t("shelfEmpty") });
    return el("ul", { class: "cards" }, ...catalog.packages.map((item) => this.#card(item)));
  }

  #card(item) {
    const title = titleOf(item);
    const amount = yuan(item.amount_fen);
    const validity =
      item.valid_days === null ? t("validForever") : t("validDays", { days: group(item.valid_days) });
    return el(
      "li",
      { class: "card" },
      el(
        "div",
        { class: "card-words" },
        el("h3", { class: "card-title", text: title }),
        el("p", { class: "card-validity quiet", text: validity }),
      ),
      el("p", { class: "card-price" }, el("span", { class: "yuan", text: "¥" }), amount),
      el("button", {
        class: "button card-buy",
        type: "button",
        "data-testid": `buy-${item.code}`,
        "aria-label": t("buyLabel", { title, amount, validity }),
        text: t("buy"),
        onclick: () => this.#on.onBuy(item),
      }),
    );
  }
}
