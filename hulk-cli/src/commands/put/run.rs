//! State shared by all arguments of one `hulk put`.

use std::sync::Arc;

use hulk_proto::{CreateFile, IfExists, Permission, RemotePath};
use serde_json::{Map, Value};

use crate::{
    args::Put, attributes::Attributes, path_filter::PathFilter, printer::Printer,
    progress::Display, transfer::upload::Uploader,
};

/// Options and services shared by all arguments.
pub(super) struct Run<'a> {
    pub(super) uploader: Uploader,
    pub(super) chosen: PathFilter,
    pub(super) display: Arc<Display>,
    pub(super) printer: &'a Printer,
    pub(super) put: &'a Put,
}

impl Run<'_> {
    /// Builds the request for a file from the flags.
    pub(super) fn request(
        &self,
        path: RemotePath,
        size_bytes: Option<u64>,
        attributes: Attributes,
    ) -> CreateFile {
        CreateFile {
            metadata: self.metadata(attributes),
            permissions: self.permissions(),
            expiration_policy: self.put.expires,
            if_exists: if self.put.no_clobber {
                IfExists::Fail
            } else {
                IfExists::Version
            },
            ..CreateFile::new(path, size_bytes)
        }
    }

    pub(super) fn permissions(&self) -> Option<Permission> {
        match (self.put.public, self.put.private) {
            (true, _) => Some(Permission::Public),
            (_, true) => Some(Permission::Private),
            _ => None,
        }
    }

    /// Modes and times to store; none through a share, whose owner decides what may be executed.
    pub(super) fn metadata(&self, attributes: Attributes) -> Option<Map<String, Value>> {
        let is_shared = self.uploader.client.share().is_some();
        let metadata = attributes.to_metadata();
        Some(metadata).filter(|metadata| !is_shared && !metadata.is_empty())
    }
}
