// An upgrade's price with everything that it is made of, before anything is ordered.

import { yuan } from "../format.js";
import { locale, t, titleOf } from "../i18n.js";
import { explainReading } from "../problem-words.js";
import { channelChoice } from "./channels.js";
import { el, icon, price, setText } from "./element.js";
import { roughTime } from "../rough-time.js";

export class QuotePanel {
  #on;
  #backText = el("span");
  #kicker = el("p", { class: "pay-kicker quiet" });
  #title = el("h1", { id: "quote-title", class: "pay-title", tabindex: "-1" });
  #body = el("div", { class: "quote-body" });
  #key = null;

  /** `onBack()`, `onReloadQuote()`, `onConfirm()` and `onChannel(id)`. */
  constructor(on) {
    this.#on = on;
    const back = { class: "back", type: "button", "data-testid": "back", onclick: on.onBack };
    this.node = el(
      "section",
      { class: "pay quote", "data-testid": "quote", "data-state": "loading", "aria-labelledby": "quote-title" },
      el("button", back, icon("back"), this.#backText),
      el("div", { class: "pay-card" }, el("div", {}, this.#kicker, this.#title), this.#body),
    );
  }

  focus() {
    this.#title.focus({ preventScroll: true });
  }

  /** `state`, `quote` and `problem` as `Upgrade` has them; `title` of the plan, and `channel`. */
  render({ state, quote, problem, title, channel }) {
    this.node.dataset.state = state;
    if (quote) this.node.dataset.amountFen = String(quote.amount_fen);
    else delete this.node.dataset.amountFen;
    setText(this.#backText, t("back"));
    setText(this.#kicker, t("quoteKicker"));
    setText(this.#title, title);
    this.#body.setAttribute("aria-busy", String(state === "loading"));
    const key = JSON.stringify([state, quote, problem?.code, channel, locale()]);
    if (key === this.#key) return;
    this.#key = key;
    const focused = this.#body.contains(document.activeElement) ? document.activeElement : null;
    this.#body.replaceChildren(...this.#parts(state, quote, problem, channel));
    if (focused) this.#focusAgain(focused);
  }

  #parts(state, quote, problem, channel) {
    if (state === "loading") return [el("p", { class: "quiet", role: "status", text: t("quoteLoading") })];
    return state === "failed" ? this.#failure(problem) : this.#offer(quote, channel);
  }

  #failure(problem) {
    const isFinal = problem.code === "not_an_upgrade";
    const act = isFinal ? this.#on.onBack : this.#on.onReloadQuote;
    return [
      el("p", { class: "trouble", role: "alert", text: explainReading(problem) }),
      el("button", { class: "button", type: "button", text: t(isFinal ? "back" : "retry"), onclick: act }),
    ];
  }

  #offer(quote, channel) {
    const amount = yuan(quote.amount_fen);
    return [
      sums(quote),
      el("p", { class: "quote-note quiet", text: t("quoteNote") }),
      channelChoice("quote", channel, this.#on.onChannel),
      el("button", {
        class: "button",
        type: "button",
        "data-testid": "confirm-upgrade",
        text: t("quoteConfirm", { amount }),
        onclick: this.#on.onConfirm,
      }),
      el("p", { class: "quiet small", text: t("quoteFresh") }),
    ];
  }

  /** The radio buttons are new nodes; the one with the focus is where the buyer still is. */
  #focusAgain(before) {
    const again =
      before.type === "radio"
        ? this.#body.querySelector("input:checked")
        : this.#body.querySelector(`[data-testid="${before.dataset.testid ?? ""}"]`);
    (again ?? this.#title).focus({ preventScroll: true });
  }
}

/** List price, less the unused part of each piece of time, is what is to be paid. */
function sums({ item, amount_fen: amount, breakdown }) {
  const { list_price_fen: list, credit_fen: credit, extra_seconds: extra, consumed } = breakdown;
  const rows = [
    row(t("quoteList"), titleOf(item), `¥${yuan(list)}`),
    ...consumed.map((part) => {
      const name = t("quoteUnused", { tier: titleOf(part.tier) });
      return row(name, roughTime(part.unused_seconds), `−¥${yuan(part.credit_fen)}`);
    }),
  ];
  // What exceeds the price comes back as time, so the rows do not add up without saying so.
  const excess = amount - (list - credit);
  if (excess > 0) rows.push(row(t("quoteExcess"), t("quoteExcessNote"), `+¥${yuan(excess)}`));
  const total = el(
    "div",
    { class: "sum sum-total" },
    el("dt", { text: t("quoteTotal") }),
    el("dd", { "data-testid": "quote-amount" }, ...price(yuan(amount))),
  );
  const gift =
    extra > 0
      ? [
          el(
            "div",
            { class: "sum sum-extra", "data-testid": "quote-extra", "data-seconds": extra },
            el("dt", { text: t("quoteExtra") }),
            el("dd", { text: `+${roughTime(extra)}` }),
          ),
        ]
      : [];
  return el("dl", { class: "sums" }, ...rows, total, ...gift);
}

function row(name, detail, amount) {
  return el(
    "div",
    { class: "sum" },
    el("dt", {}, name, el("span", { class: "sum-detail quiet small", text: detail })),
    el("dd", { text: amount }),
  );
}
