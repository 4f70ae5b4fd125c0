// The choice of payment channel. A channel needs an entry here, its texts and a symbol.

import { t } from "../i18n.js";
import { el, icon } from "./element.js";

export const CHANNELS = [
  { id: "wechat", symbol: "wechat", text: "channelWechat", app: "appWechat" },
  { id: "alipay", symbol: "alipay", text: "channelAlipay", app: "appAlipay" },
];

/** The channel's name, and that of the app that scans its codes. */
export function channelWords(id) {
  const channel = CHANNELS.find((known) => known.id === id) ?? CHANNELS[0];
  return { method: t(channel.text), app: t(channel.app) };
}

/** The channel's symbol and name. */
export function channelBadge(id) {
  const channel = CHANNELS.find((known) => known.id === id);
  if (!channel) return el("span", { class: "channel-badge", text: id });
  return el("span", { class: "channel-badge", "data-channel": id }, icon(channel.symbol), t(channel.text));
}

/**
 * A radio group; `onChoose(id)` on every change. Each `place` has a group of its own: of radio
 * buttons with one name only one is chosen, also when the others are out of sight.
 */
export function channelChoice(place, chosen, onChoose) {
  const options = CHANNELS.map(({ id }) =>
    el(
      "label",
      { class: "channel-option" },
      el("input", {
        type: "radio",
        name: `channel-${place}`,
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
