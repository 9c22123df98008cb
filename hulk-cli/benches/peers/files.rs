//! The files that are moved: a big one, a small one, a tree.

use std::{fs, io::Write, os::unix::fs::FileExt, path::Path};

use super::Sizes;

pub(crate) fn make(directory: &Path, sizes: &Sizes) {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    noise.write(&directory.join("big"), sizes.bytes);
    noise.write(&directory.join("small"), 1024);
    noise.write(&directory.join("changing.bin"), sizes.bytes);
    fs::create_dir(directory.join("tree")).unwrap();
    for number in 0..sizes.files {
        let below = directory.join(format!("tree/{}", number % 50));
        fs::create_dir_all(&below).unwrap();
        noise.write(&below.join(format!("{number}.bin")), 4096);
    }
}

/// Writes new bytes, none of which are stored yet.
pub(crate) fn restore(directory: &Path, sizes: &Sizes) {
    let now = std::time::SystemTime::now();
    let seed = now
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    Noise(seed | 1).write(&directory.join("changing.bin"), sizes.bytes);
}

pub(crate) fn change_a_hundredth(directory: &Path, sizes: &Sizes, run: u64) {
    let file = fs::OpenOptions::new()
        .write(true)
        .open(directory.join("changing.bin"))
        .unwrap();
    let mut noise = Noise(run + 77);
    let mut block = vec![0; (sizes.bytes / 100) as usize / 8 * 8];
    noise.fill(&mut block);
    file.write_all_at(&block, sizes.bytes / 2).unwrap();
}

/// Bytes that no file system or network can compress.
struct Noise(u64);

impl Noise {
    fn fill(&mut self, block: &mut [u8]) {
        for word in block.chunks_exact_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            word.copy_from_slice(&self.0.to_le_bytes());
        }
    }

    fn write(&mut self, path: &Path, bytes: u64) {
        let mut file = fs::File::create(path).unwrap();
        let mut block = vec![0; 1 << 20];
        let mut left = bytes;
        while left > 0 {
            let length = left.min(block.len() as u64) as usize;
            self.fill(&mut block[..length]);
            file.write_all(&block[..length]).unwrap();
            left -= length as u64;
        }
    }
}
