//! Asks the server how a file is to be uploaded.

use hulk_proto::{CreateFile, CreatedFile, ErrorCode, RemotePath};

use crate::{client::Client, error::Result, transfer::Options};

/// What is the same for every file of a command.
#[derive(Clone)]
pub(crate) struct Uploader {
    pub(crate) client: Client,
    pub(crate) options: Options,
}

impl Uploader {
    /// The server's plan; if there is a directory at the path, for `else_at`.
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
