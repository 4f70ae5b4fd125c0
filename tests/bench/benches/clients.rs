//! Each subject by itself: `cargo bench --manifest-path tests/bench/Cargo.toml`.

use bench::{Subject, subjects};
use divan::Bencher;

fn main() {
    divan::main();
}

fn names() -> Vec<&'static str> {
    subjects().iter().map(|subject| subject.name).collect()
}

fn subject(name: &str) -> Subject {
    let mut subjects = subjects().into_iter();
    subjects.find(|subject| subject.name == name).unwrap()
}

#[divan::bench(args = names())]
fn ring(bencher: Bencher<'_, '_>, name: &str) {
    bencher.bench_local(subject(name).ring);
}

#[divan::bench(args = names())]
fn ours(bencher: Bencher<'_, '_>, name: &str) {
    bencher.bench_local(subject(name).ours);
}
