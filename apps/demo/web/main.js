// Wiring: news go into the models, and every change renders the view that is on the screen.

import { Api, Problem, Session } from "./api.js";
import { Checkout } from "./checkout.js";
import * as clock from "./clock.js";
import { day, group, yuan } from "./format.js";
import { locale, switchLanguage, t, titleOf } from "./i18n.js";
import { Live } from "./live.js";
import { enterPanel, forgetPanel, leavePanel, watchHistory } from "./navigation.js";
import { isOpen, isPayable, OrderBook } from "./order-book.js";
import { describe, explain, headline } from "./panel-state.js";
import { ShopFloor } from "./shop-floor.js";
import { announce, Frame, setTitle } from "./view/frame.js";
import { Notices } from "./view/notices.js";
import { orderFacts, PayPanel } from "./view/pay-panel.js";
import { Shop } from "./view/shop.js";
import { CHANNELS } from "./view/channels.js";

const shopRoot = document.getElementById("shop");
const checkoutRoot = document.getElementById("checkout");

const session = new Session({ onUserChanged: startOver });
const api = new Api(session);
const book = new OrderBook();
const floor = new ShopFloor({ api, onChange: render });
const checkout = new Checkout({
  api,
  book,
  onOrder: takeOrder,
  onPoll: () => live.pollSoon(),
  onChange: render,
});
const live = new Live({
  api,
  session,
  onOrders: (orders) => orders.forEach(takeOrder),
  onGone: orderGone,
  onState: connectionChanged,
  refreshAccount: () => floor.refreshAccount(),
  watched: () => checkout.watched(),
  isUrgent: () => checkout.isUrgent(),
});

const frame = new Frame({ onLanguage: changeLanguage });
const notices = new Notices(document.getElementById("notices"));
const shop = new Shop(shopRoot, {
  onBuy: (item) => checkout.open(item, channel),
  onResume: (orderNo) => checkout.show(book.get(orderNo)),
  onRetry: () => floor.loadCatalog(),
  onChannel: (id) => {
    channel = id;
  },
});

let channel = CHANNELS[0].id;
let connection = "connecting";
let wasOnline = false;
let panel = null;
let shelfPlace = { top: 0, code: null };
let ticker = null;
let endedOrderNo = null;
let warnedOrderNo = null;

// --- news

function takeOrder(order) {
  const { taken, before } = book.put(order);
  if (!taken) return;
  const changed = before && (before.status !== order.status || before.fulfilment !== order.fulfilment);
  if (changed) floor.refreshAccount().catch(() => {});
  if (changed && isOpen(before) && order.paid_fen > 0 && checkout.current?.orderNo !== order.order_no) {
    notices.put(order.order_no, describeOrder(order));
  }
  checkout.noticed(order);
  render();
}

function orderGone(orderNo) {
  book.forget(orderNo);
  checkout.gone(orderNo, new Problem({ status: 404, code: "order_not_found" }));
  render();
}

function connectionChanged(state) {
  connection = state;
  if (state === "online") wasOnline = true;
  frame.setConnection(state);
  if (state === "online" && floor.catalog.state === "failed") void floor.loadCatalog();
  render();
}

function startOver() {
  book.clear();
  notices.clear();
  floor.forgetAccount();
  if (checkout.current) checkout.close();
  live.restart();
}

function changeLanguage() {
  switchLanguage();
  frame.render();
  render();
}

// --- rendering

function render() {
  for (const orderNo of notices.orderNos()) {
    const order = book.get(orderNo);
    if (order) notices.put(orderNo, describeOrder(order));
  }
  if (checkout.current) renderCheckout();
  else renderShop();
  startTicking();
}

function renderShop() {
  if (panel) leaveView();
  setTitle(t("title"));
  const pending = book.unfinished().find((order) => isPayable(order, clock.now())) ?? null;
  shop.render({
    catalog: floor.catalog,
    points: floor.points,
    pointsFailed: floor.pointsFailed,
    channel,
    pending,
    leftMs: pending ? leftMs(pending) : 0,
  });
}

function renderCheckout() {
  if (!panel) enterView();
  const { current, order } = checkout;
  const view = order ? describeOrder(order) : describePurchase(current);
  const hasEnded = view.state === "paid" || view.state === "granted";
  setTitle(t(titleKey(view.state), { amount: yuan(current.item.amount_fen) }));
  panel.render({
    ...view,
    title: titleOf(order?.item ?? current.item),
    amountFen: order?.amount_fen ?? current.item.amount_fen,
    channel: current.channel,
    order,
    leftMs: order ? leftMs(order) : 0,
    main: mainAction(view.state, order),
    check: order && isOpen(order) && view.state !== "creating" ? current.check : null,
    connection: connection === "connecting" && wasOnline ? "reconnecting" : connection,
    facts: order ? orderFacts(order, hasEnded ? grantFacts(order) : []) : problemFacts(current.problem),
  });
}

function enterView() {
  shelfPlace = { top: window.scrollY, code: checkout.current.item.code };
  panel = new PayPanel({
    onBack: () => leavePanel(() => checkout.close()),
    onCheck: () => checkout.ask(),
    onReloadQr: reloadQr,
    onMain: mainPressed,
  });
  notices.clear();
  shopRoot.hidden = true;
  checkoutRoot.hidden = false;
  checkoutRoot.replaceChildren(panel.node);
  enterPanel();
  window.scrollTo(0, 0);
  // Filled in first: the focus makes a screen reader read the heading.
  queueMicrotask(() => panel?.focus());
}

function leaveView() {
  panel = null;
  checkoutRoot.hidden = true;
  checkoutRoot.replaceChildren();
  shopRoot.hidden = false;
  window.scrollTo(0, shelfPlace.top);
  queueMicrotask(() => shop.focus(shelfPlace.code));
}

function titleKey(state) {
  if (state === "waiting") return "titleWaiting";
  return state === "paid" || state === "granted" ? "titlePaid" : "title";
}

function describeOrder(order) {
  const count = floor.pointsOf(order);
  const goods = count === null ? `${titleOf(order.item)} ` : t("points", { count: group(count) });
  return describe(order, clock.now(), goods);
}

function describePurchase({ orderNo, problem }) {
  if (problem) return { state: "error", text: headline(problem), note: explain(problem), trouble: true };
  return { state: "creating", text: t(orderNo ? "creatingSlow" : "creating"), note: "", trouble: false };
}

function grantFacts(order) {
  if (order.fulfilment !== "granted") return [];
  const lot = floor.lotOf(order);
  if (!lot) return [];
  return [
    [t("newBalance"), group(floor.points.balance)],
    [t("validUntil"), lot.expires_at ? day(lot.expires_at, locale()) : t("lotForever")],
  ];
}

function problemFacts(problem) {
  return problem?.requestId ? [[t("requestId"), problem.requestId]] : [];
}

// --- the panel's buttons

function mainAction(state, order) {
  if (state === "error") return t(order ? "continueShopping" : "retry");
  if (state === "expired") return t("reorder");
  if (state === "closed") return t(order.status === "refunded" ? "continueShopping" : "reorder");
  return state === "paid" || state === "granted" ? t("continueShopping") : null;
}

function mainPressed() {
  const { order } = checkout;
  const mayOrderAgain = !order || isOpen(order) || order.status === "closed";
  if (mayOrderAgain) checkout.again();
  else leavePanel(() => checkout.close());
}

async function reloadQr() {
  const shown = panel;
  try {
    const order = await checkout.freshOrder();
    if (panel === shown && order.qr_code_image) panel.reloadQr(order, titleOf(order.item));
  } catch {
    live.pollSoon(); // The button is still there.
  }
}

// --- time

function leftMs(order) {
  return Date.parse(order.expire_at) - clock.now();
}

/** One beat a second, on the second of the countdown, while anything counts down. */
function startTicking() {
  if (ticker === null) ticker = setTimeout(tick, 0);
}

function tick() {
  ticker = null;
  const now = clock.now();
  const order = checkout.current ? checkout.order : book.unfinished().find((it) => isPayable(it, now));
  if (order?.status !== "pending") {
    if (!panel) renderShop(); // The reminder of an order goes when its time is up.
    return;
  }
  const left = leftMs(order);
  if (left <= 0) {
    ended(order);
    return;
  }
  if (panel) {
    panel.tick(left);
    warnOnce(order, left);
  } else {
    renderShop();
  }
  ticker = setTimeout(tick, (left % 1000) + 5);
}

/** Our clock says that time is up; the platform may know of a payment in the last second. */
function ended(order) {
  if (endedOrderNo === order.order_no) return;
  endedOrderNo = order.order_no;
  render();
  api
    .order(order.order_no, { refresh: true })
    .then(takeOrder)
    .catch(() => live.pollSoon());
}

function warnOnce(order, left) {
  if (left > 60_000 || warnedOrderNo === order.order_no) return;
  warnedOrderNo = order.order_no;
  announce(t("minuteLeft"));
}

// --- start

watchHistory({ isOpen: () => checkout.current !== null, onLeave: () => checkout.current && checkout.close() });
if (checkout.watched().length === 0) forgetPanel();
frame.render();
render();
void floor.loadCatalog();
live.start();
