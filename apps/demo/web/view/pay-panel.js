// The pay panel: one order from "creating" to its end. It is built once and then kept up to
// date, so that focus and live regions survive every piece of news.

import { mmss, yuan } from "../format.js";
import { locale, t } from "../i18n.js";
import { channelBadge, channelWords } from "./channels.js";
import { el, icon, price, setText } from "./element.js";
import { PayActions } from "./pay-actions.js";
import { QrCode } from "./qr-code.js";

const SYMBOLS = {
  creating: "clock",
  waiting: "clock",
  closing: "clock",
  paid: "check",
  granted: "check",
  failed: "alert",
  revoked: "refund",
  expired: "clock",
  closed: "close",
  error: "alert",
};

const CODE_STATES = ["creating", "waiting", "expired"];

export class PayPanel {
  #backText = el("span");
  #back;
  #badge = el("p", { class: "pay-channel" });
  #kicker = el("p", { class: "pay-kicker quiet" });
  #title = el("h1", { id: "pay-title", class: "pay-title", tabindex: "-1" });
  #amountLabel = el("span", { class: "visually-hidden" });
  #amount = el("span", { "data-testid": "amount" });
  #seal = el("div", { class: "seal", "aria-hidden": "true" });
  #result = el("p", { class: "result", "data-testid": "result", role: "status" });
  #note = el("p", { class: "note quiet" });
  #qr;
  #countdownLabel = el("span");
  #countdown = el("span", { class: "countdown", "data-testid": "countdown", role: "timer", "aria-live": "off" });
  #countdownLine = el("p", { class: "countdown-line" }, this.#countdownLabel, " ", this.#countdown);
  #hint = el("p", { class: "hint" });
  #actions;
  #symbol = null;

  /** `onBack()`, `onReloadQr()`, and what `PayActions` takes. */
  constructor(on) {
    this.#qr = new QrCode({ onReload: on.onReloadQr });
    this.#back = el("button", { class: "back", type: "button", "data-testid": "back", onclick: on.onBack }, icon("back"), this.#backText);
    this.#actions = new PayActions(on);
    this.node = this.#assemble();
  }

  #assemble() {
    const words = el(
      "div",
      { class: "pay-words" },
      this.#kicker,
      this.#title,
      el("p", { class: "amount" }, this.#amountLabel, this.#amount),
      this.#seal,
      this.#result,
      this.#countdownLine,
      this.#note,
    );
    const code = el("div", { class: "pay-code" }, this.#badge, this.#qr.node, this.#hint);
    return el(
      "section",
      { class: "pay", "data-testid": "pay-panel", "data-state": "creating", "aria-labelledby": "pay-title" },
      this.#back,
      el("div", { class: "pay-card" }, words, code, this.#actions.node),
    );
  }

  focus() {
    this.#title.focus({ preventScroll: true });
  }

  /**
   * `view`: `state`, `trouble`, `text`, `note`, `title`, `amountFen`, `channel`, `order` (or
   * null), `leftMs`, `main` (the button that ends the state, its `text`, or null), `check`
   * ("idle", "busy", "unpaid" or null), `mayChange` (channel or mind) and whether one is `busy`
   * with it, `warning`, `facts` as pairs.
   */
  render(view) {
    const hadFocus = this.node.contains(document.activeElement);
    const { state, order } = view;
    this.node.dataset.state = state;
    this.node.dataset.channel = view.channel;
    this.node.dataset.phase = CODE_STATES.includes(state) ? "code" : "outcome";
    this.node.dataset.trouble = String(view.trouble);
    this.node.dataset.fulfilment = order?.fulfilment ?? "none";
    setText(this.#backText, t("back"));
    setText(this.#kicker, t("payTitle"));
    setText(this.#title, view.title);
    setText(this.#amountLabel, t(order?.paid_fen > 0 ? "paidLabel" : "amountLabel"));
    this.#renderAmount(view.amountFen);
    this.#renderSymbol(SYMBOLS[state]);
    setText(this.#result, view.text);
    setText(this.#note, view.note);
    this.#renderCode(view);
    this.#actions.render(view);
    // What had the focus may be gone with its state; the heading is the panel's beginning.
    if (hadFocus && !isShown(document.activeElement, this.node)) this.focus();
  }

  /** The part that moves every second. */
  tick(leftMs) {
    setText(this.#countdown, mmss(leftMs));
    this.#countdownLine.dataset.urgent = String(leftMs <= 60_000);
  }

  /** Shows the picture anew, with the link of a newer answer. */
  reloadQr(order, title) {
    this.#qr.retry(order.qr_code_image, qrAlt(order, title));
  }

  #renderAmount(fen) {
    const amount = yuan(fen);
    if (this.#amount.textContent !== `¥${amount}`) this.#amount.replaceChildren(...price(amount));
  }

  #renderSymbol(name) {
    if (name === this.#symbol) return;
    this.#symbol = name;
    this.#seal.replaceChildren(icon(name));
  }

  #renderCode({ state, order, title, channel, leftMs }) {
    const waiting = state === "waiting";
    this.#countdownLine.hidden = !waiting;
    this.#hint.hidden = !waiting;
    setText(this.#countdownLabel, t("countdown"));
    setText(this.#hint, t("hint", channelWords(channel)));
    if (waiting) this.tick(leftMs);
    const badge = channelBadge(channel);
    if (this.#badge.textContent !== badge.textContent) this.#badge.replaceChildren(badge);
    const looks = { creating: "creating", waiting: "waiting" };
    this.#qr.render({
      state: looks[state] ?? "gone",
      paymentNo: order?.payment_no ?? "",
      source: waiting ? order.qr_code_image : null,
      alt: waiting ? qrAlt(order, title) : "",
      language: locale(),
    });
  }
}

function qrAlt(order, title) {
  const { method } = channelWords(order.channel);
  return t("qrAlt", { method, title, amount: yuan(order.amount_fen) });
}

function isShown(node, root) {
  return root.contains(node) && node.getClientRects().length > 0;
}
