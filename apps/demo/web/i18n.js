// The language of the page, and its texts.

import { deviceStore } from "./storage.js";
import { en } from "./texts/en.js";
import { zh } from "./texts/zh.js";

const STORE_KEY = "paydesk.lang";

const LANGUAGES = {
  zh: { texts: zh, locale: "zh-CN" },
  en: { texts: en, locale: "en" },
};

let current = deviceStore.get(STORE_KEY) === "en" ? "en" : "zh";

/** The text of `key` in the language of the page. */
export function t(key, values = {}) {
  const text = LANGUAGES[current].texts[key];
  if (text === undefined) throw new Error(`no text "${key}" in ${current}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** The BCP 47 tag of the page's language. */
export function locale() {
  return LANGUAGES[current].locale;
}

/** The tag of the language that the switch leads to. */
export function otherLocale() {
  return LANGUAGES[current === "zh" ? "en" : "zh"].locale;
}

/** Goes to the other language and remembers it. */
export function switchLanguage() {
  current = current === "zh" ? "en" : "zh";
  deviceStore.set(STORE_KEY, current);
}

/** The title of a catalog or order item; the server has both. */
export function titleOf(item) {
  return current === "en" ? item.title_en || item.title : item.title;
}
