//! Reads and writes local files at an offset.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

use hulk_proto::Sha256;
use sha2::Digest;

/// Bytes that are passed to a socket, a thread or the disk at once.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;

/// Opens the file at the path itself, also for writing if `writes`: follows no link, and creates nothing.
pub(crate) fn open_itself(path: &Path, writes: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(writes);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        // A pipe that another user puts there must not block the program.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    options.open(path)
}

/// Visits the bytes `start..end`, which must exist.
pub(crate) fn each_block(
    file: &File,
    start: u64,
    end: u64,
    mut visit: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut at = start;
    while at < end {
        let wanted = (end - at).min(block.len() as u64) as usize;
        read_exact_at(file, &mut block[..wanted], at)?;
        visit(&block[..wanted]);
        at += wanted as u64;
    }
    Ok(())
}

/// Whether the file has a byte at `offset`.
pub(crate) fn has_byte_at(file: &File, offset: u64) -> bool {
    read_exact_at(file, &mut [0], offset).is_ok()
}

/// Returns the length and the SHA-256 of a file.
pub(crate) fn digest_file(path: &Path) -> io::Result<(u64, Sha256)> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut sha256 = sha2::Sha256::new();
    each_block(&file, 0, len, |block| sha256.update(block))?;
    Ok((len, Sha256(sha256.finalize().into())))
}

#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
pub(crate) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}
