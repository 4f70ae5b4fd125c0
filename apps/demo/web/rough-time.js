// A length of time in its two largest units.

import { group } from "./format.js";
import { t } from "./i18n.js";

const UNITS = [
  { seconds: 86_400, text: "days" },
  { seconds: 3_600, text: "hours" },
  { seconds: 60, text: "minutes" },
];

/** 93784 -> "1 day 2 hours"; rounded down, but never to nothing. */
export function roughTime(seconds) {
  const first = UNITS.findIndex((unit) => seconds >= unit.seconds);
  if (first === -1) return t("lessThanAMinute");
  let rest = seconds;
  return UNITS.slice(first, first + 2)
    .map((unit) => {
      const over = rest % unit.seconds;
      const count = (rest - over) / unit.seconds;
      rest = over;
      return count === 0 ? "" : t(count === 1 ? `${unit.text}One` : unit.text, { count: group(count) });
    })
    .filter(Boolean)
    .join(" ");
}
