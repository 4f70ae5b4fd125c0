//! All that the platform knows: its orders, the faults to come, and the log of deliveries.

use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;

use crate::{
    channel::Channel,
    deliveries::Log,
    faults::Faults,
    orders::{CloseError, Order, PayError, Payment, PlaceError, Standing, Terms},
};

/// A merchant's number is its own on each channel.
type Key = (Channel, String);

#[derive(Debug)]
pub(crate) struct World {
    orders: BTreeMap<Key, Order>,
    /// Oldest first.
    arrivals: Vec<Key>,
    /// Every code ever issued, with the order it led to.
    codes: HashMap<String, Key>,
    /// Channel and number of every transaction, with its order.
    transactions: HashMap<Key, Key>,
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
        let key = (terms.channel, terms.out_trade_no.clone());
        if let Some(order) = self.orders.get_mut(&key) {
            order.age(now);
            order.place_again(&terms, code.to_owned(), now)?;
        } else {
            let order = Order::place(terms, code.to_owned(), now)?;
            self.orders.insert(key.clone(), order);
            self.arrivals.push(key.clone());
        }
        self.codes.insert(code.to_owned(), key);
        Ok(())
    }

    pub(crate) fn order(
        &mut self,
        channel: Channel,
        out_trade_no: &str,
        now: OffsetDateTime,
    ) -> Option<&Order> {
        let order = self.order_mut(channel, out_trade_no, now).ok()?;
        Some(order)
    }

    /// The channel that knows this number. One number on two channels is the first one's.
    pub(crate) fn channel_of(&self, out_trade_no: &str) -> Option<Channel> {
        let knows = |channel: &Channel| {
            let key = (*channel, out_trade_no.to_owned());
            self.orders.contains_key(&key)
        };
        Channel::ALL.into_iter().find(knows)
    }

    pub(crate) fn order_by_transaction(
        &self,
        channel: Channel,
        transaction_id: &str,
    ) -> Option<&Order> {
        let transaction = (channel, transaction_id.to_owned());
        self.orders.get(self.transactions.get(&transaction)?)
    }

    /// What a phone sees behind a code. A code that was replaced is as dead as an old one.
    pub(crate) fn look(&mut self, code: &str, now: OffsetDateTime) -> Option<(&Order, Standing)> {
        let order = self.orders.get_mut(self.codes.get(code)?)?;
        order.age(now);
        let standing = match order.standing(now) {
            Standing::Payable if order.code != code => Standing::CodeExpired,
            standing => standing,
        };
        Some((order, standing))
    }

    /// A phone opens the page of a living code. `transaction_id` is for the trade that this may
    /// create.
    pub(crate) fn scan(&mut self, code: &str, transaction_id: &str, now: OffsetDateTime) {
        let Some((order, Standing::Payable)) = self.look(code, now) else {
            return;
        };
        let (channel, number) = (order.terms.channel, order.terms.out_trade_no.clone());
        if let Ok(order) = self.order_mut(channel, &number, now) {
            order.scan(transaction_id, now);
            self.enter(channel, &number);
        }
    }

    pub(crate) fn pay(
        &mut self,
        channel: Channel,
        out_trade_no: &str,
        payment: Payment,
    ) -> Result<Order, PayError> {
        let order = self.order_mut(channel, out_trade_no, payment.paid_at)?;
        let paid = order.pay(payment);
        let order = order.clone();
        self.enter(channel, out_trade_no);
        paid.map(|()| order)
    }

    /// The customer tried and failed, for example for want of money. The order stays open.
    pub(crate) fn fail(
        &mut self,
        channel: Channel,
        out_trade_no: &str,
        now: OffsetDateTime,
    ) -> Result<(), PayError> {
        let order = self.order_mut(channel, out_trade_no, now)?;
        order.failed_attempts = order.failed_attempts.saturating_add(1);
        Ok(())
    }

    /// Ends the time of refunds of a paid trade.
    pub(crate) fn finish(
        &mut self,
        channel: Channel,
        out_trade_no: &str,
        now: OffsetDateTime,
    ) -> Result<Order, PayError> {
        let order = self.order_mut(channel, out_trade_no, now)?;
        order.finish();
        Ok(order.clone())
    }

    pub(crate) fn close(
        &mut self,
        channel: Channel,
        out_trade_no: &str,
        now: OffsetDateTime,
    ) -> Result<(), CloseError> {
        self.order_mut(channel, out_trade_no, now)
            .map_err(|_| CloseError::Unknown)?
            .close()
    }

    /// Newest first.
    pub(crate) fn newest(&mut self, limit: usize, now: OffsetDateTime) -> Vec<Order> {
        let keys: Vec<Key> = self.arrivals.iter().rev().take(limit).cloned().collect();
        keys.iter()
            .filter_map(|(channel, number)| self.order(*channel, number, now).cloned())
            .collect()
    }

    fn order_mut(
        &mut self,
        channel: Channel,
        out_trade_no: &str,
        now: OffsetDateTime,
    ) -> Result<&mut Order, PayError> {
        let key = (channel, out_trade_no.to_owned());
        let order = self.orders.get_mut(&key).ok_or(PayError::Unknown)?;
        order.age(now);
        Ok(order)
    }

    /// Makes the order findable by its transaction, if it has one.
    fn enter(&mut self, channel: Channel, out_trade_no: &str) {
        let key = (channel, out_trade_no.to_owned());
        let Some(order) = self.orders.get(&key) else {
            return;
        };
        let trade = order.trade.as_ref().map(|trade| &trade.transaction_id);
        let paid = order.payment().map(|payment| &payment.transaction_id);
        if let Some(transaction_id) = trade.or(paid) {
            self.transactions
                .insert((channel, transaction_id.clone()), key);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;
    use crate::orders::CODE_LIFE;

    const NOON: OffsetDateTime = datetime!(2026-01-01 12:00 +8);

    fn terms() -> Terms {
        Terms {
            channel: Channel::Wechat,
            out_trade_no: "PO0001".to_owned(),
            description: "100 points".to_owned(),
            total_fen: 990,
            notify_url: Some("https://pay.example.com/notify".to_owned()),
            attach: None,
            device_id: None,
            body: None,
            deadline: None,
            code_life: CODE_LIFE,
            request: json!({"total": 990}),
        }
    }

    #[test]
    fn a_replaced_code_is_dead_and_the_new_one_pays() {
        let mut world = World::new(10);
        world.place(terms(), "one", NOON).unwrap();
        world.place(terms(), "two", NOON).unwrap();
        assert_eq!(world.look("one", NOON).unwrap().1, Standing::CodeExpired);
        assert_eq!(world.look("two", NOON).unwrap().1, Standing::Payable);
        assert!(world.look("three", NOON).is_none());
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
        assert!(world.order_by_transaction(Channel::Wechat, "42").is_none());
        world
            .pay(Channel::Wechat, "PO0001", payment.clone())
            .unwrap();
        assert_eq!(
            world
                .order_by_transaction(Channel::Wechat, "42")
                .unwrap()
                .payment(),
            Some(&payment)
        );
        assert_eq!(
            world.close(Channel::Wechat, "PO0001", NOON),
            Err(CloseError::Paid)
        );
        assert_eq!(
            world.close(Channel::Wechat, "PO0002", NOON),
            Err(CloseError::Unknown)
        );
    }

    #[test]
    fn one_number_on_two_channels_is_two_orders() {
        let mut world = World::new(10);
        world.place(terms(), "one", NOON).unwrap();
        assert_eq!(world.channel_of("PO0001"), Some(Channel::Wechat));
        let other = Terms {
            channel: Channel::Alipay,
            request: json!({}),
            ..terms()
        };
        world.place(other, "two", NOON).unwrap();
        assert_eq!(world.newest(10, NOON).len(), 2);
        world.scan("one", "42", NOON);
        world.scan("two", "42", NOON);
        assert!(world.order_by_transaction(Channel::Wechat, "42").is_none());
        let found = world.order_by_transaction(Channel::Alipay, "42").unwrap();
        assert_eq!(found.terms.channel, Channel::Alipay);
        assert_eq!(world.close(Channel::Alipay, "PO0001", NOON), Ok(()));
        let wechat = world.order(Channel::Wechat, "PO0001", NOON).unwrap();
        assert_eq!(wechat.trade_state(), "NOTPAY");
    }
}
