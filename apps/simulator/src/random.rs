//! Random text for numbers, nonces and codes, drawn from the operating system.

use ring::rand::{SecureRandom, SystemRandom};

const DIGITS: &[u8] = b"0123456789";
const UPPER_HEX: &[u8] = b"0123456789ABCDEF";
const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` decimal digits.
pub(crate) fn digits(length: usize) -> String {
    text(DIGITS, length)
}

/// `length` upper-case hexadecimal digits.
pub(crate) fn upper_hex(length: usize) -> String {
    text(UPPER_HEX, length)
}

/// `length` characters of `[0-9A-Za-z]`.
pub(crate) fn alphanumeric(length: usize) -> String {
    text(ALPHANUMERIC, length)
}

/// Bytes beyond the last whole multiple of the alphabet are thrown away, so that every character
/// is equally likely.
fn text(alphabet: &[u8], length: usize) -> String {
    let source = SystemRandom::new();
    let whole = 256 - 256 % alphabet.len();
    let mut out = String::with_capacity(length);
    let mut bytes = [0_u8; 64];
    while out.len() < length {
        source
            .fill(&mut bytes)
            .expect("the operating system gives random bytes");
        let fair = bytes
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < whole);
        let letters = fair.filter_map(|byte| alphabet.get(byte % alphabet.len()));
        out.extend(
            letters
                .take(length - out.len())
                .map(|letter| char::from(*letter)),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_asked_length_and_alphabet() {
        for length in [0, 1, 32, 200] {
            let text = alphanumeric(length);
            assert_eq!(text.len(), length);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
        assert!(digits(50).bytes().all(|byte| byte.is_ascii_digit()));
        assert_ne!(upper_hex(40), upper_hex(40));
    }
}
