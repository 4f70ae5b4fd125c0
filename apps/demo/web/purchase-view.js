// The purchase under way as the pay panel shows it: one object of plain values.

import * as clock from "./clock.js";
import { leftMs } from "./countdown.js";
import { moment, yuan } from "./format.js";
import { goodsOf, grantFacts } from "./goods.js";
import { locale, t } from "./i18n.js";
import { isOpen, isPayable } from "./order-book.js";
import { describe, describePurchase } from "./panel-state.js";
import { explainAction } from "./problem-words.js";
import { isUpgrade, orderTitle } from "./upgrade.js";

const SETTLED = ["paid", "granted", "failed", "revoked"];

/** What is said about an order, wherever it is said. */
export function describeOrder(order, floor, busy = null) {
  return describe(order, clock.now(), goodsOf(order, floor), busy);
}

/** See `PayPanel.render`. */
export function purchaseView({ purchase, order, floor, connection }) {
  const said = order ? describeOrder(order, floor, purchase.busy) : describePurchase(purchase);
  const { state } = said;
  const mayChange = order !== null && isPayable(order, clock.now());
  return {
    ...said,
    title: orderTitle(order ?? purchase),
    amountFen: order?.amount_fen ?? purchase.item.amount_fen,
    channel: purchase.busy?.channel ?? order?.channel ?? purchase.channel,
    order,
    leftMs: order ? leftMs(order) : 0,
    main: mainAction(state, purchase, order),
    check: order && isOpen(order) && state !== "creating" && !purchase.busy ? purchase.check : null,
    mayChange,
    busy: purchase.busy !== null,
    warning: warning(state, purchase, order, connection),
    facts: order ? orderFacts(order, floor) : problemFacts(purchase.problem),
  };
}

/** The title of the window. */
export function windowTitle({ state, amountFen }) {
  if (state === "waiting") return t("titleWaiting", { amount: yuan(amountFen) });
  return t(state === "paid" || state === "granted" ? "titlePaid" : "title");
}

/**
 * The button that ends a state, or null. `act`: `again` orders the same, `upgrade` asks for
 * the price of an upgrade first, `leave` goes back to the shop.
 */
function mainAction(state, purchase, order) {
  if (state === "error") return afterProblem(purchase, order);
  if (SETTLED.includes(state) || order?.status === "refunded") {
    return { text: t("continueShopping"), act: "leave" };
  }
  const isOver = ["expired", "closed", "closing"].includes(state) && !purchase.busy;
  // An upgrade costs something else by now: its price is shown before it is ordered again.
  return isOver ? { text: t("reorder"), act: isUpgrade(purchase.item) ? "upgrade" : "again" } : null;
}

function afterProblem(purchase, order) {
  const code = purchase.problem?.code;
  if (code === "upgrade_needed") return { text: t("seeUpgrade"), act: "upgrade" };
  if (order || code === "not_an_upgrade") return { text: t("continueShopping"), act: "leave" };
  return { text: t("retry"), act: "again" };
}

function warning(state, purchase, order, connection) {
  if (state !== "waiting" && state !== "creating") return "";
  if (connection === "offline") return t("noteOffline");
  if (connection === "reconnecting") return t("noteReconnecting");
  if (purchase.failure && !purchase.busy) return explainAction(purchase.failure);
  const shown = purchase.item.amount_fen;
  if (!order || order.amount_fen === shown) return "";
  return t("noteAmount", { shown: yuan(shown), amount: yuan(order.amount_fen) });
}

function orderFacts(order, floor) {
  const rows = [...grantFacts(order, floor), [t("orderNo"), order.order_no]];
  if (order.paid_at) rows.push([t("paidTime"), moment(order.paid_at, locale())]);
  else rows.push([t("orderTime"), moment(order.created_at, locale())]);
  return rows;
}

function problemFacts(problem) {
  return problem?.requestId ? [[t("requestId"), problem.requestId]] : [];
}
