// Which view is on the screen: the shop, or one thing in its place.

export class Stage {
  #shopRoot;
  #otherRoot;
  #other = null;
  #shopPlace = { top: 0, code: null };

  constructor(shopRoot, otherRoot) {
    this.#shopRoot = shopRoot;
    this.#otherRoot = otherRoot;
  }

  /** Whether this view is the one on the screen. */
  shows(view) {
    return this.#other === view;
  }

  /** Puts a view in the shop's place; `code` names the item that led to it. */
  enter(view, code) {
    if (!this.#other) this.#shopPlace = { top: window.scrollY, code };
    this.#other = view;
    this.#shopRoot.hidden = true;
    this.#otherRoot.hidden = false;
    this.#otherRoot.replaceChildren(view.node);
    window.scrollTo(0, 0);
    // Filled in first: the focus makes a screen reader read the heading.
    queueMicrotask(() => this.shows(view) && view.focus());
  }

  /** Back to the shop, where the buyer left it; `focus(code)` gives it the focus again. */
  leave(focus) {
    if (!this.#other) return;
    this.#other = null;
    this.#otherRoot.hidden = true;
    this.#otherRoot.replaceChildren();
    this.#shopRoot.hidden = false;
    const { top, code } = this.#shopPlace;
    window.scrollTo(0, top);
    queueMicrotask(() => focus(code));
  }
}
