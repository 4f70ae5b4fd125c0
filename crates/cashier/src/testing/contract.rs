//! What every database adapter has to do, whatever database it is on.
//!
//! Each check is a function named after the behaviour. It takes a database that is new, migrated
//! and its own, and panics where the behaviour is missing. An adapter runs them all by one line,
//! see [`contract_tests!`](crate::contract_tests).
#![expect(
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "panicking is how a check says that the behaviour is missing"
)]

use std::sync::Arc;

use ::orders::Purchase;

use crate::{Database, Snapshot, Transaction};

pub mod catalog;
pub mod events;
pub mod exceptions;
pub mod idempotency;
pub mod memberships;
pub mod orders;
pub mod payments;
pub mod points;
pub mod settlement;
pub mod transactions;
pub mod work;

/// Makes one `#[tokio::test]` of every check.
///
/// `open` is the absolute path of an `async fn() -> (Guard, Arc<dyn Database>)` that gives a new
/// migrated database; the guard is kept until the test ends. The crate that uses this needs tokio
/// with `macros` and `rt-multi-thread`.
///
/// ```text
/// cashier::contract_tests!(open = crate::new_database);
/// ```
#[macro_export]
macro_rules! contract_tests {
    (open = $open:path) => {
        $crate::contract_tests!(@each $open;
            catalog {
                a_package_comes_back_whole,
                the_newest_version_counts,
                listed_packages_come_in_order,
                a_version_is_stored_once,
                a_plan_comes_back_whole,
                listed_plans_come_in_order,
                a_version_of_a_plan_is_stored_once,
            }
            orders {
                an_order_comes_back_whole_in_every_state,
                an_order_number_is_stored_once,
                an_order_is_saved_only_over_the_version_before,
                a_waiting_order_is_found_by_user_item_and_channel,
                the_newest_waiting_order_is_found,
                a_waiting_upgrade_is_found_by_user,
                an_order_is_shown_with_its_current_attempt,
                recent_orders_come_newest_first,
                a_list_of_orders_is_read_page_by_page,
                a_list_of_orders_may_be_of_one_status,
            }
            payments {
                an_attempt_comes_back_whole,
                saving_an_attempt_keeps_what_was_sent,
                an_attempt_number_is_stored_once,
                an_attempt_names_its_order,
                a_platform_is_asked_once_in_a_while,
                money_is_stored_once,
                numbers_are_compared_to_the_letter,
                unexpected_money_finds_its_order_once,
                an_order_knows_its_live_attempts,
                no_more_is_owed_back_than_was_received,
                a_line_of_the_journal_is_written_once,
            }
            memberships {
                segments_come_whole_by_beginning,
                an_order_grants_one_segment,
                a_segment_is_saved_only_over_the_version_before,
                memberships_granted_at_once_do_not_overlap,
            }
            points {
                lots_come_soonest_expiry_first,
                an_order_grants_one_lot,
                granting_twice_changes_nothing,
                a_ledger_is_read_page_by_page,
            }
            events {
                events_come_back_whole_and_ascending,
                followers_continue_where_they_were,
                an_event_that_was_rolled_back_is_never_seen,
            }
            work {
                work_is_added_once,
                work_is_claimed_when_due_oldest_first,
                leased_work_is_left_alone,
                an_expired_lease_is_taken_over,
                a_stale_claim_postpones_nothing,
                postponed_work_is_not_due,
                failures_of_work_are_counted,
                hastened_work_is_due_sooner,
                work_is_done_once_and_for_all,
                two_claimers_never_share,
            }
            exceptions {
                an_exception_is_raised_once,
                a_resolved_exception_stays_resolved,
                exceptions_wait_until_somebody_is_told,
                rejections_can_be_counted_again,
            }
            idempotency {
                a_key_is_stored_once,
                a_key_comes_back_whole,
                a_key_belongs_to_its_caller_and_path,
                a_run_holds_its_key_until_its_lease_ends,
                a_run_that_takes_its_time_goes_on_holding_its_key,
                a_lost_run_writes_nothing,
                a_key_names_its_order_with_the_order_or_not_at_all,
                an_old_key_is_over_and_forgotten,
                two_runs_never_hold_one_key,
            }
            transactions {
                dropping_rolls_back,
                a_snapshot_sees_only_what_is_committed,
                what_was_refused_does_not_spoil_the_rest,
                ten_writers_all_get_their_turn,
                changes_of_many_writers_are_all_kept,
                an_account_is_locked_again_and_again,
                the_database_answers,
            }
            settlement {
                money_told_twice_at_once_pays_once,
                two_payments_at_once_pay_once,
                goods_wanted_twice_at_once_are_granted_once,
            }
        );
    };
    (@each $open:path; $($area:ident { $($check:ident),+ $(,)? })+) => {
        $(mod $area {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let (_guard, database) = $open().await;
                $crate::testing::contract::$area::$check(&database).await;
            })+
        })+
    };
}

/// Begins to write.
async fn begin(database: &Arc<dyn Database>) -> Box<dyn Transaction> {
    database.begin().await.expect("a turn to write")
}

/// Reads what is committed.
async fn read(database: &Arc<dyn Database>) -> Box<dyn Snapshot> {
    database.read().await.expect("a snapshot")
}

/// Stores a purchase.
async fn keep(database: &Arc<dyn Database>, purchase: &Purchase) {
    let mut tx = begin(database).await;
    tx.insert_order(&purchase.order).await.expect("a new order");
    tx.insert_attempt(&purchase.attempt)
        .await
        .expect("a new attempt");
    tx.commit().await.expect("commit");
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_check_is_in_the_list() {
        let list = include_str!("contract.rs");
        for source in [
            include_str!("contract/catalog.rs"),
            include_str!("contract/events.rs"),
            include_str!("contract/exceptions.rs"),
            include_str!("contract/idempotency.rs"),
            include_str!("contract/memberships.rs"),
            include_str!("contract/orders.rs"),
            include_str!("contract/payments.rs"),
            include_str!("contract/points.rs"),
            include_str!("contract/settlement.rs"),
            include_str!("contract/transactions.rs"),
            include_str!("contract/work.rs"),
        ] {
            let checks: Vec<_> = source.split("\npub async fn ").skip(1).collect();
            assert!(!checks.is_empty());
            for check in checks {
                let name = check.split('(').next().unwrap();
                assert!(list.contains(&format!(" {name},\n")), "{name} is never run");
            }
        }
    }
}
