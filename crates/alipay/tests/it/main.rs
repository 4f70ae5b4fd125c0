//! The client as its users see it, against a double of the platform.

// A module marked as test code may unwrap, index and panic in its helpers too.
#[cfg(feature = "actix")]
#[cfg(test)]
mod actix;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod bill_files;
#[cfg(test)]
mod bill_links;
#[cfg(test)]
mod bills;
#[cfg(test)]
mod certificate_mode;
#[cfg(test)]
mod config;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod encryption;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod gateway_messages;
#[cfg(test)]
mod notice_checks;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod pay;
#[cfg(test)]
mod platform;
#[cfg(test)]
mod refunds;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod trades;
#[cfg(test)]
mod typed_notices;
#[cfg(test)]
mod vectors;
