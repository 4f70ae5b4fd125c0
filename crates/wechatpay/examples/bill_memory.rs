//! Reads a bill of a million rows, gzip and all, and says what it cost in time and memory.
//!
//! ```sh
//! cargo run --release -p paydesk-wechatpay --example bill_memory -- 1000000
//! ```
//!
//! It ends with an error when the totals do not add up, or when reading took more than 32 MiB of
//! memory beyond what the program had before. The bill is made while it is read, so it is never in
//! memory as a whole, and its temporary file (about 350 bytes a row) goes where `TMPDIR` says.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::time::Instant;

use flate2::Compression;
use flate2::read::GzEncoder;
use paydesk_money::{Cny, Fee};
use paydesk_wechatpay::{BillFile, BillPacking, BillTradeState};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

const MOST_KIB: u64 = 32 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let rows = match std::env::args().nth(1) {
        Some(rows) => rows.parse()?,
        None => 1_000_000,
    };
    let sha1 = stated_hash(rows)?;
    let before = peak_kib()?;

    let begun = Instant::now();
    let packed = GzEncoder::new(Day::new(rows), Compression::fast());
    let mut file = BillFile::read(packed, BillPacking::Gzip, &sha1)?;
    let kept = begun.elapsed();

    let begun = Instant::now();
    let (mut payments, mut refunds) = (0_u64, 0_u64);
    let mut bill = file.trades();
    for row in bill.by_ref() {
        match row?.trade_state {
            BillTradeState::Success => payments += 1,
            _ => refunds += 1,
        }
    }
    let totals = bill.totals().ok_or("no totals")?.clone();
    let read = begun.elapsed();

    let grown = peak_kib()? - before;
    let bytes = file.size_bytes();
    print(&format!(
        "{rows} rows, {bytes} bytes: {payments} payments, {refunds} refunds, fees {}\n\
         made, packed, unpacked, hashed and kept in {kept:.1?}, read and added up in {read:.1?}\n\
         peak memory before {before} KiB, grown by {grown} KiB",
        totals.fee
    ));
    if totals.rows != rows || payments + refunds != rows {
        return Err("rows are missing".into());
    }
    if grown > MOST_KIB {
        return Err(format!("more than {MOST_KIB} KiB of memory").into());
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program's result")]
fn print(text: &str) {
    println!("{text}");
}

/// The hash comes first, as it does from the platform, so the bill is made twice.
fn stated_hash(rows: u64) -> io::Result<String> {
    let mut day = Day::new(rows);
    let mut hash = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let read = day.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
            return Ok(hex::encode(hash.finish()));
        };
        hash.update(part);
    }
}

/// The most memory this process ever had resident.
fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or("no VmHWM: this needs Linux")?;
    Ok(peak.trim().parse()?)
}

/// The text of a day's bill, line by line: nine payments, then a refund.
struct Day {
    rows: u64,
    next: u64,
    line: String,
    given: usize,
    paid: i64,
    refunded: i64,
    fees: i64,
    ended: bool,
}

impl Day {
    fn new(rows: u64) -> Self {
        Self {
            rows,
            next: 0,
            line: "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,\
                   交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,\
                   商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,\
                   手续费,费率,订单金额,申请退款金额,费率备注\r\n"
                .to_owned(),
            given: 0,
            paid: 0,
            refunded: 0,
            fees: 0,
            ended: false,
        }
    }

    fn advance(&mut self) -> Result<(), std::fmt::Error> {
        self.line.clear();
        self.given = 0;
        if self.next == self.rows {
            if !self.ended {
                self.summary()?;
            }
            self.ended = true;
            return Ok(());
        }
        let row = self.next;
        self.next += 1;
        // Looks like chance to gzip, as the platform's numbers do.
        let noise = row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let fen = i64::try_from(noise % 100_000).unwrap_or_default() + 1;
        let (yuan, millifen) = (Cny::from_fen(fen), fen * 6);
        let (hour, minute, second) = (row / 3600 % 24, row / 60 % 60, row % 60);
        let start = format!(
            "`2026-01-01 {hour:02}:{minute:02}:{second:02},`wxd678efh567hg6787,`1900007291,`0,`,\
             `42{noise:026},`PO20260101{row:08},`oUpF8uMu{noise:020},`NATIVE,"
        );
        if row % 10 == 9 {
            self.refunded += fen;
            self.fees -= millifen;
            let fee = Fee::from_millifen(-millifen);
            write!(
                self.line,
                "{start}`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50{noise:026},`RF20260101{row:08},\
                 `{yuan},`0.00,`ORIGINAL,`SUCCESS,`AI点数包-100点,`pkg=100,`{fee},`0.60%,`0.00,\
                 `{yuan},`\r\n"
            )
        } else {
            self.paid += fen;
            self.fees += millifen;
            let fee = Fee::from_millifen(millifen);
            write!(
                self.line,
                "{start}`SUCCESS,`OTHERS,`CNY,`{yuan},`0.00,`0,`0,`0.00,`0.00,`,`,\
                 `AI点数包-100点,`pkg=100,`{fee},`0.60%,`{yuan},`0.00,`\r\n"
            )
        }
    }

    fn summary(&mut self) -> Result<(), std::fmt::Error> {
        let (rows, fees) = (self.rows, Fee::from_millifen(self.fees));
        let (paid, refunded) = (Cny::from_fen(self.paid), Cny::from_fen(self.refunded));
        write!(
            self.line,
            "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,\
             申请退款总金额\r\n`{rows},`{paid},`{refunded},`0.00,`{fees},`{paid},`{refunded}\r\n"
        )
    }
}

impl Read for Day {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.line.len() {
            self.advance().map_err(io::Error::other)?;
        }
        let rest = self.line.as_bytes().get(self.given..).unwrap_or_default();
        let read = (&mut &*rest).read(buffer)?;
        self.given += read;
        Ok(read)
    }
}
