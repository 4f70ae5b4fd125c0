use kernel::{PaymentNo, StoreError};
use orders::{OrderState, Purchase};
use payments::{Attempt, AttemptState};
use time::{Duration, OffsetDateTime};

use crate::checkout::reason_of;
use crate::code::Codes;
use crate::rounds::{Worked, finish, in_rounds, put_off};
use crate::{Asked, Claim, Closing, Inquiry, Ports, Summary, WorkKind};

/// Asking the platforms about every attempt until it is over: for callbacks that do not come, for
/// requests whose outcome is unknown, and for attempts that nobody should pay any more.
#[derive(Clone, Debug)]
pub struct Polling {
    ports: Ports,
    inquiry: Inquiry,
    closing: Closing,
    codes: Codes,
    plan: PollPlan,
}

/// How often an attempt is asked about, by its age. Asking never ends by itself: what is left after
/// two days has a platform that does not answer.
#[derive(Clone, Copy, Debug)]
pub struct PollPlan {
    /// Pause while a buyer may be paying.
    pub waiting: Duration,
    /// Pause within the first hour for an attempt that nobody should pay any more.
    pub young: Duration,
    /// Pause within the first day.
    pub old: Duration,
    /// Pause after that.
    pub oldest: Duration,
    /// How often a request with unknown outcome is repeated at most.
    pub create_retries: i32,
}

impl Default for PollPlan {
    fn default() -> Self {
        Self {
            waiting: Duration::minutes(1),
            young: Duration::minutes(5),
            old: Duration::minutes(30),
            oldest: Duration::hours(2),
            create_retries: 20,
        }
    }
}

impl PollPlan {
    /// The pause before an attempt is asked about again. Where its being unknown to the platform will
    /// prove something soon, that moment is not slept through.
    fn pause(&self, attempt: &Attempt, waits: bool, now: OffsetDateTime) -> Duration {
        let age = now - attempt.created_at;
        let pause = if waits {
            self.waiting
        } else if age < Duration::hours(1) {
            self.young
        } else if age < Duration::days(1) {
            self.old
        } else {
            self.oldest
        };
        let provable_in = attempt.provable_from() - now;
        if provable_in.is_positive() {
            pause.min(provable_in + Duration::SECOND)
        } else {
            pause
        }
    }
}

impl Polling {
    /// Polling through these ports.
    pub fn new(ports: Ports, inquiry: Inquiry, closing: Closing, plan: PollPlan) -> Self {
        Self {
            codes: Codes::new(ports.clone()),
            ports,
            inquiry,
            closing,
            plan,
        }
    }

    /// Asks about what is due, at most so many attempts.
    pub async fn run(&self, limit: u64) -> Result<Summary, StoreError> {
        in_rounds(&self.ports, WorkKind::Poll, limit, |claim| self.poll(claim)).await
    }

    async fn poll(&self, claim: Claim) -> Result<Worked, StoreError> {
        let found = self.find(&claim.subject).await?;
        let missing = || StoreError::corrupt("there is no such attempt");
        let (attempt, purchase) = found.ok_or_else(missing)?;
        let shown = purchase.order.payment_no == attempt.payment_no;
        let waits = shown && purchase.order.state == OrderState::Pending;
        if !attempt.is_live() || self.is_over(&attempt, purchase, waits).await? {
            return finish(&self.ports, &claim).await;
        }
        let pause = self.plan.pause(&attempt, waits, self.ports.clock.now());
        put_off(&self.ports, &claim, pause, None).await
    }

    /// Asks once. Whether nobody needs to ask again.
    async fn is_over(
        &self,
        attempt: &Attempt,
        purchase: Purchase,
        waits: bool,
    ) -> Result<bool, StoreError> {
        if !waits {
            let asked = self.closing.wind_up(attempt).await?;
            return Ok(matches!(asked, Asked::Over | Asked::Changed));
        }
        match self.inquiry.look(attempt).await? {
            Asked::Changed => Ok(true),
            Asked::Over => {
                let reason = reason_of(&purchase, self.ports.clock.now());
                self.closing.conclude(attempt, true, Some(reason)).await?;
                Ok(true)
            }
            Asked::Unpaid | Asked::NotNow | Asked::SaidPaid => {
                if self.may_repeat(&purchase) {
                    self.codes.repeat(purchase).await?;
                }
                Ok(false)
            }
        }
    }

    fn may_repeat(&self, purchase: &Purchase) -> bool {
        purchase.attempt.state == AttemptState::Unknown
            && purchase.attempt.retry_count < self.plan.create_retries
            && self.codes.is_missing(purchase)
    }

    async fn find(&self, number: &str) -> Result<Option<(Attempt, Purchase)>, StoreError> {
        let Ok(payment_no) = number.parse::<PaymentNo>() else {
            return Ok(None);
        };
        let mut snapshot = self.ports.database.read().await?;
        let Some(attempt) = snapshot.find_attempt(&payment_no).await? else {
            return Ok(None);
        };
        let purchase = snapshot.find_purchase(&attempt.order_no).await?;
        Ok(purchase.map(|purchase| (attempt, purchase)))
    }
}

#[cfg(test)]
mod tests;
