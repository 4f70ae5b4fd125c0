//! Signed, short-lived links to QR images, so that an `<img>` needs no token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{OrderNo, PaymentNo};
use ring::hmac;
use time::{Duration, OffsetDateTime};

/// A link works for so long; each answer carries a new one.
const LIFE: Duration = Duration::minutes(15);

/// Makes and checks links.
#[derive(Debug)]
pub(crate) struct Links(hmac::Key);

impl Links {
    pub(crate) fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// The path of an order's QR image, of this attempt's code and no other.
    pub(crate) fn qr(
        &self,
        order_no: &OrderNo,
        payment_no: &PaymentNo,
        now: OffsetDateTime,
    ) -> String {
        let until = (now + LIFE).unix_timestamp();
        let tag = hmac::sign(&self.0, message(order_no, payment_no, until).as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(tag.as_ref());
        format!("/api/v1/payment/orders/{order_no}/qr.svg?until={until}&signature={signature}")
    }

    /// Whether the link was made here and still works.
    pub(crate) fn admits(
        &self,
        order_no: &OrderNo,
        payment_no: &PaymentNo,
        until: i64,
        signature: &str,
        now: OffsetDateTime,
    ) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let message = message(order_no, payment_no, until);
        now.unix_timestamp() < until
            && hmac::verify(&self.0, message.as_bytes(), &signature).is_ok()
    }
}

fn message(order_no: &OrderNo, payment_no: &PaymentNo, until: i64) -> String {
    format!("qr\n{order_no}\n{payment_no}\n{until}")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_link_opens_one_code_for_a_short_time() {
        let links = Links::new("0123456789abcdef0123456789abcdef");
        let order: OrderNo = "01jd3m8k5zv7q2w4x6y8a0b2c3".parse().unwrap();
        let payment: PaymentNo = "dev01jd3m8k5zv7q2w4x6y8a0b2c4".parse().unwrap();
        let other: PaymentNo = "dev01jd3m8k5zv7q2w4x6y8a0b2c5".parse().unwrap();
        let now = datetime!(2026-01-01 10:00 UTC);
        let link = links.qr(&order, &payment, now);
        let query = link.split_once("?until=").unwrap().1;
        let (until, signature) = query.split_once("&signature=").unwrap();
        let until: i64 = until.parse().unwrap();
        assert!(links.admits(&order, &payment, until, signature, now));
        assert!(!links.admits(&order, &payment, until, signature, now + LIFE));
        assert!(!links.admits(&order, &payment, until + 60, signature, now));
        assert!(!links.admits(&order, &other, until, signature, now));
        assert!(!links.admits(&order, &payment, until, "", now));
        assert!(!links.admits(&order, &payment, until, "*", now));
        let elsewhere = Links::new("another secret of thirty-two bytes!");
        assert!(!elsewhere.admits(&order, &payment, until, signature, now));
    }
}
