// What the buyer owns: the membership with its times, the balance with its lots.

import * as clock from "../clock.js";
import { day, group } from "../format.js";
import { locale, t, titleOf } from "../i18n.js";
import { heldUntil } from "../membership.js";
import { el, setText } from "./element.js";

export class Account {
  #heading = el("h2", { id: "account-title", class: "visually-hidden" });
  #tier = new Entry("tier");
  #balance = new Entry("balance");
  #until = el("p", { class: "tier-until quiet", "data-testid": "tier-until" });
  #summary = el("summary");
  #segments = el("ul", { class: "lots" });
  #segmentsTitle = el("h3", { class: "lots-title" });
  #lots = el("ul", { class: "lots" });
  #lotsTitle = el("h3", { class: "lots-title" });
  #details = el(
    "details",
    { class: "account-details" },
    this.#summary,
    this.#segmentsTitle,
    this.#segments,
    this.#lotsTitle,
    this.#lots,
  );
  #shown = null;

  node = el(
    "section",
    { class: "account", "aria-labelledby": "account-title" },
    this.#heading,
    el(
      "div",
      { class: "account-head" },
      el("div", { class: "account-part" }, this.#tier.title, this.#tier.value, this.#until),
      el("div", { class: "account-part" }, this.#balance.title, this.#balance.value),
    ),
    this.#details,
  );

  /** Shows what `ShopFloor` knows. */
  render({ points, pointsFailed, membership, membershipFailed }) {
    setText(this.#heading, t("account"));
    setText(this.#tier.title, t("tier"));
    setText(this.#balance.title, t("balance"));
    setText(this.#summary, t("details"));
    const shown = JSON.stringify([points, pointsFailed, membership, membershipFailed, locale()]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#details.hidden = points === null && membership === null;
    this.#renderTier(membership, membershipFailed);
    this.#renderBalance(points, pointsFailed);
  }

  #renderTier(membership, failed) {
    const lines = membership?.segments.map(segmentLine) ?? [];
    fill(this.#segmentsTitle, this.#segments, t("segments"), lines);
    this.#until.hidden = !membership?.expires_at;
    if (!membership) return this.#tier.showUnknown(failed);
    const { tier, expires_at: until } = membership;
    this.#tier.value.dataset.code = tier?.code ?? "";
    this.#tier.show(el("span", { class: "tier-name", text: tier ? titleOf(tier) : t("tierNone") }));
    if (!until) return undefined;
    this.#until.dataset.until = until;
    setText(this.#until, t(waitsFor(membership) ? "tierUntilNext" : "tierUntil", { day: day(until, locale()) }));
    return undefined;
  }

  #renderBalance(points, failed) {
    const lines = points?.lots.map(lotLine) ?? [];
    if (points && lines.length === 0) lines.push(el("li", { text: t("lotsEmpty") }));
    fill(this.#lotsTitle, this.#lots, t("lots"), lines);
    if (!points) return this.#balance.showUnknown(failed);
    return this.#balance.show(
      el("span", { class: "balance-count", text: group(points.balance) }),
      " ",
      el("span", { class: "balance-unit", text: t("pointsUnit") }),
    );
  }
}

/** A name and what is known under it. */
class Entry {
  constructor(name) {
    this.title = el("p", { id: `${name}-title`, class: "account-title" });
    this.value = el("output", { class: "account-value", "data-testid": name, "aria-labelledby": `${name}-title` });
  }

  show(...nodes) {
    this.value.replaceChildren(...nodes);
  }

  /** Not read yet, or it could not be read. */
  showUnknown(failed) {
    this.show(
      failed
        ? el("span", { class: "balance-unknown", text: t("balanceUnknown") })
        : el("span", { class: "skeleton skeleton-number" }),
    );
  }
}

/** Whether something else is held after the present tier. */
function waitsFor(membership) {
  return Date.parse(heldUntil(membership)) > Date.parse(membership.expires_at);
}

function fill(title, list, text, lines) {
  setText(title, text);
  title.hidden = lines.length === 0;
  list.hidden = lines.length === 0;
  list.replaceChildren(...lines);
}

function segmentLine(segment) {
  const waits = Date.parse(segment.from) > clock.now();
  const times = { from: day(segment.from, locale()), until: day(segment.until, locale()) };
  return el(
    "li",
    { "data-testid": "segment", "data-tier": segment.tier.code },
    el("span", { text: titleOf(segment.tier) }),
    el("span", { class: "quiet", text: t(waits ? "segmentLater" : "segmentNow", times) }),
  );
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
