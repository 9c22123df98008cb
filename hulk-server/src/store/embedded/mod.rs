//! The embedded store: an S3 endpoint of this process, on local disk.
//!
//! An object is a manifest (`objects/<key>@`), which holds the bytes of a small object itself and lists
//! the immutable segments of a larger one: files in the object's own directory (`data/<x>/<id>/`). A
//! completed multipart upload becomes an object when its manifest is written: its parts stay where they
//! are. A copy links the segments, so that the file system counts their users.
//!
//! What was answered is durable: data, then manifest, each written, fsynced and renamed, and the
//! directory fsynced. A crash leaves the old object, the new one, or a data directory that no
//! manifest names, which the sweep at the next start removes. One process owns the directory.
//!
//! The ETag of an object from a single PUT is its SHA-256, which the server needs; that of a part is its
//! BLAKE3, which distinguishes parts at a third of the cost: S3 lets a store choose, and an MD5 costs
//! twice as much as a SHA-256. Content-MD5, CRC32C and SHA-256 are checked if a client sends them.

mod conditions;
mod connector;
mod convert;
mod digests;
mod disk;
mod front;
mod guard;
mod ingest;
mod layout;
mod list;
mod manifest;
mod multipart;
mod objects;
mod pages;
mod queue;
mod reader;
pub(crate) mod receiving;
mod room;
mod s3;
mod staged;
mod sweep;

use std::{io, path::Path, sync::Arc};

use aws_sdk_s3::config::Credentials;
use s3s::{
    auth::SimpleAuth,
    config::{S3Config, StaticConfigProvider},
    service::{S3Service, S3ServiceBuilder},
};

pub(crate) use connector::InProcess;
pub(crate) use front::{front, is_presigned, preflight, refusal, refuse, serve};
use layout::Layout;
pub(crate) use layout::{BUCKET, OpenError, REGION};
use objects::Objects;
use receiving::Receiving;

/// The store of one data directory.
#[derive(Clone)]
pub struct EmbeddedStore {
    objects: Arc<Objects>,
    service: S3Service,
    credentials: Credentials,
    receiving: Arc<Receiving>,
}

/// Limits on what the service reads into memory before it knows the client: nothing it needs is larger.
fn limits() -> S3Config {
    let mut limits = S3Config::default();
    limits.xml_max_body_size = 4 << 20;
    limits.post_object_max_file_size = 0;
    limits.form_max_field_size = 1 << 10;
    limits.form_max_fields_size = 8 << 10;
    limits.form_max_parts = 8;
    limits
}

impl EmbeddedStore {
    /// Opens the store under `directory`, creating it if it does not exist. The caller ensures that no
    /// other process has it open.
    ///
    /// # Errors
    /// If the directory cannot be written, or was created by a newer version.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        let layout = Layout::open(directory)?;
        let (access_key, secret_key) = layout.credentials()?;
        let objects = Arc::new(Objects::new(layout));
        let mut builder = S3ServiceBuilder::new(s3::Backend::new(objects.clone()));
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(limits()))));
        builder.set_auth(SimpleAuth::from_single(
            access_key.clone(),
            secret_key.clone(),
        ));
        let credentials = Credentials::new(access_key, secret_key, None, None, "embedded store");
        Ok(Self {
            objects,
            service: builder.build(),
            credentials,
            receiving: Arc::default(),
        })
    }

    pub fn credentials(&self) -> Credentials {
        self.credentials.clone()
    }

    pub fn service(&self) -> S3Service {
        self.service.clone()
    }

    /// Returns the bodies that are being received over the port.
    pub(crate) fn receiving(&self) -> &Arc<Receiving> {
        &self.receiving
    }

    /// Whether a thread for the disk is free.
    pub(crate) async fn is_ready(&self) -> bool {
        disk::is_ready().await
    }

    /// Returns the free space on the disk; `None` if the system does not report it.
    pub fn free_bytes(&self) -> Option<u64> {
        fs4::available_space(self.objects.layout().root()).ok()
    }

    /// Removes what crashes left behind, and returns how many leftovers there were. Blocks.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn sweep(&self) -> io::Result<u64> {
        sweep::run(&self.objects)
    }
}
