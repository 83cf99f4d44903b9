//! The checksum that files of this project hold.

/// FNV-1a, 64 bits (Fowler, Noll and Vo; RFC 9923): it notices damage, not intent.
///
/// A single changed byte always changes the checksum: each step maps different sums to different sums.
///
/// ```
/// use sorn_agents::Checksum;
///
/// let mut checksum = Checksum::default();
/// checksum.update(b"foobar");
/// assert_eq!(checksum.to_string(), "85944171f73967e8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum(u64);

impl Checksum {
    /// Length of a checksum as text: hexadecimal digits.
    pub const DIGITS: usize = 16;

    /// Takes more bytes into the sum.
    pub fn update(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The sum of `bytes` alone.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Checksum {
        let mut sum = Checksum::default();
        sum.update(bytes);
        sum
    }
}

impl Default for Checksum {
    fn default() -> Self {
        Checksum(0xcbf2_9ce4_8422_2325)
    }
}

impl std::fmt::Display for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
