//! [`Steady`]: a writer whose first error waits until the end.

use std::io::{self, Seek, SeekFrom, Write};

/// Takes everything; what the writer inside refuses comes to light in [`finish`](Steady::finish).
///
/// `zip` completes an archive when it is dropped, on whatever is written so far, and panics or prints to the standard error if the
/// disk has refused something before. With this between, it never learns of it.
pub(crate) struct Steady<W> {
    inner: W,
    error: Option<io::Error>,
    at: u64,
    end: u64,
}

impl<W: Write + Seek> Steady<W> {
    /// Around a writer that stands at its beginning.
    pub(crate) fn new(inner: W) -> Self {
        Steady { inner, error: None, at: 0, end: 0 }
    }

    /// Flushes, and gives the first error.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        match self.error {
            Some(error) => Err(error),
            None => self.inner.flush(),
        }
    }

    fn attempt(&mut self, work: impl FnOnce(&mut W) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = work(&mut self.inner).err();
        }
    }
}

impl<W: Write + Seek> Write for Steady<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(|inner| inner.write_all(bytes));
        self.at += bytes.len() as u64;
        self.end = self.end.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(W::flush);
        Ok(())
    }
}

impl<W: Write + Seek> Seek for Steady<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        let target = target.ok_or(io::ErrorKind::InvalidInput)?;
        self.attempt(|inner| inner.seek(SeekFrom::Start(target)).map(drop));
        self.at = target;
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use zip::ZipWriter;

    /// Refuses the n-th write, and none after it: then an archive does not fit together any more.
    struct Failing(Cursor<Vec<u8>>, u64);

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = self.1.wrapping_sub(1);
            if self.1 == 0 { Err(io::ErrorKind::StorageFull.into()) } else { self.0.write(bytes) }
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    impl Seek for Failing {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    fn archive(writes: u64) -> (io::Result<()>, u64) {
        let mut failing = Failing(Cursor::new(Vec::new()), writes);
        let mut zip = ZipWriter::new(Steady::new(&mut failing));
        let written = (|| {
            for name in ["a", "b"] {
                crate::simulation::add(&mut zip, name, 3, &mut &b"abc"[..])?;
            }
            zip.finish().map_err(io::Error::from)?.finish()
        })();
        (written, failing.1)
    }

    #[test]
    fn whichever_write_of_an_archive_the_disk_refuses_is_an_error_and_no_panic() {
        let (whole, left) = archive(1000);
        whole.unwrap();
        let writes = 1000 - left;
        assert!(writes > 10);
        for refused in 1..=writes {
            let error = archive(refused).0.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "write {refused}");
        }
    }

    #[test]
    fn what_is_written_is_what_the_writer_inside_would_have() {
        let (mut plain, mut inside) = (Cursor::new(Vec::new()), Cursor::new(Vec::new()));
        let mut steady = Steady::new(&mut inside);
        for (to, bytes) in [
            (SeekFrom::Start(0), &b"abcdef"[..]),
            (SeekFrom::Start(2), b"xy"),
            (SeekFrom::End(-1), b"z!"),
            (SeekFrom::Current(-4), b"-"),
        ] {
            assert_eq!(plain.seek(to).unwrap(), steady.seek(to).unwrap());
            plain.write_all(bytes).unwrap();
            steady.write_all(bytes).unwrap();
        }
        steady.finish().unwrap();
        assert_eq!(plain.into_inner(), inside.into_inner());
    }
}
