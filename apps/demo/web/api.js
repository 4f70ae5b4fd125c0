// The public HTTP API, and the demo's stand-in for the product's own login.

import * as clock from "./clock.js";
import { tabStore } from "./storage.js";

const SESSION_KEY = "paydesk.session";
// Longer than the server gives the payment platform, so its own 504 with the order_no arrives.
const TIMEOUT_MS = 30_000;
const EXPIRY_MARGIN_MS = 5_000;

/** An answer that is not a success, or none at all (`code` is then "network" or "timeout"). */
export class Problem extends Error {
  constructor({ status = 0, code, detail = "", requestId = null, orderNo = null, retryAfter = null }) {
    super(detail || code);
    this.name = "Problem";
    Object.assign(this, { status, code, requestId, orderNo, retryAfter });
  }

  /** Nothing came back: whether the server did anything is not known. */
  get isUnreachable() {
    return this.status === 0;
  }
}

async function send(path, { method = "GET", body, token, key } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  const sentMs = Date.now();
  try {
    const answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: abort.signal,
    });
    clock.observe(answer.headers.get("Date"), sentMs, Date.now());
    const content = await answer.json().catch((error) => {
      if (answer.ok) throw error;
      return {}; // A proxy's error page has no problem document.
    });
    if (!answer.ok) throw problemOf(answer, content);
    return content;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem({ code: abort.signal.aborted ? "timeout" : "network", detail: String(error) });
  } finally {
    clearTimeout(timer);
  }
}

function problemOf(answer, content) {
  const retryAfter = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
  return new Problem({
    status: answer.status,
    code: content.code ?? "unknown",
    detail: content.detail,
    requestId: content.request_id ?? answer.headers.get("x-request-id"),
    orderNo: content.order_no ?? null,
    retryAfter: Number.isNaN(retryAfter) ? null : retryAfter,
  });
}

/** The signed-in demo user of this tab. */
export class Session {
  #value = JSON.parse(tabStore.get(SESSION_KEY) ?? "null");
  #renewal = null;
  #onUserChanged;

  constructor({ onUserChanged }) {
    this.#onUserChanged = onUserChanged;
  }

  /** When the token ends by the server's clock, in milliseconds; null without a token. */
  get expiresMs() {
    return this.#value ? Date.parse(this.#value.expires_at) : null;
  }

  /** A token that is good for now. */
  async token() {
    // Before the first answer the server's time is unknown: a 401 then tells, not our clock.
    const stale = clock.isSynced() && this.expiresMs - clock.now() < EXPIRY_MARGIN_MS;
    if (!this.#value || stale) await this.renew();
    return this.#value.token;
  }

  /** Gets a new token; callers that come meanwhile share the one request. */
  renew() {
    this.#renewal ??= this.#fetch().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #fetch() {
    const before = this.#value?.user_id;
    // A visitor who was here before stays who they are: orders and points are theirs.
    const query = before === undefined ? "" : `?${new URLSearchParams({ user_id: before })}`;
    this.#value = await send(`/demo/session${query}`, { method: "POST" });
    tabStore.set(SESSION_KEY, JSON.stringify(this.#value));
    if (before !== undefined && before !== this.#value.user_id) this.#onUserChanged();
  }
}

/** The calls of the shop, as the session's user. */
export class Api {
  #session;

  constructor(session) {
    this.#session = session;
  }

  catalog() {
    return send("/api/v1/catalog");
  }

  /** What an item would cost this user, and why. */
  quote({ kind, code }) {
    return this.#post("/api/v1/payment/quote", { item: { kind, code } });
  }

  createOrder({ kind, code }, channel, key) {
    return this.#post("/api/v1/payment/create-order", { item: { kind, code }, channel, scene: "qr" }, key);
  }

  cancelOrder(orderNo, key) {
    return this.#post("/api/v1/payment/cancel-order", { order_no: orderNo }, key);
  }

  switchChannel(orderNo, channel, key) {
    return this.#post("/api/v1/payment/switch-channel", { order_no: orderNo, channel }, key);
  }

  /** `refresh` makes the server ask the payment platform first. */
  order(orderNo, { refresh = false } = {}) {
    const query = new URLSearchParams({ order_no: orderNo });
    if (refresh) query.set("refresh", "true");
    return this.#asUser(`/api/v1/payment/order-status?${query}`);
  }

  /** One page of the user's orders, newest first. */
  orders(limit, cursor) {
    const query = new URLSearchParams({ limit: String(limit) });
    if (cursor) query.set("cursor", cursor);
    return this.#asUser(`/api/v1/payment/orders?${query}`);
  }

  points() {
    return this.#asUser("/api/v1/account/points");
  }

  membership() {
    return this.#asUser("/api/v1/account/membership");
  }

  #post(path, body, key) {
    return this.#asUser(path, { method: "POST", body, key });
  }

  async #asUser(path, options = {}) {
    const token = await this.#session.token();
    try {
      return await send(path, { ...options, token });
    } catch (error) {
      if (error.status !== 401) throw error;
      // Somebody else may have renewed it while this call was under way.
      if ((await this.#session.token()) === token) await this.#session.renew();
      return send(path, { ...options, token: await this.#session.token() });
    }
  }
}
