// The browser's stores, which may be switched off: then a value lasts as long as the page.

function keep(area) {
  const spare = new Map();
  return {
    get(key) {
      try {
        return area().getItem(key);
      } catch {
        return spare.get(key) ?? null;
      }
    },
    set(key, value) {
      try {
        area().setItem(key, value);
      } catch {
        spare.set(key, value);
      }
    },
    remove(key) {
      spare.delete(key);
      try {
        area().removeItem(key);
      } catch {
        // Nothing was stored, so nothing is left behind.
      }
    },
  };
}

/** Lives as long as the tab. */
export const tabStore = keep(() => window.sessionStorage);

/** Lives as long as the browser profile. */
export const deviceStore = keep(() => window.localStorage);
