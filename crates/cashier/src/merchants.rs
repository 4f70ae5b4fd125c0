use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use paydesk_provider::{Channel, PaymentProvider};
use payments::{AccountKey, Attempt};

/// One configured merchant account.
#[derive(Clone)]
pub struct Merchant {
    /// Its name in the settings.
    pub key: AccountKey,
    /// The platform, spoken to as this merchant.
    pub provider: Arc<dyn PaymentProvider>,
    /// The callback address sent with new attempts.
    pub notify_url: String,
}

impl fmt::Debug for Merchant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merchant")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// All configured merchant accounts, and which one takes new attempts on each channel.
#[derive(Debug, Default)]
pub struct Merchants {
    accounts: BTreeMap<AccountKey, Merchant>,
    active: BTreeMap<Channel, AccountKey>,
}

impl Merchants {
    /// Adds an account; the last one added as active takes new attempts on its channel.
    pub fn add(&mut self, merchant: Merchant, active: bool) {
        if active {
            self.active
                .insert(merchant.provider.identity().channel, merchant.key.clone());
        }
        self.accounts.insert(merchant.key.clone(), merchant);
    }

    /// The account of an attempt, as long as it is the same merchant's and app's as when the attempt
    /// was made: another merchant's "no such payment" says nothing about it.
    pub fn of(&self, attempt: &Attempt) -> Option<&Merchant> {
        let merchant = self.get(&attempt.account)?;
        let identity = merchant.provider.identity();
        let same = identity.channel == attempt.channel
            && identity.merchant_id == attempt.merchant_id
            && identity.app_id == attempt.app_id;
        if !same {
            let (number, account) = (&attempt.payment_no, &attempt.account);
            tracing::error!("account {account} is another merchant's than when {number} was made");
        }
        same.then_some(merchant)
    }

    /// The account of this name.
    pub fn get(&self, key: &AccountKey) -> Option<&Merchant> {
        self.accounts.get(key)
    }

    /// The account that takes new attempts on a channel.
    pub fn active(&self, channel: Channel) -> Option<&Merchant> {
        self.active.get(&channel).and_then(|key| self.get(key))
    }

    /// Every account on a channel, the active one first: notices are most likely its.
    pub fn on(&self, channel: Channel) -> Vec<&Merchant> {
        let mut found: Vec<_> = self
            .accounts
            .values()
            .filter(|merchant| merchant.provider.identity().channel == channel)
            .collect();
        found.sort_by_key(|merchant| self.active.get(&channel) != Some(&merchant.key));
        found
    }
}
