// Text for money, counts and times. Money stays an integer number of fen: yuan and fen are
// split with integer division and never become a fraction.

/** 990 -> "9.90", 1234500 -> "12,345.00". */
export function yuan(fen) {
  if (!Number.isSafeInteger(fen)) throw new TypeError("an amount is an integer number of fen");
  const magnitude = Math.abs(fen);
  const rest = magnitude % 100;
  const whole = (magnitude - rest) / 100;
  return `${fen < 0 ? "-" : ""}${group(whole)}.${String(rest).padStart(2, "0")}`;
}

/** 1000000 -> "1,000,000". */
export function group(integer) {
  return String(integer).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Milliseconds left as mm:ss; a part of a second counts as a whole one, so 00:00 means over. */
export function mmss(leftMs) {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  const rest = seconds % 60;
  return `${String((seconds - rest) / 60).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
}

/** An RFC 3339 time as a calendar day of China: what is sold there ends by its days, wherever one reads it. */
export function day(rfc3339, locale) {
  const style = { dateStyle: "long", timeZone: "Asia/Shanghai" };
  return new Intl.DateTimeFormat(locale, style).format(new Date(rfc3339));
}

/** An RFC 3339 time as day and time of this device. */
export function moment(rfc3339, locale) {
  const style = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(locale, style).format(new Date(rfc3339));
}
