// Memberships for sale, a card for each tier. What a plan's button says depends on what is held.

import { day, yuan } from "../format.js";
import { locale, t, titleOf } from "../i18n.js";
import { byTier, heldUntil, itemOf, relationOf } from "../membership.js";
import { el, price } from "./element.js";

const BUTTONS = { buy: "planBuy", renew: "planRenew", upgrade: "planUpgrade", later: "planLater" };

/** The cards; `on.onBuy(item)` and `on.onUpgrade(plan)`, which leads to a price first. */
export function planCards(plans, membership, on) {
  return el("ul", { class: "tiers" }, ...byTier(plans).map((group) => tierCard(group, membership, on)));
}

function tierCard({ tier, plans }, membership, on) {
  const relation = relationOf({ tier }, membership);
  const isHeld = relation === "renew";
  const badge = isHeld ? el("span", { class: "tier-badge", text: t("planHeld") }) : null;
  return el(
    "li",
    { class: "tier-card", "data-tier": tier.code, "data-held": String(isHeld) },
    el("h3", { class: "card-title" }, titleOf(tier), badge),
    el("p", { class: "tier-note quiet", text: noteOf(relation, membership) }),
    el("ul", { class: "plans" }, ...plans.map((plan) => planRow(plan, relation, on))),
  );
}

function noteOf(relation, membership) {
  const until = heldUntil(membership);
  const values = until ? { day: day(until, locale()) } : {};
  if (relation === "renew") return t("planRenewNote", values);
  if (relation === "upgrade") return t("planUpgradeNote");
  return relation === "later" ? t("planLaterNote", values) : t("planBuyNote");
}

function planRow(plan, relation, on) {
  const amount = yuan(plan.amount_fen);
  const button = t(BUTTONS[relation]);
  const isUpgrade = relation === "upgrade";
  return el(
    "li",
    { class: "plan" },
    el(
      "div",
      { class: "plan-words" },
      el("p", { class: "plan-title", text: period(plan.months) }),
      plan.months > 1 ? el("p", { class: "plan-monthly quiet small", text: monthly(plan) }) : null,
    ),
    el("p", { class: "plan-price" }, ...price(amount)),
    el("button", {
      class: "button button-small plan-buy",
      type: "button",
      "data-testid": `${isUpgrade ? "upgrade" : "buy"}-${plan.code}`,
      "data-code": plan.code,
      "aria-label": t("planLabel", { button, title: titleOf(plan), amount }),
      text: button,
      onclick: () => (isUpgrade ? on.onUpgrade(plan) : on.onBuy(itemOf(plan, relation))),
    }),
  );
}

function period(months) {
  const rest = months % 12;
  const years = (months - rest) / 12;
  if (rest !== 0) return months === 1 ? t("oneMonth") : t("months", { count: months });
  return years === 1 ? t("oneYear") : t("years", { count: years });
}

/** Rounded down to the fen. */
function monthly(plan) {
  const rest = plan.amount_fen % plan.months;
  return t("monthly", { amount: yuan((plan.amount_fen - rest) / plan.months) });
}
