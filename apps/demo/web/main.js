// Wiring: news go into the models, and every change renders the view that is on the screen.

import { Api, Problem, Session } from "./api.js";
import { Checkout } from "./checkout.js";
import * as clock from "./clock.js";
import { Countdown } from "./countdown.js";
import { switchLanguage, t } from "./i18n.js";
import { Live } from "./live.js";
import { forgetPanel, leavePanel, watchHistory } from "./navigation.js";
import { OrderActions } from "./order-actions.js";
import { isOpen, isPayable, OrderBook } from "./order-book.js";
import { OrderList } from "./order-list.js";
import { describeOrder } from "./purchase-view.js";
import { Screen } from "./screen.js";
import { ShopFloor } from "./shop-floor.js";
import { Upgrade } from "./upgrade.js";
import { CHANNELS } from "./view/channels.js";
import { announce, Frame } from "./view/frame.js";
import { Notices } from "./view/notices.js";

const session = new Session({ onUserChanged: startOver });
const api = new Api(session);
const book = new OrderBook();
const floor = new ShopFloor({ api, onChange: render });
const news = {
  onOrder: takeOrder,
  onPoll: () => live.pollSoon(),
  onStale: refreshAccount,
  onChange: render,
};
const checkout = new Checkout({ api, book, ...news });
const actions = new OrderActions({ api, checkout, ...news });
const upgrade = new Upgrade({ api, ...news });
const orders = new OrderList({ api, book, onOrders: takeOrders, onChange: render });
const live = new Live({
  api,
  session,
  onOrders: takeOrders,
  onGone: orderGone,
  onState: connectionChanged,
  refreshAccount: () => floor.refreshAccount(),
  watched: () => checkout.watched(),
  needsRefresh: (orderNo) => checkout.needsRefresh(orderNo),
  isUrgent: () => checkout.isUrgent(),
});
const countdown = new Countdown({
  order: countingDown,
  onBeat: beat,
  onIdle: () => screen.isShop && renderScreen(), // The reminder of an order goes when its time is up.
  onOver: timeIsUp,
});

const frame = new Frame({ onLanguage: changeLanguage });
const notices = new Notices(document.getElementById("notices"));
const screen = new Screen(
  { floor, checkout, upgrade, orders },
  {
    onEnter: () => notices.clear(),
    onBack: goBack,
    onBuy: (item) => checkout.open(item, channel),
    onUpgrade: (plan) => upgrade.open(plan),
    onOrder: (orderNo) => checkout.show(book.get(orderNo)),
    onMoreOrders: () => orders.more(),
    onChannel: chooseChannel,
    onReloadCatalog: () => floor.loadCatalog(),
    onReloadQuote: () => upgrade.ask(),
    onReloadQr: reloadQr,
    onConfirm: confirmUpgrade,
    onMain: mainPressed,
    onCheck: () => actions.ask(),
    onSwitch: (id) => actions.switchTo(id),
    onCancel: () => actions.cancel(),
  },
);

let channel = CHANNELS[0].id;
let connection = "connecting";
let wasOnline = false;
let warnedOrderNo = null;

// --- news

function takeOrders(several) {
  several.forEach(takeOrder);
}

function takeOrder(order) {
  const { taken, before } = book.put(order);
  if (!taken) return;
  const changed = before && (before.status !== order.status || before.fulfilment !== order.fulfilment);
  if (changed) refreshAccount();
  if (changed && isOpen(before) && order.paid_fen > 0 && checkout.current?.orderNo !== order.order_no) {
    notices.put(order.order_no, describeOrder(order, floor));
  }
  checkout.noticed(order);
  render();
}

function orderGone(orderNo) {
  book.forget(orderNo);
  checkout.gone(orderNo, new Problem({ status: 404, code: "order_not_found" }));
  render();
}

/** What the buyer owns has changed, and with it the price of an upgrade. */
function refreshAccount() {
  floor.refreshAccount().catch(() => {}); // Shown beside the balance; the next news tries again.
  if (upgrade.current?.state === "ready" && !checkout.current) void upgrade.ask();
}

function connectionChanged(state) {
  connection = state;
  if (state === "online") wasOnline = true;
  frame.setConnection(state);
  if (state === "online" && floor.catalog.state === "failed") void floor.loadCatalog();
  if (state === "online" && orders.state === "failed") void orders.more();
  render();
}

function startOver() {
  book.clear();
  notices.clear();
  floor.forgetAccount();
  leave();
  live.restart();
  void orders.start();
}

function changeLanguage() {
  switchLanguage();
  frame.render();
  render();
}

function chooseChannel(id) {
  channel = id;
  render();
}

// --- rendering

function render() {
  for (const orderNo of notices.orderNos()) {
    const order = book.get(orderNo);
    if (order) notices.put(orderNo, describeOrder(order, floor));
  }
  renderScreen();
  countdown.start();
}

function renderScreen() {
  const link = connection === "connecting" && wasOnline ? "reconnecting" : connection;
  screen.render({ channel, connection: link, pending: payableOrder() });
}

// --- leaving, and the buttons of the panels

function leave() {
  upgrade.close();
  checkout.close();
}

function goBack() {
  leavePanel(leave);
}

function confirmUpgrade() {
  const item = upgrade.agreed();
  upgrade.close();
  checkout.open(item, channel);
}

function mainPressed() {
  switch (screen.main.act) {
    case "again":
      checkout.again();
      break;
    case "upgrade":
      void upgrade.open(checkout.current.item);
      checkout.close();
      break;
    default:
      goBack();
  }
}

async function reloadQr() {
  try {
    screen.reloadQr(await actions.freshOrder());
  } catch {
    live.pollSoon(); // The button is still there.
  }
}

// --- time

function payableOrder() {
  return book.unfinished().find((order) => isPayable(order, clock.now())) ?? null;
}

function countingDown() {
  return checkout.current ? checkout.order : payableOrder();
}

function beat(order, left) {
  if (screen.isShop) renderScreen();
  if (!screen.tick(left) || left > 60_000 || warnedOrderNo === order.order_no) return;
  warnedOrderNo = order.order_no;
  announce(t("minuteLeft"));
}

/** Our clock says that time is up; the platform may know of a payment in the last second. */
function timeIsUp(order) {
  render();
  api
    .order(order.order_no, { refresh: true })
    .then(takeOrder)
    .catch(() => live.pollSoon());
}

// --- start

watchHistory({ isOpen: () => !screen.isShop, onLeave: () => screen.isShop || leave() });
if (checkout.watched().length === 0) forgetPanel();
frame.render();
render();
void floor.loadCatalog();
void orders.start();
live.start();
