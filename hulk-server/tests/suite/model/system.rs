//! Applies the same steps to the server and compares its state with the model.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    reference::{Expected, Model, PERMISSIONS, Thrown, bytes},
    step::Step,
};
use crate::server::{Key, Server, sql};

pub(super) struct System<'a> {
    server: &'a Server,
    user: Key,
    /// The model before the step.
    before: Model,
    /// Ids of the model's files.
    files: Vec<String>,
    /// (id, token) of the model's shares.
    shares: Vec<(String, String)>,
}

type Outcome = Result<(), String>;

impl<'a> System<'a> {
    pub(super) fn new(server: &'a Server, user: Key) -> Self {
        Self {
            server,
            user,
            before: Model::default(),
            files: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// Applies the step, which `model` has already applied, and compares.
    pub(super) async fn apply(
        &mut self,
        model: &Model,
        step: &Step,
        expected: Expected,
    ) -> Outcome {
        if expected != Expected::Nothing {
            let (status, answer) = self.ask(step).await;
            let found = match status.is_success() {
                true => Expected::Done,
                false if status.is_client_error() => Expected::Refused,
                false => return Err(format!("{status} {answer}")),
            };
            if found != expected {
                return Err(format!("expected {expected:?}, got {status} {answer}"));
            }
        }
        self.before = model.clone();
        self.compare(model).await
    }

    async fn ask(&mut self, step: &Step) -> (StatusCode, Value) {
        let key = self.user.key.clone();
        let file = |number: &usize| {
            let file = self.before.file(*number).unwrap();
            format!("/api/v1/files/{}", self.files[file])
        };
        match step {
            Step::Put { path, content } => self.put(path, *content).await,
            Step::MoveFile { file: number, to } => {
                let change = json!({ "path": to });
                self.server.put(&file(number), &key, change).await
            }
            Step::MoveDirectory { directory, to } => {
                let path = self.directory(*directory).await;
                self.server.put(&path, &key, json!({ "path": to })).await
            }
            Step::DeleteFile { file: number } => self.server.delete(&file(number), &key).await,
            Step::DeleteDirectory { directory } => {
                let path = self.directory(*directory).await;
                self.server.delete(&path, &key).await
            }
            Step::Restore { item } => {
                let number = item % self.before.trash.len();
                let (_, page) = self.server.get("/api/v1/trash?limit=1000", &key).await;
                let items = page["items"].as_array().unwrap();
                // The newest first, unless two were deleted in the same millisecond.
                let wanted = &self.before.trash[number];
                let found = items
                    .iter()
                    .rev()
                    .filter(|item| item["path"] == wanted.path);
                let same = self.before.trash[..number].iter();
                let is_alike = |other: &&Thrown| other.path == wanted.path && other.file.is_none();
                let at = same.filter(is_alike).count();
                let by_id = wanted.file.map(|file| self.files[file].as_str());
                let id = match by_id {
                    Some(id) => id.to_owned(),
                    None => found
                        .filter(|item| item["kind"] == "directory")
                        .nth(at)
                        .map_or_else(String::new, |item| item["id"].as_str().unwrap().to_owned()),
                };
                let path = format!("/api/v1/trash/{id}/restore");
                self.server.post(&path, &key, json!({})).await
            }
            Step::EmptyTrash => self.server.delete("/api/v1/trash", &key).await,
            Step::RestoreVersion { file: number } => {
                let path = format!("{}/versions", file(number));
                let (_, page) = self.server.get(&format!("{path}?limit=100"), &key).await;
                let oldest = page["items"].as_array().unwrap().last().cloned();
                let file = self.before.file(*number).unwrap();
                // An expired version is not listed; version 0, which does not exist, is refused like it.
                let number = match (oldest, self.before.files[file].versions[0].1) {
                    (Some(oldest), false) => oldest["version"].as_u64().unwrap(),
                    _ => 0,
                };
                let path = format!("{path}/{number}/restore");
                self.server.post(&path, &key, Value::Null).await
            }
            Step::SetFile {
                file: number,
                permission,
            } => {
                let change = json!({ "permissions": PERMISSIONS[*permission] });
                self.server.put(&file(number), &key, change).await
            }
            Step::SetDirectory {
                directory,
                permission,
            } => {
                let path = self.directory(*directory).await;
                let change = json!({ "default_permissions": PERMISSIONS[*permission] });
                self.server.put(&path, &key, change).await
            }
            Step::Expire { file: number } => {
                let id = &self.files[self.before.file(*number).unwrap()];
                let update = format!(
                    "UPDATE versions SET expires_at = 1 WHERE file_id = '{id}'
                     AND number = (SELECT version FROM entries WHERE id = '{id}')"
                );
                sql(&self.server.data_dir, update).await;
                (StatusCode::OK, Value::Null)
            }
            Step::Share { file: number } => {
                let file = self.before.file(*number).unwrap();
                let body = json!({ "file_id": self.files[file] });
                let (status, share) = self.server.post("/api/v1/shares", &key, body).await;
                let text = |name: &str| share[name].as_str().unwrap_or_default().to_owned();
                self.shares.push((text("id"), text("token")));
                (status, share)
            }
            Step::Revoke { share } => {
                let open = self.before.open_shares();
                let (id, _) = &self.shares[open[share % open.len()]];
                let path = format!("/api/v1/shares/{id}");
                self.server.delete(&path, &key).await
            }
        }
    }

    /// API path of a directory.
    async fn directory(&self, number: usize) -> String {
        let path = self.before.directory(number).unwrap();
        let query = format!("/api/v1/directories?filter~path={}", path.replace(' ', "+"));
        let (_, page) = self.server.get(&query, &self.user.key).await;
        let id = page["items"][0]["id"].as_str().unwrap_or("missing");
        format!("/api/v1/directories/{id}")
    }

    async fn put(&mut self, path: &str, content: u8) -> (StatusCode, Value) {
        let (key, bytes) = (&self.user.key, bytes(content));
        let body = json!({ "path": path, "size_bytes": bytes.len() });
        let (status, planned) = self.server.post("/api/v1/files", key, body).await;
        if !status.is_success() {
            return (status, planned);
        }
        let sent = self.server.send_bytes(key, &planned, &bytes).await;
        assert!(sent.status().is_success());
        let id = planned["file"]["id"].as_str().unwrap().to_owned();
        if !self.files.contains(&id) {
            self.files.push(id.clone());
        }
        let report = json!({ "status": "uploaded", "version": planned["file"]["version"],
            "sha256": crate::server::sha256(&bytes) });
        let path = format!("/api/v1/files/{id}/status");
        self.server.put(&path, key, report).await
    }

    async fn compare(&self, model: &Model) -> Outcome {
        let key = &self.user.key;
        let (_, page) = self.server.get("/api/v1/files?limit=1000", key).await;
        let mut expected: Vec<(String, u64)> = Vec::new();
        for file in model.live() {
            let file = &model.files[file];
            let (content, is_over) = file.current();
            if !is_over {
                let path = file.path.clone().unwrap();
                expected.push((path, u64::from(content) + 1));
            }
        }
        let items = page["items"].as_array().unwrap().iter();
        let mut found: Vec<(String, u64)> = items
            .map(|file| {
                let path = file["path"].as_str().unwrap().to_owned();
                (path, file["size_bytes"].as_u64().unwrap())
            })
            .collect();
        expected.sort();
        found.sort();
        same("files", &found, &expected)?;
        same("total", &page["total"], &json!(expected.len()))?;
        let (_, trash) = self.server.get("/api/v1/trash?limit=1000", key).await;
        let items = trash["items"].as_array().unwrap().iter();
        let mut found: Vec<&str> = items.map(|item| item["path"].as_str().unwrap()).collect();
        let mut expected: Vec<&str> = model.trash.iter().map(|item| item.path.as_str()).collect();
        found.sort_unstable();
        expected.sort_unstable();
        same("trash", &found, &expected)?;
        same("used", &self.server.used_bytes(key).await, &model.used())?;
        self.compare_links(model).await?;
        self.compare_shares(model).await
    }

    async fn compare_links(&self, model: &Model) -> Outcome {
        for (at, id) in self.files.iter().enumerate() {
            let file = &model.files[at];
            let (content, is_over) = file.current();
            let link = format!("/d/{id}");
            for key in ["", &self.user.key] {
                let may = !key.is_empty() || file.path.is_some() && model.is_public(at);
                let expected = match (&file.path, may, is_over) {
                    (None, _, _) | (_, false, _) => 404,
                    (_, true, true) => 410,
                    (_, true, false) => 200,
                };
                let (status, found) = self.server.download(&link, key).await;
                let who = if key.is_empty() { "nobody" } else { "owner" };
                same(&format!("{link} for {who}"), &status.as_u16(), &expected)?;
                if expected == 200 {
                    same(&link, &found, &bytes(content))?;
                }
            }
        }
        Ok(())
    }

    async fn compare_shares(&self, model: &Model) -> Outcome {
        for ((file, is_revoked), (_, token)) in model.shares.iter().zip(&self.shares) {
            let file = &model.files[*file];
            let (content, is_over) = file.current();
            let link = format!("/s/{token}");
            let expected = match (is_revoked, &file.path, is_over) {
                (true, _, _) => 410,
                (_, None, _) => 404,
                (_, _, true) => 410,
                _ => 200,
            };
            let answer = self.server.send(Method::HEAD, &link, "", None).await;
            let is_there = if expected == 200 { 302 } else { expected };
            same(
                &format!("HEAD {link}"),
                &answer.status().as_u16(),
                &is_there,
            )?;
            let (status, found) = self.server.download(&link, "").await;
            same(&link, &status.as_u16(), &expected)?;
            if expected == 200 {
                same(&link, &found, &bytes(content))?;
            }
        }
        Ok(())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    match found == expected {
        true => Ok(()),
        false => Err(format!(
            "{what}: the server has {found:?}, the model {expected:?}"
        )),
    }
}
