//! WeChat Pay's bills as files: any bytes, as a gzip stream and as plain text.

#![no_main]

use fuzz::bills::{kept, unpacked};
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: {
        let seed = include_bytes!("../seeds/bill_file/packed");
        assert!(is_taken(seed), "true files are not reached");
    },
    |data: &[u8]| {
        is_taken(data);
    }
);

fn is_taken(data: &[u8]) -> bool {
    kept(data);
    unpacked(data)
}
