//! Alipay's bills as files: any bytes as an archive, and any texts in a right one.

#![no_main]

use fuzz::alipay_bills::{content, taken, zip};
use fuzz::choice;
use libfuzzer_sys::fuzz_target;

const SEED: &[u8] = include_bytes!("../../../crates/alipay/testdata/trade_bill.zip");

fuzz_target!(
    init: {
        let packed = [b"a", SEED].concat();
        assert!(is_taken(&packed), "true files are not reached");
        let texts = include_bytes!("../seeds/alipay_bill_file/texts");
        assert!(is_taken(texts), "true texts are not reached");
    },
    |data: &[u8]| {
        is_taken(data);
    }
);

fn is_taken(data: &[u8]) -> bool {
    match choice(data, 2) {
        Some((0, archive)) => {
            if let Some(mut file) = taken(archive) {
                drop(file.trades().last());
                drop(file.movements().last());
                return true;
            }
            false
        }
        // No text of a bill has a zero in it.
        Some((_, data)) => {
            let texts: Vec<_> = data.split(|&byte| byte == 0).take(12).collect();
            let Some(mut file) = taken(&zip(&texts)) else {
                return false;
            };
            assert!(texts.len() <= 10);
            assert!(texts.contains(&content(&mut file).as_slice()));
            true
        }
        None => false,
    }
}
