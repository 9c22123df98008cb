//! Callers whose statuses follow from those of the table.

use reqwest::Method;
use serde_json::json;

use super::Row;
use crate::server::{ROOT_KEY, Server, sql};

/// Callers whose statuses follow from the table: those who are nobody on routes that need a credential, and those
/// who are somebody else's staff.
pub(super) struct Others {
    suspended: String,
    expired: String,
    revoked: String,
    moderator: String,
    admin: String,
    ada: String,
}

impl Others {
    pub(super) async fn of(server: &Server, ada: &str) -> Self {
        let eve = server.user("eve@example.com");
        let path = format!("/api/v1/admin/users/{}", eve.user_id);
        let suspend = json!({ "is_active": false });
        assert_eq!(server.put(&path, ROOT_KEY, suspend).await.0, 200);
        let staff = |email: &str, role: &str| {
            let flags = ["--verified", "--role", role];
            server.user_with(email, "all", &flags).key
        };
        let (expired, revoked) = (
            server.key("ada@example.com", "all"),
            server.key("ada@example.com", "all"),
        );
        let id = |key: &str| key.split('_').nth(1).unwrap().to_owned();
        let end = format!(
            "UPDATE api_keys SET expires_at = 1 WHERE id = '{}'",
            id(&expired)
        );
        sql(&server.data_dir, end).await;
        let revoke = format!("/api/v1/api-keys/{}", id(&revoked));
        assert_eq!(server.delete(&revoke, &revoked).await.0, 204);
        Self {
            suspended: eve.key,
            expired,
            revoked,
            moderator: staff("mod@example.com", "moderator"),
            admin: staff("root@example.com", "admin"),
            ada: ada.to_owned(),
        }
    }

    /// Returns what is wrong with a row.
    pub(super) async fn wrong(&self, server: &Server, row: &Row) -> Vec<String> {
        // Where all get 401, it is not for the credential.
        let needs_credential =
            row.statuses[0] == 401 && row.statuses.iter().any(|status| *status != 401);
        if !needs_credential {
            return Vec::new();
        }
        let far = [
            ("x-forwarded-for", "192.0.2.7"),
            ("x-hulk-user", self.ada.as_str()),
        ];
        let mut callers = vec![
            (self.suspended.as_str(), &[][..], 403),
            (self.expired.as_str(), &[], 401),
            (self.revoked.as_str(), &[], 401),
            (ROOT_KEY, &far, 401),
        ];
        let of_ada = [("x-hulk-user", self.ada.as_str())];
        if row.method == Method::GET {
            // Nothing of others is theirs by these routes; root is whom it acts for.
            callers.push((&self.moderator, &[], row.statuses[5]));
            callers.push((&self.admin, &of_ada, row.statuses[5]));
            callers.push((ROOT_KEY, &of_ada, row.statuses[4]));
        }
        let mut wrong = Vec::new();
        for (key, headers, expected) in callers {
            let mut request = server
                .http
                .request(row.method.clone(), server.url(&row.path));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(body) = &row.body {
                request = request.json(body);
            }
            let found = request
                .bearer_auth(key)
                .send()
                .await
                .unwrap()
                .status()
                .as_u16();
            if found != expected {
                let (method, path) = (&row.method, &row.path);
                wrong.push(format!(
                    "{method} {path} for {key} {headers:?}: {found}, not {expected}"
                ));
            }
        }
        wrong
    }
}
