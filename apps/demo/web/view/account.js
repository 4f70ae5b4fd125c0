// The balance and the lots that it is made of.

import { day, group } from "../format.js";
import { locale, t } from "../i18n.js";
import { el, setText } from "./element.js";

export class Account {
  #title = el("h2", { id: "account-title", class: "account-title" });
  #balance = el("output", { class: "balance", "data-testid": "balance", "aria-labelledby": "account-title" });
  #summary = el("summary");
  #list = el("ul", { class: "lots" });
  #details = el("details", { class: "account-details" }, this.#summary, this.#list);
  #shown = null;

  node = el(
    "section",
    { class: "account", "aria-labelledby": "account-title" },
    el("div", { class: "account-head" }, this.#title, this.#balance),
    this.#details,
  );

  /** `points` is null until it was read once; `failed` says that the last reading did not work. */
  render(points, failed) {
    setText(this.#title, t("balance"));
    setText(this.#summary, t("lots"));
    const shown = JSON.stringify([points, failed, locale()]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#details.hidden = points === null;
    if (points === null) {
      this.#balance.replaceChildren(
        failed
          ? el("span", { class: "balance-unknown", text: t("balanceUnknown") })
          : el("span", { class: "skeleton skeleton-number" }),
      );
      return;
    }
    this.#balance.replaceChildren(
      el("span", { class: "balance-count", text: group(points.balance) }),
      " ",
      el("span", { class: "balance-unit", text: t("pointsUnit") }),
    );
    const lots = points.lots.map(lotLine);
    this.#list.replaceChildren(...(lots.length ? lots : [el("li", { text: t("lotsEmpty") })]));
  }
}

function lotLine(lot) {
  const until = lot.expires_at ? t("lotUntil", { day: day(lot.expires_at, locale()) }) : t("lotForever");
  const counts = { remaining: group(lot.remaining), granted: group(lot.granted) };
  return el(
    "li",
    {},
    el("span", { text: t("lotRemaining", counts) }),
    el("span", { class: "quiet", text: until }),
  );
}
