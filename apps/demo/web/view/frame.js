// What surrounds both views: fixed texts, the connection, the language, spoken news.

import { locale, otherLocale, t } from "../i18n.js";
import { setText } from "./element.js";

const byId = (id) => document.getElementById(id);

export class Frame {
  #connection = "connecting";
  #wasOnline = false;

  constructor({ onLanguage }) {
    byId("lang").addEventListener("click", onLanguage);
  }

  /** Texts in the current language. */
  render() {
    document.documentElement.lang = locale();
    for (const node of document.querySelectorAll("[data-t]")) setText(node, t(node.dataset.t));
    const lang = byId("lang");
    setText(lang, t("otherLanguage"));
    lang.lang = otherLocale();
    this.#renderConnection();
  }

  setConnection(state) {
    const before = this.#connection;
    this.#connection = state;
    if (state === "offline") announce(t("announceOffline"));
    if (state === "online" && before === "offline" && this.#wasOnline) announce(t("announceOnline"));
    if (state === "online") this.#wasOnline = true;
    this.#renderConnection();
  }

  #renderConnection() {
    byId("connection").dataset.state = this.#connection;
    setText(byId("connection-text"), t(this.#connectionKey()));
  }

  #connectionKey() {
    if (this.#connection === "online") return "connectionOnline";
    if (this.#connection === "offline") return "connectionOffline";
    return this.#wasOnline ? "connectionAgain" : "connectionFirst";
  }
}

/** Says something to screen readers that the eye sees elsewhere. */
export function announce(text) {
  byId("announcer").textContent = text;
}

export function setTitle(text) {
  if (document.title !== text) document.title = text;
}
