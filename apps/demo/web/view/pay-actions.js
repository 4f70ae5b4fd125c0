// What can be done about the order on the screen, and the facts about it.

import { t } from "../i18n.js";
import { CHANNELS, channelWords } from "./channels.js";
import { el, icon, setText } from "./element.js";

export class PayActions {
  #warning = el("p", { class: "trouble", role: "status" });
  #cashierText = el("span");
  #cashier = el(
    "a",
    { id: "open-cashier", class: "button", target: "_blank", rel: "noopener", "aria-describedby": "cashier-note" },
    this.#cashierText,
    icon("out"),
  );
  #cashierNote = el("p", { id: "cashier-note", class: "quiet small" });
  #cashierBox = el("div", { class: "cashier" }, this.#cashier, this.#cashierNote);
  #main;
  #check;
  #checkNote = el("p", { class: "quiet small", role: "status" });
  #switches;
  #cancel;
  #facts = el("dl", { class: "facts" });
  #factsKey = null;

  /** `onCheck()`, `onMain()`, `onSwitch(channel)`, `onCancel()`. */
  constructor(on) {
    this.#main = button("button button-wide", "main-action", on.onMain);
    this.#check = button("button button-plain", "check", on.onCheck);
    this.#cancel = button("text-button", "cancel-order", on.onCancel);
    this.#switches = CHANNELS.map(({ id, symbol }) => {
      const words = el("span");
      const look = `button button-plain switch-button`;
      const node = button(look, `switch-${id}`, () => on.onSwitch(id));
      node.dataset.channel = id;
      node.append(icon(symbol), words);
      return { id, node, words };
    });
    this.node = el(
      "div",
      { class: "pay-actions" },
      this.#warning,
      this.#cashierBox,
      this.#main,
      this.#check,
      this.#checkNote,
      ...this.#switches.map(({ node }) => node),
      this.#cancel,
      this.#facts,
    );
  }

  /** See `PayPanel.render`. */
  render(view) {
    setText(this.#warning, view.warning);
    this.#renderCashier(view);
    this.#main.hidden = view.main === null;
    setText(this.#main, view.main?.text ?? "");
    this.#renderCheck(view.check);
    this.#renderChanges(view);
    this.#renderFacts(view.facts);
  }

  #renderCashier({ state, order }) {
    const url = state === "waiting" ? webAddress(order.qr_code_url) : null;
    this.#cashierBox.hidden = !url;
    if (url) this.#cashier.href = url;
    else this.#cashier.removeAttribute("href");
    setText(this.#cashierText, t("openCashier"));
    setText(this.#cashierNote, t("openCashierNote"));
  }

  #renderCheck(check) {
    this.#check.hidden = check === null;
    setBusy(this.#check, check === "busy");
    setText(this.#check, t(check === "busy" ? "checking" : "check"));
    setText(this.#checkNote, check === "unpaid" ? t("checkedUnpaid") : "");
  }

  #renderChanges({ channel, mayChange, busy }) {
    for (const { id, node, words } of this.#switches) {
      node.hidden = !mayChange || id === channel;
      setBusy(node, busy);
      setText(words, t("switchTo", channelWords(id)));
    }
    this.#cancel.hidden = !mayChange;
    setBusy(this.#cancel, busy);
    setText(this.#cancel, t("cancelOrder"));
  }

  #renderFacts(facts) {
    const key = JSON.stringify(facts);
    if (key === this.#factsKey) return;
    this.#factsKey = key;
    const rows = facts.map(([name, value]) =>
      el("div", {}, el("dt", { text: name }), el("dd", { text: value })),
    );
    this.#facts.replaceChildren(...rows);
  }
}

function button(look, testid, onclick) {
  return el("button", { class: look, type: "button", "data-testid": testid, onclick });
}

/** Not `disabled`: that would throw the focus out of the panel. */
function setBusy(node, busy) {
  node.setAttribute("aria-disabled", String(busy));
}

/** The link of a simulated platform; a real one's `weixin://` can only be scanned. */
function webAddress(url) {
  return /^https?:\/\//i.test(url ?? "") ? url : null;
}
