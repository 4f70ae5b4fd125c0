// What the pay panel says about an order: one state for its look, one text and one note.

import { yuan } from "./format.js";
import { t } from "./i18n.js";
import { isPayable } from "./order-book.js";
import { explain, headline } from "./problem-words.js";

/**
 * `state` is creating, waiting, closing, paid, granted, failed, revoked, expired, closed or
 * error; `trouble` marks a state that somebody has to look after. `goods` ends the sentence
 * about what was bought (`text`) and says what to know of it (`note`); `busy` is what the buyer has just asked for, if anything.
 */
export function describe(order, nowMs, goods, busy = null) {
  switch (order.status) {
    case "pending":
      return pending(order, nowMs, busy);
    case "closing":
      return order.close_reason === "expired"
        ? say("expired", t("expired"), t("expiredNote"))
        : say("closing", t("closing"), t("closingNote"));
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

/** The same for a purchase that has no order yet. */
export function describePurchase({ orderNo, problem }) {
  if (problem) return say("error", headline(problem), explain(problem), true);
  return say("creating", t(orderNo ? "creatingSlow" : "creating"), "");
}

function say(state, text, note, trouble = false) {
  return { state, text, note, trouble };
}

function pending(order, nowMs, busy) {
  // Our own clock ends the payment: the server's word may come a moment later, and an
  // expired code must not be scanned in between.
  if (!isPayable(order, nowMs)) return say("expired", t("expired"), t("expiredNote"));
  // No code while it is being given up: nobody should scan it now.
  if (busy?.what === "cancel") return say("closing", t("cancelling"), "");
  if (busy?.what === "switch") return say("creating", t("switching"), "");
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
  switch (order.fulfilment) {
    case "granted":
      return say("granted", t("granted", { goods: goods.text }), goods.note);
    case "failed":
      return say("failed", t("grantFailed"), t("grantFailedNote"), true);
    case "revoked":
      return say("revoked", t("revoked"), t("revokedNote"), true);
    default:
      return say("paid", t("paidPending"), t("paidPendingNote"));
  }
}

const SHORT_CLOSED = { expired: "shortExpired", cancelled: "shortCancelled", rejected: "shortRejected" };
const SHORT_PAID = { granted: "shortGranted", failed: "shortFailed", revoked: "shortRevoked" };

/** An order in a word or two, for a list: `tone` is open, good, bad or quiet. */
export function brief(order, nowMs) {
  switch (order.status) {
    case "pending":
      return isPayable(order, nowMs)
        ? { text: t("shortPending"), tone: "open" }
        : { text: t("shortExpired"), tone: "quiet" };
    case "closing":
      return { text: t("shortClosing"), tone: "quiet" };
    case "closed":
      return { text: t(SHORT_CLOSED[order.close_reason] ?? "shortClosed"), tone: "quiet" };
    case "paid": {
      const tones = { granted: "good", failed: "bad", revoked: "bad" };
      return { text: t(SHORT_PAID[order.fulfilment] ?? "shortPaid"), tone: tones[order.fulfilment] ?? "good" };
    }
    case "partially_refunded":
      return { text: t("shortPartlyRefunded"), tone: "quiet" };
    case "refunded":
      return { text: t("shortRefunded"), tone: "quiet" };
    default:
      return { text: order.status, tone: "quiet" };
  }
}
