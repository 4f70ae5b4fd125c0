// What a plan is to somebody who holds a membership, or none.

/**
 * `buy`: nothing is held, it starts with the payment. `renew`: the held tier goes on for
 * longer. `upgrade`: a higher tier, which takes the place of what is held. `later`: a lower
 * tier, which begins when everything held is over.
 */
export function relationOf(plan, membership) {
  const held = membership?.tier;
  if (!held) return "buy";
  if (plan.tier.code === held.code) return "renew";
  return plan.tier.rank > held.rank ? "upgrade" : "later";
}

/** The wish behind a plan's button. */
export function itemOf(plan, relation) {
  return relation === "upgrade" ? { ...plan, kind: "membership_upgrade" } : plan;
}

/** When everything held is over, or null. */
export function heldUntil(membership) {
  return membership?.segments.at(-1)?.until ?? membership?.expires_at ?? null;
}

/** The plans of each tier, lowest tier first: `[{ tier, plans }]`. */
export function byTier(plans) {
  const tiers = new Map();
  for (const plan of plans) {
    if (!tiers.has(plan.tier.code)) tiers.set(plan.tier.code, { tier: plan.tier, plans: [] });
    tiers.get(plan.tier.code).plans.push(plan);
  }
  return [...tiers.values()].sort((a, b) => a.tier.rank - b.tier.rank);
}
