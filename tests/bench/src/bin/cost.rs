//! Compares what the clients cost with `ring` alone, and fails beyond a limit.
//!
//! ```sh
//! cargo run --release --manifest-path tests/bench/Cargo.toml --bin cost -- [PART OF A NAME...]
//! ```
//!
//! Both are measured in turn within one process, in processor time, so that whatever else the machine
//! does hits both. The ratio is the median of the rounds' own ratios.

use std::process::ExitCode;

use bench::{Limit, Subject, Work, subjects};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 401;
/// How long one side is repeated in a round, at least: much longer than reading the clock takes.
const STRETCH_NS: u64 = 1_000_000;

/// What was measured.
struct Cost {
    ring_ns: u64,
    ours_ns: u64,
    /// In ten-thousandths.
    ratio: u64,
}

fn main() -> ExitCode {
    println!("                                            ring alone       all    ratio    limit");
    let mut code = ExitCode::SUCCESS;
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word));
    for subject in subjects().into_iter().filter(|it| is_wanted(it.name)) {
        let cost = measure(&subject);
        let (within, limit) = match subject.limit {
            Limit::OfRing(most) => (cost.ratio <= most * 10, ratio(most * 10)),
            Limit::Nanoseconds(most) => (cost.ours_ns <= most, microseconds(most)),
        };
        let mark = if within { "" } else { "  EXCEEDED" };
        println!(
            "{:<42} {:>11} {:>9}  {:>7}  {limit:>7}{mark}",
            subject.name,
            microseconds(cost.ring_ns),
            microseconds(cost.ours_ns),
            ratio(cost.ratio),
        );
        if !within {
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn measure(subject: &Subject) -> Cost {
    let times = fitting(&subject.ours).max(fitting(&subject.ring));
    let mut rounds: Vec<(u64, u64)> = (0..ROUNDS)
        .map(|round| {
            // Each goes first as often as the other.
            if round % 2 == 0 {
                let ring = stretch(&subject.ring, times);
                (ring, stretch(&subject.ours, times))
            } else {
                let ours = stretch(&subject.ours, times);
                (stretch(&subject.ring, times), ours)
            }
        })
        .collect();
    Cost {
        ring_ns: median(&mut rounds, |(ring, _)| ring) / times,
        ours_ns: median(&mut rounds, |(_, ours)| ours) / times,
        ratio: median(&mut rounds, |(ring, ours)| ours * 10_000 / ring),
    }
}

/// How often work is repeated to fill a stretch. Finding out warms it up, too.
fn fitting(work: &Work) -> u64 {
    let mut times = 1;
    while stretch(work, times) < STRETCH_NS {
        times *= 2;
    }
    times
}

fn stretch(work: &Work, times: u64) -> u64 {
    let began = now();
    for _ in 0..times {
        work();
    }
    now() - began
}

/// What this thread has used of a processor, in nanoseconds.
fn now() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let nanoseconds = time.tv_sec * 1_000_000_000 + time.tv_nsec;
    u64::try_from(nanoseconds).expect("a processor's time is positive")
}

fn median(rounds: &mut [(u64, u64)], of: impl Fn((u64, u64)) -> u64) -> u64 {
    rounds.sort_unstable_by_key(|round| of(*round));
    of(rounds[rounds.len() / 2])
}

fn microseconds(nanoseconds: u64) -> String {
    let tenths = (nanoseconds + 50) / 100;
    format!("{}.{} µs", tenths / 10, tenths % 10)
}

fn ratio(ten_thousandths: u64) -> String {
    format!(
        "{}.{:04}",
        ten_thousandths / 10_000,
        ten_thousandths % 10_000
    )
}
