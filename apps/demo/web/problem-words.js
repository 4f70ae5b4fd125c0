// Problems in words for the buyer; the server's own `detail` is for developers.

import { t } from "./i18n.js";

const TEXTS = {
  network: "errorNetwork",
  timeout: "errorTimeout",
  unauthenticated: "errorSession",
  forbidden: "errorSession",
  not_found: "errorGone",
  order_not_found: "errorOrderGone",
  amount_limit_exceeded: "errorLimit",
  unsupported_channel: "errorChannel",
  upgrade_needed: "errorUpgradeNeeded",
  not_an_upgrade: "errorNotAnUpgrade",
  request_in_progress: "errorInProgress",
  provider_unavailable: "errorProvider",
  provider_timeout: "errorProvider",
  service_unavailable: "errorService",
};

/** The headline of a purchase that has no order to show. */
export function headline(problem) {
  if (problem.isUnreachable) return t("errorUnknownTitle");
  return t(problem.code === "order_not_found" ? "errorGoneTitle" : "errorTitle");
}

/** A problem with placing an order. */
export function explain(problem) {
  if (problem.status === 429) {
    return problem.retryAfter === null
      ? t("errorRateSoon")
      : t("errorRate", { seconds: problem.retryAfter });
  }
  return t(TEXTS[problem.code] ?? (problem.status >= 500 ? "errorService" : "errorOther"));
}

/** A problem with reading something, which nobody is charged for. */
export function explainReading(problem) {
  return problem.isUnreachable ? t("errorReading") : explain(problem);
}

/** A problem with a button of an order that goes on as it was. */
export function explainAction(problem) {
  return problem.isUnreachable || problem.status === 504 ? t("errorAction") : explain(problem);
}
