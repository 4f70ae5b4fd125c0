//! Reads a bill of a million rows, archive and all, and says what it cost in time and memory.
//!
//! ```sh
//! cargo run --release -p paydesk-alipay --example alipay_bill_memory -- 1000000
//! ```
//!
//! It ends with an error when the totals do not add up, or when making and reading it took more than
//! 32 MiB of memory beyond what the program had before. The bill is never in memory as a whole; its
//! temporary files (about 320 bytes a row) go where `TMPDIR` says.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufWriter, Seek, Write};
use std::time::Instant;

use encoding_rs::GBK;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use paydesk_alipay::{BillFile, BillTradeKind};
use paydesk_money::{Cny, Fee};

const MOST_KIB: u64 = 32 * 1024;
const HEAD: &str = "#支付宝业务明细查询\r\n#账号：[20880000000000020156]\r\n\
    #起始日期：[2026年01月01日 00:00:00]   终止日期：[2026年01月02日 00:00:00]\r\n\
    #-----------------------------------------业务明细列表-----------------------------------\r\n\
    支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,\
    对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,\
    商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,\
    退款批次号/请求号,服务费（元）,分润（元）,备注\r\n";

fn main() -> Result<(), Box<dyn Error>> {
    let rows = match std::env::args().nth(1) {
        Some(rows) => rows.parse()?,
        None => 1_000_000,
    };
    let before = peak_kib()?;

    let begun = Instant::now();
    let mut archive = Archive::new(tempfile::tempfile()?);
    let mut day = Day::default();
    archive.file(|text| day.list(rows, text))?;
    archive.file(|text| day.summary(text))?;
    let mut packed = archive.finish()?;
    packed.rewind()?;
    let made = begun.elapsed();

    let begun = Instant::now();
    let mut file = BillFile::read(packed)?;
    let kept = begun.elapsed();

    let begun = Instant::now();
    let (mut payments, mut refunds) = (0_u64, 0_u64);
    let mut bill = file.trades();
    for row in bill.by_ref() {
        match row?.kind {
            BillTradeKind::Payment => payments += 1,
            _ => refunds += 1,
        }
    }
    let totals = bill.totals().ok_or("no totals")?.clone();
    let read = begun.elapsed();

    let grown = peak_kib()? - before;
    let bytes = file.size_bytes();
    print(&format!(
        "{rows} rows, {bytes} bytes: {payments} payments, {refunds} refunds, fees {}\n\
         made and packed in {made:.1?}, unpacked, checked and kept in {kept:.1?}, \
         read and added up in {read:.1?}\n\
         peak memory before {before} KiB, grown by {grown} KiB",
        totals.service_fee
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

/// What a day's bill states, counted while its rows are written: nine payments, then a refund.
#[derive(Default)]
struct Day {
    payments: u64,
    paid: i64,
    refunds: u64,
    refunded: i64,
    fees: i64,
}

impl Day {
    fn list(&mut self, rows: u64, text: &mut dyn Write) -> io::Result<()> {
        text.write_all(&gbk(HEAD))?;
        let mut line = String::new();
        for row in 0..rows {
            line.clear();
            self.row(row, &mut line).map_err(io::Error::other)?;
            text.write_all(&gbk(&line))?;
        }
        let (paid, refunded) = (Cny::from_fen(self.paid), Cny::from_fen(self.refunded));
        let (payments, refunds) = (self.payments, self.refunds);
        text.write_all(&gbk(&format!(
            "#---------------------------业务明细列表结束--------------------------\r\n\
             #交易合计：{payments}笔，商家实收共{paid}元，商家优惠共0.00元\r\n\
             #退款合计：{refunds}笔，商家实收退款共{refunded}元，商家优惠退款共0.00元\r\n\
             #导出时间：[2026年01月02日 06:27:10]\r\n"
        )))
    }

    fn row(&mut self, row: u64, line: &mut String) -> std::fmt::Result {
        // Looks like chance to a packer, as the platform's numbers do.
        let noise = row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let fen = i64::try_from(noise % 100_000).unwrap_or_default() + 1;
        let (kind, fen, request) = if row % 10 == 9 {
            self.refunds += 1;
            self.refunded -= fen;
            ("退款", -fen, format!("RF20260101{row:08}\t"))
        } else {
            self.payments += 1;
            self.paid += fen;
            ("交易", fen, "\t".to_owned())
        };
        self.fees -= fen * 6;
        let (yuan, fee) = (Cny::from_fen(fen), Fee::from_millifen(-fen * 6));
        let (hour, minute, second) = (row / 3600 % 24, row / 60 % 60, row % 60);
        let time = format!("2026-01-01 {hour:02}:{minute:02}:{second:02}");
        write!(
            line,
            "20260101{noise:020}\t,PO20260101{row:08}\t,{kind},AI点数包-100点,{time},{time},S01\t,\
             一号店,,T1\t,{:03}***@sandbox.com\t,{yuan},{yuan},0.00,0.00,0.00,0.00,0.00,,0.00,0.00,\
             {request},{fee},0.00,备注\r\n",
            noise % 1000
        )
    }

    fn summary(&self, text: &mut dyn Write) -> io::Result<()> {
        let (payments, refunds) = (self.payments, self.refunds);
        let (total, fees) = (
            Cny::from_fen(self.paid + self.refunded),
            Fee::from_millifen(self.fees),
        );
        text.write_all(&gbk(&format!(
            "#支付宝业务汇总查询\r\n#-----------业务汇总列表-----------\r\n门店编号,门店名称,\
             交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,服务费（元）\r\n\
             S01\t,一号店,{payments},{refunds},{total},{total},{fees}\r\n\
             合计,,{payments},{refunds},{total},{total},{fees}\r\n\
             #-----------业务汇总列表结束-----------\r\n"
        )))
    }
}

fn gbk(text: &str) -> Vec<u8> {
    GBK.encode(text).0.into_owned()
}

/// A ZIP archive, written from its first byte to its last.
struct Archive {
    out: BufWriter<fs::File>,
    written: usize,
    directory: Vec<u8>,
    files: u16,
}

impl Archive {
    fn new(file: fs::File) -> Self {
        Self {
            out: BufWriter::new(file),
            written: 0,
            directory: Vec::new(),
            files: 0,
        }
    }

    fn file(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Box<dyn Error>> {
        // Version, sizes behind the bytes, deflated, no time.
        let head = [20_u16, 8, 8, 0, 0].map(u16::to_le_bytes).concat();
        let at = u32::try_from(self.written)?.to_le_bytes();
        self.put(&[b"PK\x03\x04", &head[..], &[0; 12], &[1, 0, 0, 0], b"x"].concat())?;
        let mut text = Text {
            packed: DeflateEncoder::new(&mut self.out, Compression::fast()),
            crc: Crc::new(),
            size: 0,
        };
        write(&mut text)?;
        text.packed.try_finish()?;
        let packed = u32::try_from(text.packed.total_out())?;
        let (crc, size) = (text.crc.sum(), u32::try_from(text.size)?);
        drop(text);
        self.written += usize::try_from(packed)?;
        let numbers = [crc, packed, size].map(u32::to_le_bytes).concat();
        self.put(&[&b"PK\x07\x08"[..], &numbers].concat())?;
        self.directory
            .extend([b"PK\x01\x02\x14\x00", &head[..], &numbers, &[1, 0]].concat());
        self.directory.extend([&[0; 12], &at[..], b"x"].concat());
        self.files += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<fs::File, Box<dyn Error>> {
        let count = self.files.to_le_bytes();
        let size = u32::try_from(self.directory.len())?.to_le_bytes();
        let at = u32::try_from(self.written)?.to_le_bytes();
        let directory = std::mem::take(&mut self.directory);
        self.put(&directory)?;
        self.put(
            &[
                b"PK\x05\x06",
                &[0; 4][..],
                &count,
                &count,
                &size,
                &at,
                &[0; 2],
            ]
            .concat(),
        )?;
        Ok(self.out.into_inner()?)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len();
        self.out.write_all(bytes)
    }
}

/// A file of the archive while it is written.
struct Text<'a> {
    packed: DeflateEncoder<&'a mut BufWriter<fs::File>>,
    crc: Crc,
    size: usize,
}

impl Write for Text<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.packed.write_all(text)?;
        self.crc.update(text);
        self.size += text.len();
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.packed.flush()
    }
}
