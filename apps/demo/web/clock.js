// Server time. A phone's clock may be minutes off, and a countdown must not be, so every
// answer's Date header corrects it.

let skewMs = 0;
let synced = false;

/** Learns from one answer; `sentMs` and `receivedMs` are this device's clock around the call. */
export function observe(dateHeader, sentMs, receivedMs) {
  const serverMs = Date.parse(dateHeader ?? "");
  if (Number.isNaN(serverMs)) return;
  // The header drops the fraction of its second: on average half a second.
  const measured = serverMs + 500 - (sentMs + receivedMs) / 2;
  // Its grain is a second, so a smaller difference is noise and would make the countdown jump.
  if (!synced || Math.abs(measured - skewMs) > 1500) {
    skewMs = Math.abs(measured) <= 1500 ? 0 : measured;
  }
  synced = true;
}

/** Milliseconds since 1970 by the server's clock. */
export function now() {
  return Date.now() + skewMs;
}

/** Whether the server's clock is known yet. */
export function isSynced() {
  return synced;
}
