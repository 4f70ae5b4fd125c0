// What the pay panel says about an order: one state for its look, one text and one note.

import { yuan } from "./format.js";
import { t } from "./i18n.js";
import { isPayable } from "./order-book.js";

/**
 * `state` is creating, waiting, paid, granted, expired, closed or error; `trouble` marks a
 * state that somebody has to look after. `goods` names what was bought.
 */
export function describe(order, nowMs, goods) {
  switch (order.status) {
    case "pending":
      return pending(order, nowMs);
    case "closing":
      return order.close_reason === "expired"
        ? say("expired", t("expired"), t("expiredNote"))
        : say("closed", t("closing"), t("closingNote"));
    case "closed":
      return closed(order);
    case "paid":
      return paid(order, goods);
    case "partially_refunded":
      return say("paid", t("partlyRefunded", { amount: yuan(order.refunded_fen) }), t("refundedNote"));
    case "refunded":
      return say("closed", t("refunded", { amount: yuan(order.refunded_fen) }), t("refundedNote"));
    default:
      return say("error", t("errorOther"), "");
  }
}

function say(state, text, note, trouble = false) {
  return { state, text, note, trouble };
}

function pending(order, nowMs) {
  // Our own clock ends the payment: the server's word may come a moment later, and an
  // expired code must not be scanned in between.
  if (!isPayable(order, nowMs)) return say("expired", t("expired"), t("expiredNote"));
  if (!order.qr_code_image) return say("creating", t("creatingSlow"), "");
  return say("waiting", t("waiting"), t("hintAfter"));
}

function closed(order) {
  switch (order.close_reason) {
    case "expired":
      return say("expired", t("expired"), t("expiredNote"));
    case "cancelled":
      return say("closed", t("cancelled"), t("closedNote"));
    case "rejected":
      return say("closed", t("rejected"), t("closedNote"));
    default:
      return say("closed", t("closed"), t("closedNote"));
  }
}

function paid(order, goods) {
  if (order.fulfilment === "granted") return say("granted", t("granted", { goods }), t("grantedNote"));
  if (order.fulfilment === "failed") return say("paid", t("grantFailed"), t("grantFailedNote"), true);
  return say("paid", t("paidPending"), t("paidPendingNote"));
}

const PROBLEM_TEXTS = {
  network: "errorNetwork",
  timeout: "errorTimeout",
  unauthenticated: "errorSession",
  forbidden: "errorSession",
  not_found: "errorGone",
  order_not_found: "errorOrderGone",
  amount_limit_exceeded: "errorLimit",
  unsupported_channel: "errorChannel",
  provider_unavailable: "errorProvider",
  provider_timeout: "errorProvider",
  service_unavailable: "errorService",
};

/** The headline of a purchase that has no order to show. */
export function headline(problem) {
  if (problem.isUnreachable) return t("errorUnknownTitle");
  return t(problem.code === "order_not_found" ? "errorGoneTitle" : "errorTitle");
}

/** A problem in words for the buyer; the server's own `detail` is for developers. */
export function explain(problem) {
  if (problem.status === 429) {
    return problem.retryAfter === null
      ? t("errorRateSoon")
      : t("errorRate", { seconds: problem.retryAfter });
  }
  return t(PROBLEM_TEXTS[problem.code] ?? (problem.status >= 500 ? "errorService" : "errorOther"));
}
