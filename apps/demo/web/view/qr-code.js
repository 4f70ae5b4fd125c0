// The square with the code: the picture while it may be scanned, a grey field when not.

import { t } from "../i18n.js";
import { el, icon } from "./element.js";

export class QrCode {
  #onReload;
  #shown = null;
  #source = null;

  node = el("div", { class: "qr" });

  /** `onReload()` should bring a fresh link: the signed one in an order does not live long. */
  constructor({ onReload }) {
    this.#onReload = onReload;
  }

  /** `state` is waiting, creating or gone. */
  render({ state, paymentNo, source, alt, language }) {
    // Every answer signs the link anew; the picture is the same as long as the attempt is.
    const shown = [state, paymentNo, alt, language].join("|");
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#source = source;
    this.node.dataset.state = state;
    if (state === "waiting") this.#showPicture(alt);
    else if (state === "creating") this.#say("qrMaking", "skeleton");
    else this.#say("qrGone", "qr-gone", "close");
  }

  /** Tries again, with the link of a newer answer. */
  retry(source, alt) {
    this.#source = source;
    this.#showPicture(alt);
  }

  #showPicture(alt) {
    const picture = el("img", {
      "data-testid": "qr",
      src: this.#source,
      alt,
      width: 240,
      height: 240,
      decoding: "async",
      draggable: "false",
      onerror: () => this.#showBroken(picture),
    });
    this.node.replaceChildren(picture);
  }

  #showBroken(picture) {
    if (picture.parentNode !== this.node) return;
    const reload = { class: "button button-small button-plain", type: "button", text: t("qrReload") };
    this.node.replaceChildren(
      el(
        "div",
        { class: "qr-field", role: "alert" },
        icon("alert"),
        el("p", { text: t("qrBroken") }),
        el("button", { ...reload, onclick: this.#onReload }),
      ),
    );
  }

  #say(key, look, symbol) {
    this.node.replaceChildren(
      el("div", { class: `qr-field ${look}` }, symbol ? icon(symbol) : null, el("p", { text: t(key) })),
    );
  }
}
