// The choice of payment channel. A channel needs an entry here, two texts and a symbol.

import { t } from "../i18n.js";
import { el, icon } from "./element.js";

export const CHANNELS = [{ id: "wechat", symbol: "wechat", text: "channelWechat" }];

/** The channel's symbol and name. */
export function channelBadge(id) {
  const channel = CHANNELS.find((known) => known.id === id);
  if (!channel) return el("span", { class: "channel-badge", text: id });
  return el("span", { class: "channel-badge", "data-channel": id }, icon(channel.symbol), t(channel.text));
}

/** A radio group; `onChoose(id)` on every change. */
export function channelChoice(chosen, onChoose) {
  const options = CHANNELS.map(({ id }) =>
    el(
      "label",
      { class: "channel-option" },
      el("input", {
        type: "radio",
        name: "channel",
        value: id,
        checked: id === chosen,
        onchange: () => onChoose(id),
      }),
      channelBadge(id),
      el("span", { class: "channel-mark" }, icon("check")),
    ),
  );
  return el("fieldset", { class: "channels" }, el("legend", { text: t("channels") }), ...options);
}
