// Point packages for sale, a card for each.

import { group, yuan } from "../format.js";
import { t, titleOf } from "../i18n.js";
import { el, price } from "./element.js";

/** The cards; `on.onBuy(item)`. */
export function packageCards(packages, on) {
  return el("ul", { class: "cards" }, ...packages.map((item) => card(item, on)));
}

function card(item, on) {
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
    el("p", { class: "card-price" }, ...price(amount)),
    el("button", {
      class: "button card-buy",
      type: "button",
      "data-testid": `buy-${item.code}`,
      "data-code": item.code,
      "aria-label": t("buyLabel", { title, amount, validity }),
      text: t("buy"),
      onclick: () => on.onBuy(item),
    }),
  );
}
