//! All that the platform knows: its orders, the faults to come, and the log of deliveries.

use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;

use crate::{
    deliveries::Log,
    faults::Faults,
    orders::{CloseError, Order, PayError, Payment, PlaceError, Standing, Terms},
};

#[derive(Debug)]
pub(crate) struct World {
    orders: BTreeMap<String, Order>,
    /// Order numbers, oldest first.
    arrivals: Vec<String>,
    /// Every code ever issued, with the order it led to.
    codes: HashMap<String, String>,
    transactions: HashMap<String, String>,
    pub(crate) faults: Faults,
    pub(crate) deliveries: Log,
}

impl World {
    pub(crate) fn new(deliveries_kept: usize) -> Self {
        Self {
            orders: BTreeMap::new(),
            arrivals: Vec::new(),
            codes: HashMap::new(),
            transactions: HashMap::new(),
            faults: Faults::default(),
            deliveries: Log::new(deliveries_kept),
        }
    }

    /// Places an order, or repeats it, under the new `code`.
    pub(crate) fn place(
        &mut self,
        terms: Terms,
        code: &str,
        now: OffsetDateTime,
    ) -> Result<(), PlaceError> {
        let out_trade_no = terms.out_trade_no.clone();
        if let Some(order) = self.order_mut(&out_trade_no, now) {
            order.place_again(&terms, code.to_owned(), now)?;
        } else {
            let order = Order::place(terms, code.to_owned(), now)?;
            self.orders.insert(out_trade_no.clone(), order);
            self.arrivals.push(out_trade_no.clone());
        }
        self.codes.insert(code.to_owned(), out_trade_no);
        Ok(())
    }

    pub(crate) fn order(&mut self, out_trade_no: &str, now: OffsetDateTime) -> Option<&Order> {
        self.order_mut(out_trade_no, now).map(|order| &*order)
    }

    pub(crate) fn order_by_transaction(&self, transaction_id: &str) -> Option<&Order> {
        self.orders.get(self.transactions.get(transaction_id)?)
    }

    /// What a phone sees behind a code. A code that was replaced is as dead as an old one.
    pub(crate) fn scan(&mut self, code: &str, now: OffsetDateTime) -> Option<(&Order, Standing)> {
        let out_trade_no = self.codes.get(code)?.clone();
        let order = self.order(&out_trade_no, now)?;
        let standing = match order.standing(now) {
            Standing::Payable if order.code != code => Standing::CodeExpired,
            standing => standing,
        };
        Some((order, standing))
    }

    pub(crate) fn pay(&mut self, out_trade_no: &str, payment: Payment) -> Result<Order, PayError> {
        let order = self
            .order_mut(out_trade_no, payment.paid_at)
            .ok_or(PayError::Unknown)?;
        let transaction_id = payment.transaction_id.clone();
        order.pay(payment)?;
        let order = order.clone();
        self.transactions
            .insert(transaction_id, out_trade_no.to_owned());
        Ok(order)
    }

    /// The customer tried and failed, for example for want of money. The order stays open.
    pub(crate) fn fail(&mut self, out_trade_no: &str, now: OffsetDateTime) -> Result<(), PayError> {
        let order = self.order_mut(out_trade_no, now).ok_or(PayError::Unknown)?;
        order.failed_attempts = order.failed_attempts.saturating_add(1);
        Ok(())
    }

    pub(crate) fn close(
        &mut self,
        out_trade_no: &str,
        now: OffsetDateTime,
    ) -> Result<(), CloseError> {
        self.order_mut(out_trade_no, now)
            .ok_or(CloseError::Unknown)?
            .close()
    }

    /// Newest first.
    pub(crate) fn newest(&mut self, limit: usize, now: OffsetDateTime) -> Vec<Order> {
        let numbers: Vec<String> = self.arrivals.iter().rev().take(limit).cloned().collect();
        numbers
            .iter()
            .filter_map(|number| self.order(number, now).cloned())
            .collect()
    }

    fn order_mut(&mut self, out_trade_no: &str, now: OffsetDateTime) -> Option<&mut Order> {
        let order = self.orders.get_mut(out_trade_no)?;
        order.age(now);
        Some(order)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-01-01 12:00 +8);

    fn terms() -> Terms {
        Terms {
            out_trade_no: "PO0001".to_owned(),
            description: "100 points".to_owned(),
            total_fen: 990,
            notify_url: "https://pay.example.com/notify".to_owned(),
            attach: None,
            device_id: None,
            deadline: None,
            request: json!({"total": 990}),
        }
    }

    #[test]
    fn a_replaced_code_is_dead_and_the_new_one_pays() {
        let mut world = World::new(10);
        world.place(terms(), "one", NOON).unwrap();
        world.place(terms(), "two", NOON).unwrap();
        assert_eq!(world.scan("one", NOON).unwrap().1, Standing::CodeExpired);
        assert_eq!(world.scan("two", NOON).unwrap().1, Standing::Payable);
        assert!(world.scan("three", NOON).is_none());
        assert_eq!(world.newest(10, NOON).len(), 1);
    }

    #[test]
    fn a_payment_is_found_by_its_transaction() {
        let mut world = World::new(10);
        world.place(terms(), "one", NOON).unwrap();
        let transaction_id = "42".to_owned();
        let payment = Payment {
            transaction_id,
            paid_at: NOON,
            payer: "o".to_owned(),
            coupon_fen: 0,
        };
        assert!(world.order_by_transaction("42").is_none());
        world.pay("PO0001", payment.clone()).unwrap();
        assert_eq!(
            world.order_by_transaction("42").unwrap().payment(),
            Some(&payment)
        );
        assert_eq!(world.close("PO0001", NOON), Err(CloseError::Paid));
        assert_eq!(world.close("PO0002", NOON), Err(CloseError::Unknown));
    }
}
