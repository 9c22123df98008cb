//! The routes for uploads: plan, sign, report, cancel.

use hulk_proto::{
    CreateFile, CreatedFile, File, Id, ReportUpload,
    batch::{Batch, CreateFiles, ReportUploads, ReportedFile},
    upload::{SignParts, SignedParts},
};
use reqwest::Method;

use super::{Client, STORE_TIMEOUT};
use crate::error::Result;

impl Client {
    pub(crate) async fn create_file(&self, request: &CreateFile) -> Result<CreatedFile> {
        self.send(self.post("/files", request)?).await
    }

    pub(crate) async fn create_files(&self, items: Vec<CreateFile>) -> Result<Batch<CreatedFile>> {
        let request = self.post("/files/batch", &CreateFiles { items })?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    pub(crate) async fn report_uploads(&self, items: Vec<ReportedFile>) -> Result<Batch<File>> {
        let request = self.put("/files/batch/status", &ReportUploads { items })?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    pub(crate) async fn sign_parts(&self, id: &Id, request: &SignParts) -> Result<SignedParts> {
        let request = self.post(&format!("/files/{id}/upload/parts"), request)?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    pub(crate) async fn report_upload(&self, id: &Id, report: &ReportUpload) -> Result<File> {
        let request = self.put(&format!("/files/{id}/status"), report)?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    pub(crate) async fn cancel_upload(&self, id: &Id) -> Result<()> {
        self.delete(self.api(Method::DELETE, &format!("/files/{id}/upload"))?)
            .await
    }
}
