// What an order brings, in words, and what it has brought.

import * as clock from "./clock.js";
import { day, group } from "./format.js";
import { locale, t, titleOf } from "./i18n.js";

/** The end of the sentence "paid, …", and what to know about it. */
export function goodsOf(order, floor) {
  const title = titleOf(order.item);
  if (order.item.kind === "points") {
    const count = floor.pointsOf(order);
    const text = count === null ? t("goodsOther", { title }) : t("goodsPoints", { count: group(count) });
    return { text, note: t("grantedNote") };
  }
  const segment = floor.segmentOf(order);
  const waits = segment && Date.parse(segment.from) > clock.now();
  const note = waits ? t("grantedLater", { day: day(segment.from, locale()) }) : t("grantedNow");
  return { text: t("goodsPlan", { title }), note };
}

/** Rows about what the buyer has now, for an order that was granted. */
export function grantFacts(order, floor) {
  if (order.fulfilment !== "granted") return [];
  const lot = floor.lotOf(order);
  if (lot) {
    return [
      [t("newBalance"), group(floor.points.balance)],
      [t("validUntil"), lot.expires_at ? day(lot.expires_at, locale()) : t("lotForever")],
    ];
  }
  const segment = floor.segmentOf(order);
  if (!segment) return [];
  return [
    [t("tier"), titleOf(segment.tier)],
    [t("validUntil"), day(segment.until, locale())],
  ];
}
