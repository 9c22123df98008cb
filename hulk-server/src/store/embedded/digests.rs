//! The digests of a body: those that its ETag needs and those that a client sent.

use hulk_proto::{Blake3, Md5, Sha256};
use md5::Digest;
use s3s::{S3Result, s3_error};

/// The digests that a client sent, or those computed from the bytes received.
#[derive(Clone, Copy, Default)]
pub(super) struct Digests {
    pub(super) sha256: Option<Sha256>,
    pub(super) md5: Option<Md5>,
    pub(super) crc32c: Option<[u8; 4]>,
    pub(super) blake3: Option<Blake3>,
}

impl Digests {
    /// Returns the hashers for a whole object, whose ETag is the SHA-256.
    pub(super) fn hashers_of_object(&self) -> Box<Hashers> {
        Box::new(Hashers {
            sha256: Some(sha2::Sha256::new()),
            ..self.hashers()
        })
    }

    /// Returns the hashers for a part, whose ETag is the BLAKE3, which costs a third of a SHA-256.
    pub(super) fn hashers_of_part(&self) -> Box<Hashers> {
        Box::new(Hashers {
            blake3: Some(blake3::Hasher::new()),
            ..self.hashers()
        })
    }

    fn hashers(&self) -> Hashers {
        let crc32c = || crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi);
        Hashers {
            sha256: self.sha256.map(|_| sha2::Sha256::new()),
            md5: self.md5.map(|_| md5::Md5::new()),
            crc32c: self.crc32c.map(|_| crc32c()),
            blake3: None,
        }
    }

    /// Compares the digests that the client sent with those computed.
    pub(super) fn check(&self, found: &Self) -> S3Result<()> {
        let differs = self.sha256.is_some() && self.sha256 != found.sha256
            || self.md5.is_some() && self.md5 != found.md5
            || self.crc32c.is_some() && self.crc32c != found.crc32c;
        match differs {
            true => Err(s3_error!(
                BadDigest,
                "the digest sent does not match the bytes received"
            )),
            false => Ok(()),
        }
    }
}

/// Digests that are being computed.
pub(super) struct Hashers {
    sha256: Option<sha2::Sha256>,
    md5: Option<md5::Md5>,
    crc32c: Option<crc_fast::Digest>,
    blake3: Option<blake3::Hasher>,
}

impl Hashers {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(crc32c) = &mut self.crc32c {
            crc32c.update(bytes);
        }
        if let Some(blake3) = &mut self.blake3 {
            blake3.update(bytes);
        }
    }

    pub(super) fn finish(self) -> Digests {
        Digests {
            sha256: self.sha256.map(|sha256| Sha256(sha256.finalize().into())),
            md5: self.md5.map(|md5| Md5(md5.finalize().into())),
            crc32c: self.crc32c.map(|crc32c| {
                // The crate returns all CRCs as `u64`; a CRC-32 is its low half.
                (crc32c.finalize() as u32).to_be_bytes()
            }),
            blake3: self.blake3.map(|blake3| Blake3(blake3.finalize().into())),
        }
    }
}
