// News of orders: a WebSocket while it holds, polling while it does not.

import * as clock from "./clock.js";

const TOKEN_EXPIRED = 4401;
const SERVER_RESTARTS = 1012;
const OPENING_MS = 10_000;
const STEADY_MS = 10_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_LAST_MS = 15_000;
// A phone that slept may hold a dead socket without noticing, so a slow check goes on beside it.
const CHECK_MS = 15_000;

function between(lowMs, highMs) {
  return lowMs + Math.random() * (highMs - lowMs);
}

/**
 * Callbacks: `onOrders(orders)`, `onGone(orderNo)` for an order that is not ours (any more),
 * `onState("connecting" | "online" | "offline")`, `refreshAccount()` to read the balance again.
 * `watched()` names the orders to ask for, `needsRefresh(orderNo)` those that the payment platform
 * should be asked about, and `isUrgent()` says that one of them should be asked for soon even on
 * a good socket.
 */
export class Live {
  #api;
  #session;
  #on;
  #socket = null;
  #ready = false;
  #reachable = true;
  #attempt = 0;
  #state = null;
  #openTimer = null;
  #retryTimer = null;
  #pollTimer = null;
  #authTimer = null;
  #pauseUntilMs = 0;

  constructor({ api, session, ...on }) {
    this.#api = api;
    this.#session = session;
    this.#on = on;
  }

  start() {
    window.addEventListener("online", () => this.#reconnectNow());
    window.addEventListener("offline", () => {
      // The socket would notice only minutes later; trying again costs nothing.
      this.#drop();
      this.#retryIn(between(1000, 2000));
      this.#report();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      if (!this.#socket) this.#reconnectNow();
      this.pollSoon();
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.#reconnectNow();
    });
    this.#report();
    this.#connect();
    this.#schedulePoll();
  }

  /** A new user: the socket of the old one is worth nothing. */
  restart() {
    this.#reconnectNow();
  }

  /** Asks for the watched orders now rather than at the next turn. */
  pollSoon() {
    clearTimeout(this.#pollTimer);
    this.#pollTimer = setTimeout(() => this.#poll(), 0);
  }

  #report() {
    let state = "connecting";
    if (this.#ready) state = "online";
    else if (!this.#reachable || !navigator.onLine) state = "offline";
    if (state === this.#state) return;
    this.#state = state;
    this.#on.onState(state);
  }

  // --- socket

  #reconnectNow() {
    this.#drop();
    this.#attempt = 0;
    this.#retryIn(0);
    this.#report();
    this.pollSoon();
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    clearTimeout(this.#openTimer);
    clearTimeout(this.#authTimer);
    socket?.close();
  }

  #retryIn(delayMs) {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#connect(), delayMs);
  }

  #backOff() {
    const ceiling = Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    this.#retryIn(between(ceiling / 2, ceiling));
  }

  async #connect() {
    if (this.#socket) return;
    let token;
    try {
      token = await this.#session.token();
    } catch (error) {
      this.#reachable = !error.isUnreachable;
      this.#report();
      this.#backOff();
      return;
    }
    if (this.#socket) return; // Another attempt was quicker.
    this.#reachable = true;
    const url = new URL("/api/v1/payment/ws", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, ["paydesk.v1", `bearer.${token}`]);
    this.#socket = socket;
    let readySinceMs = null;
    this.#openTimer = setTimeout(() => this.#lost(socket, 0, null), OPENING_MS);
    socket.addEventListener("message", (event) => {
      if (this.#socket !== socket) return;
      const frame = parse(event.data);
      if (!frame) return;
      if (frame.type === "snapshot") {
        clearTimeout(this.#openTimer);
        readySinceMs = performance.now();
        this.#ready = true;
        this.#keepAuthenticated(socket);
        this.#report();
        this.#schedulePoll();
        this.#on.onOrders(frame.orders ?? []);
        this.#accountNews();
        return;
      }
      if (frame.order) this.#on.onOrders([frame.order]);
      if (frame.account) this.#accountNews();
    });
    socket.addEventListener("close", (event) => this.#lost(socket, event.code, readySinceMs));
  }

  #accountNews() {
    // A failure shows beside the balance, and the next news or poll tries again.
    this.#on.refreshAccount().catch(() => {});
  }

  #lost(socket, code, readySinceMs) {
    if (this.#socket !== socket) return;
    this.#drop();
    // Only a socket that held for a while proves that the trouble is over.
    if (readySinceMs !== null && performance.now() - readySinceMs > STEADY_MS) this.#attempt = 0;
    if (code === TOKEN_EXPIRED && this.#attempt === 0) {
      this.#attempt = 1;
      this.#session.renew().then(() => this.#retryIn(0), () => this.#backOff());
    } else if (code === SERVER_RESTARTS && this.#attempt === 0) {
      this.#attempt = 1;
      this.#retryIn(between(300, 1500)); // Every browser was told at once: spread them.
    } else {
      this.#backOff();
    }
    this.#report();
    this.#schedulePoll(between(300, 1000));
  }

  /** Hands the socket a new token before the old one ends. */
  #keepAuthenticated(socket) {
    const leftMs = this.#session.expiresMs - clock.now();
    const inMs = Math.min(Math.max(leftMs - Math.min(60_000, leftMs / 5), 1000), 2 ** 31 - 1);
    clearTimeout(this.#authTimer);
    this.#authTimer = setTimeout(async () => {
      try {
        await this.#session.renew();
        if (this.#socket !== socket) return;
        socket.send(JSON.stringify({ type: "auth", token: await this.#session.token() }));
        this.#keepAuthenticated(socket);
      } catch {
        // The server will close with 4401, and that path tries again.
      }
    }, inMs);
  }

  // --- polling

  #schedulePoll(delayMs = this.#pollDelay()) {
    clearTimeout(this.#pollTimer);
    this.#pollTimer = setTimeout(() => this.#poll(), delayMs);
  }

  #pollDelay() {
    if (this.#on.isUrgent()) return 2000;
    return this.#ready ? CHECK_MS : between(2000, 5000);
  }

  async #poll() {
    const waitMs = this.#pauseUntilMs - Date.now();
    if (waitMs <= 0) await this.#askOnce();
    this.#schedulePoll(Math.max(this.#pollDelay(), waitMs));
  }

  async #askOnce() {
    const orderNos = this.#on.watched();
    try {
      for (const orderNo of orderNos) await this.#askFor(orderNo);
      // With nothing to watch, the balance tells whether the server can be reached at all.
      if (orderNos.length === 0 && !this.#ready) {
        await this.#on.refreshAccount();
      }
      this.#reachable = true;
    } catch (error) {
      this.#reachable = !error.isUnreachable;
      if (error.status === 429) this.#pauseUntilMs = Date.now() + (error.retryAfter ?? 5) * 1000;
    }
    this.#report();
  }

  async #askFor(orderNo) {
    try {
      this.#on.onOrders([await this.#api.order(orderNo, { refresh: this.#on.needsRefresh(orderNo) })]);
    } catch (error) {
      if (error.status !== 404) throw error;
      this.#on.onGone(orderNo);
    }
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
