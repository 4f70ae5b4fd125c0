// Idempotency keys: a call that is made again under the same key is done once.

/** 32 hexadecimal digits. `crypto.randomUUID` is missing on a page served over plain http. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The keys of one purchase: each wish keeps its key until the wish has an outcome. */
export class Keys {
  #open = new Map();

  /** Makes `call(key)` for a wish; after a call without an outcome, the next one repeats it. */
  async use(wish, call) {
    const key = this.#open.get(wish) ?? newKey();
    this.#open.set(wish, key);
    try {
      const answer = await call(key);
      this.#open.delete(wish);
      return answer;
    } catch (problem) {
      if (isOutcome(problem)) this.#open.delete(wish);
      throw problem;
    }
  }

  /** The buyer wants it anew. */
  forget(wish) {
    this.#open.delete(wish);
  }
}

/** Whether a problem is the server's last word; these others are never stored under the key. */
function isOutcome({ status, code }) {
  if (status === 0 || status >= 500 || code === "request_in_progress") return false;
  return status !== 401 && status !== 403 && status !== 429;
}
