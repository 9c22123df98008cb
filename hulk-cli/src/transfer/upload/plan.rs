//! Asks the server how a file is to be uploaded.

use hulk_proto::{CreateFile, CreatedFile, ErrorCode, RemotePath};

use crate::{client::Client, error::Result, transfer::Options};

/// Client and options, shared by all files of a command.
#[derive(Clone)]
pub(crate) struct Uploader {
    pub(crate) client: Client,
    pub(crate) options: Options,
}

impl Uploader {
    /// Requests the server's plan; for `else_at` if there is a directory at the path.
    pub(super) async fn plan(
        &self,
        request: &mut CreateFile,
        else_at: Option<&RemotePath>,
    ) -> Result<CreatedFile> {
        match (self.client.create_file(request).await, else_at) {
            (Err(error), Some(path)) if error.code == ErrorCode::DirectoryExists => {
                request.path = path.clone();
                self.client.create_file(request).await
            }
            (planned, _) => planned,
        }
    }
}
