//! Blocking reads and writes on pipes and terminals, which other processes may have made non-blocking.

use std::io::{self, Read, Write};
#[cfg(unix)]
use std::os::fd::AsFd;

/// A stream that blocks even if it was made non-blocking.
pub(crate) struct Waiting<T>(pub(crate) T);

#[cfg(unix)]
impl<T: AsFd> Waiting<T> {
    /// Runs `attempt`, and repeats it when the stream is ready.
    fn retry<R>(
        &mut self,
        ready: rustix::event::PollFlags,
        mut attempt: impl FnMut(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            match attempt(&mut self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut wanted = [rustix::event::PollFd::new(&self.0, ready)];
                    match rustix::event::poll(&mut wanted, None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                done => return done,
            }
        }
    }
}

#[cfg(unix)]
impl<T: Read + AsFd> Read for Waiting<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.retry(rustix::event::PollFlags::IN, |stream| stream.read(buffer))
    }
}

#[cfg(unix)]
impl<T: Write + AsFd> Write for Waiting<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.retry(rustix::event::PollFlags::OUT, |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.retry(rustix::event::PollFlags::OUT, Write::flush)
    }
}

#[cfg(not(unix))]
impl<T: Read> Read for Waiting<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

#[cfg(not(unix))]
impl<T: Write> Write for Waiting<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether the caller closed a standard stream: Rust's runtime opens `/dev/null` in its place, for reading
/// and writing, which no shell does.
#[cfg(unix)]
pub(crate) fn is_closed(stream: &impl AsFd) -> bool {
    use rustix::fs::{OFlags, fcntl_getfl, fstat, stat};
    let (Ok(flags), Ok(found), Ok(null)) = (fcntl_getfl(stream), fstat(stream), stat("/dev/null"))
    else {
        return false;
    };
    let is_null = (found.st_dev, found.st_ino) == (null.st_dev, null.st_ino);
    is_null && flags.contains(OFlags::RDWR)
}

/// Whether standard output cannot be written to: Rust's library reports no error then.
pub(crate) fn is_read_only() -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{OFlags, fcntl_getfl};
        let flags = fcntl_getfl(io::stdout());
        flags.is_ok_and(|flags| !flags.intersects(OFlags::WRONLY | OFlags::RDWR))
    }
    #[cfg(not(unix))]
    false
}

#[cfg(not(unix))]
pub(crate) fn is_closed<T>(_: &T) -> bool {
    false
}
