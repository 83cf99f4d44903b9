//! TensorBoard's event files, as bytes.
//!
//! A file is a sequence of records: the length (u64, little-endian), a masked CRC-32C of it, the data, a masked CRC-32C of
//! the data. The data are `Event` messages in Protocol Buffers' encoding (tensorflow/core/util/event.proto): 1 wall_time
//! (double), 2 step (int64), 3 file_version (string), 5 summary, which holds values of 1 tag (string) and 2 simple_value (float).

/// TensorBoard takes every file whose name holds "tfevents".
pub(crate) const NAME: &str = "events.out.tfevents.sorn";

/// The version that the first event of a file says.
pub(crate) const FIRST: &[u8] = b"brain.Event:2";

/// A value of a summary with one number.
pub(crate) fn simple(tag: &str, value: f64) -> Vec<u8> {
    let mut simple = text(1, tag.as_bytes());
    simple.push(2 << 3 | 5);
    simple.extend((value as f32).to_le_bytes());
    simple
}

/// A field with a whole number.
pub(crate) fn number(field: u8, value: u64) -> Vec<u8> {
    let mut bytes = vec![field << 3];
    varint(&mut bytes, value);
    bytes
}

/// Appends one event to a file's bytes.
pub(crate) fn record(bytes: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    bytes.extend(length);
    bytes.extend(masked_crc(&length).to_le_bytes());
    bytes.extend(data);
    bytes.extend(masked_crc(data).to_le_bytes());
}

pub(crate) fn double(field: u8, value: f64) -> Vec<u8> {
    let mut bytes = vec![field << 3 | 1];
    bytes.extend(value.to_le_bytes());
    bytes
}

/// A field of bytes: text, or a message within a message.
pub(crate) fn text(field: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![field << 3 | 2];
    varint(&mut bytes, value.len() as u64);
    bytes.extend(value);
    bytes
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Castagnoli's polynomial, reflected (RFC 3720, appendix B.4).
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let mut crc = i as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, &byte| TABLE[((crc ^ u32::from(byte)) & 0xff) as usize] ^ crc >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_the_published_one() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }
}
