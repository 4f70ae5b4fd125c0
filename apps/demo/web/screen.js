// What is on the screen: the purchase under way, else the price of an upgrade, else the shop.

import { leftMs } from "./countdown.js";
import { t, titleOf } from "./i18n.js";
import { enterPanel } from "./navigation.js";
import { purchaseView, windowTitle } from "./purchase-view.js";
import { orderTitle } from "./upgrade.js";
import { setTitle } from "./view/frame.js";
import { PayPanel } from "./view/pay-panel.js";
import { QuotePanel } from "./view/quote-panel.js";
import { Shop } from "./view/shop.js";
import { Stage } from "./view/stage.js";

export class Screen {
  #models;
  #on;
  #stage;
  #shop;
  #panel = null;
  #quotePanel = null;

  /** The pay panel's own button, as `purchaseView` has it. */
  main = null;

  /**
   * `models` are `floor`, `checkout`, `upgrade` and `orders`; `on` is what the views take, and
   * `onEnter()` when something takes the shop's place.
   */
  constructor(models, on) {
    const shopRoot = document.getElementById("shop");
    this.#models = models;
    this.#on = on;
    this.#stage = new Stage(shopRoot, document.getElementById("checkout"));
    this.#shop = new Shop(shopRoot, on);
  }

  get isShop() {
    return !this.#models.checkout.current && !this.#models.upgrade.current;
  }

  /** `channel` is the chosen one, `pending` an order that can be paid (or null). */
  render({ channel, connection, pending }) {
    const { checkout, upgrade } = this.#models;
    if (checkout.current) this.#renderPurchase(connection);
    else if (upgrade.current) this.#renderQuote(channel);
    else this.#renderShop(channel, pending);
  }

  /** The pay panel's part that moves every second; whether it is on the screen at all. */
  tick(left) {
    this.#panel?.tick(left);
    return this.#panel !== null;
  }

  /** Shows the order's code anew, unless the buyer has gone on meanwhile. */
  reloadQr(order) {
    if (this.#models.checkout.current?.orderNo !== order.order_no || !order.qr_code_image) return;
    this.#panel?.reloadQr(order, orderTitle(order));
  }

  #renderShop(channel, pending) {
    this.#panel = null;
    this.#quotePanel = null;
    this.#stage.leave((code) => this.#shop.focus(code));
    setTitle(t("title"));
    const { floor, orders } = this.#models;
    this.#shop.render({
      floor,
      channel,
      pending,
      leftMs: pending ? leftMs(pending) : 0,
      orders: { list: orders.orders(), state: orders.state, hasMore: orders.hasMore },
    });
  }

  #renderQuote(channel) {
    this.#panel = null;
    this.#quotePanel ??= new QuotePanel(this.#on);
    const { item, ...answer } = this.#models.upgrade.current;
    setTitle(t("title"));
    this.#quotePanel.render({ ...answer, title: titleOf(item), channel });
    this.#enter(this.#quotePanel, item.code);
  }

  #renderPurchase(connection) {
    this.#quotePanel = null;
    this.#panel ??= new PayPanel(this.#on);
    const { checkout, floor } = this.#models;
    const { current, order } = checkout;
    const view = purchaseView({ purchase: current, order, floor, connection });
    this.main = view.main;
    setTitle(windowTitle(view));
    this.#panel.render(view);
    this.#enter(this.#panel, current.item.code);
  }

  #enter(view, code) {
    if (this.#stage.shows(view)) return;
    this.#on.onEnter();
    this.#stage.enter(view, code);
    enterPanel();
  }
}
