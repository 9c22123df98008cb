//! The embedded store: an S3 endpoint of this process, on local disk.
//!
//! An object is a manifest (`objects/<key>@`) that holds a few bytes itself, and lists immutable
//! segments of more: files of the object's own directory (`data/<x>/<id>/`). A completed multipart
//! upload becomes an object by writing the manifest: its parts stay where they are. A copy links
//! the segments, so that the file system counts who uses them.
//!
//! An answer means durable: data, then manifest, each written, fsynced and renamed, and the
//! directory fsynced. A crash leaves the old object, the new one, or a data directory that no
//! manifest names, which the sweep at the next start removes. One process owns the directory.
//!
//! The ETag of an object that was put at once is its SHA-256, which the server wants; that of a part
//! is its BLAKE3, which tells parts apart at a third of the price: S3 lets a store choose, and an MD5
//! costs twice a SHA-256. Content-MD5, CRC32C and SHA-256 are checked where a client sends them.

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
use objects::Objects;
use receiving::Receiving;

/// The bucket's name and, as stores have one, the region.
pub(crate) const BUCKET: &str = "hulkastorus-ugc";
pub(crate) const REGION: &str = "auto";

/// The store of one data directory.
#[derive(Clone)]
pub struct EmbeddedStore {
    objects: Arc<Objects>,
    service: S3Service,
    credentials: Credentials,
    receiving: Arc<Receiving>,
}

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the store's directory was made by a newer version of this program")]
    Newer,
    #[error("the store's directory cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// What the service may read whole before it knows who asks: nothing that it needs is larger.
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
    /// Opens the store under `directory`, making it if there is none. The caller sees to it that no
    /// other process has it open.
    ///
    /// # Errors
    /// If the directory cannot be written or is of a newer version.
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

    /// What is coming in over the port.
    pub(crate) fn receiving(&self) -> &Arc<Receiving> {
        &self.receiving
    }

    /// Whether its threads are not all busy.
    pub(crate) async fn is_ready(&self) -> bool {
        disk::is_ready().await
    }

    /// `None` if the system does not say.
    pub fn free_bytes(&self) -> Option<u64> {
        fs4::available_space(self.objects.layout().root()).ok()
    }

    /// Removes what crashes left behind; blocks. Answers how many leftovers there were.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn sweep(&self) -> io::Result<u64> {
        sweep::run(&self.objects)
    }
}
