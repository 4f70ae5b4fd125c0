//! The client as its users see it, against a double of the platform.

// A module marked as test code may unwrap, index and panic in its helpers too.
#[cfg(test)]
mod abnormal_refunds;
#[cfg(feature = "actix")]
#[cfg(test)]
mod actix;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod bill_calls;
#[cfg(test)]
mod bills;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod config;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod cut_short;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod hosts_in_turn;
#[cfg(test)]
mod matching;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod observing;
#[cfg(test)]
mod placing;
#[cfg(test)]
mod placing_refused;
#[cfg(test)]
mod platform;
#[cfg(test)]
mod raw_calls;
#[cfg(test)]
mod recorder;
#[cfg(test)]
mod refund_answers;
#[cfg(test)]
mod refund_refused;
#[cfg(test)]
mod refunding;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod repeating;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod trust_modes;
#[cfg(test)]
mod vectors;
