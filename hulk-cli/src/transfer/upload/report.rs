//! Builds the request and the report of an upload for the server, and its result for the user.

use std::{collections::HashMap, sync::atomic::Ordering};

use hulk_proto::{
    CreateFile, CreatedFile, File, Sha256,
    file::{PutFile, ReportUpload, ReportedStatus},
};

use super::{parts::Sending, source::Small};
use crate::error::{Error, Result};

/// Adds to a request the size and digests of a file that is wholly known.
pub(crate) fn fill(request: &mut CreateFile, small: &Small) {
    request.size_bytes = Some(small.bytes.len() as u64);
    request.sha256 = Some(small.sha256);
    request.part_md5s = vec![small.md5];
}

pub(crate) fn report(created: &CreatedFile) -> ReportUpload {
    ReportUpload {
        status: ReportedStatus::Uploaded,
        version: Some(created.file.version),
        sha256: None,
        md5: None,
        part_etags: None,
    }
}

pub(crate) fn report_small(small: &Small, created: &CreatedFile) -> ReportUpload {
    ReportUpload {
        sha256: Some(small.sha256),
        md5: Some(small.md5),
        ..report(created)
    }
}

pub(crate) fn report_parts(
    created: &CreatedFile,
    sha256: Option<Sha256>,
    mut etags: HashMap<u32, String>,
) -> Result<ReportUpload> {
    let count = u32::try_from(etags.len()).unwrap_or(u32::MAX);
    let in_order: Option<Vec<String>> = (1..=count).map(|number| etags.remove(&number)).collect();
    Ok(ReportUpload {
        sha256,
        part_etags: Some(in_order.ok_or_else(|| Error::failed("a part was not sent"))?),
        ..report(created)
    })
}

pub(crate) fn unexpected() -> Error {
    Error::unreachable("the server planned an upload that this hulk does not understand")
        .with_hint("the server may be newer than this hulk")
}

pub(crate) fn put_file(file: File, uploaded_bytes: u64, reused_bytes: u64) -> PutFile {
    PutFile {
        file,
        uploaded_bytes,
        reused_bytes,
        resumed: false,
    }
}

pub(crate) fn sent(file: File, sending: &Sending) -> PutFile {
    PutFile {
        resumed: sending.resumed.load(Ordering::Relaxed),
        ..put_file(
            file,
            sending.uploaded.load(Ordering::Relaxed),
            sending.reused.load(Ordering::Relaxed),
        )
    }
}
