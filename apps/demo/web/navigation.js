// The phone's back button leaves the pay panel rather than the shop.

const PANEL = { view: "pay" };

function isPanel() {
  return window.history.state?.view === PANEL.view;
}

/** `onLeave()` when the buyer goes back to the shop, by whatever way. */
export function watchHistory({ isOpen, onLeave }) {
  window.addEventListener("popstate", () => {
    if (!isPanel()) onLeave();
    // "Forward" to a panel that was left: there is nothing behind it any more.
    else if (!isOpen()) window.history.replaceState(null, "");
  });
}

export function enterPanel() {
  if (!isPanel()) window.history.pushState(PANEL, "");
}

export function leavePanel(onLeave) {
  if (isPanel()) window.history.back();
  else onLeave();
}

/** After a reload that has no purchase to go back to. */
export function forgetPanel() {
  if (isPanel()) window.history.replaceState(null, "");
}
