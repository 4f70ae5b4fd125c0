#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod account;
mod auth;
mod body;
mod callback;
mod catalog;
mod changes;
mod docs;
mod fields;
mod health;
mod idempotent;
mod json;
mod links;
mod live;
mod memberships;
mod openapi;
mod orders;
mod page;
mod problem;
mod query;
mod quotes;
mod requests;
mod routes;
mod server;
mod view;
mod words;

pub use openapi::description;
pub use problem::{PROBLEMS, ProblemKind};
pub use routes::{ROUTES, Route, configure};
pub use server::{Api, serve};

/// The header under which every answer names its request.
pub const REQUEST_ID: &str = "x-request-id";
