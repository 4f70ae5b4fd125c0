//! For tests: a fake platform, a shop to try use cases in, and the contract that every database
//! adapter has to keep.

mod builders;
pub mod contract;
mod fake_provider;
mod shop;

pub use builders::{
    NOW, a_fact, a_package, a_plan, a_purchase, a_tier, an_attempt, an_order, order_no, payment_no,
    statement,
};
pub use fake_provider::FakeProvider;
pub use shop::{HeardAlerts, Shop, TAG};
