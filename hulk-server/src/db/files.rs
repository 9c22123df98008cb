//! Files as they are shown: an entry joined with its current version.

use hulk_proto::{ExpirationPolicy, FileStatus, Permission};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::{
    columns::{Flag, Text},
    lists::List,
    tree,
    versions::VersionRow,
};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FileRow {
    pub id: String,
    pub user_id: String,
    pub parent_id: String,
    pub name: String,
    #[sqlx(try_from = "Flag")]
    pub owner_is_active: bool,
    #[sqlx(try_from = "Text<Permission>")]
    pub permissions: Permission,
    pub version: i64,
    pub tags: String,
    pub description: Option<String>,
    pub metadata: String,
    pub download_count: i64,
    pub last_download_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    #[sqlx(try_from = "Text<FileStatus>")]
    pub state: FileStatus,
    pub size_bytes: i64,
    pub mime_type: String,
    pub sha256: Option<String>,
    pub object_key: String,
    #[sqlx(try_from = "Text<ExpirationPolicy>")]
    pub expiration_policy: ExpirationPolicy,
    pub expires_at: Option<i64>,
}

impl FileRow {
    /// Turns the row into that of another version of the file.
    pub(crate) fn show_version(&mut self, version: &VersionRow) {
        self.version = version.number;
        self.state = version.state;
        self.size_bytes = version.size_bytes;
        self.mime_type.clone_from(&version.mime_type);
        self.sha256.clone_from(&version.sha256);
        self.object_key.clone_from(&version.object_key);
        self.expiration_policy = version.expiration_policy;
        self.expires_at = version.expires_at;
    }
}

macro_rules! columns {
    () => {
        "e.id, e.user_id, e.parent_id, e.name, u.is_active AS owner_is_active, e.permissions, e.version,
         e.tags, e.description, e.metadata, e.download_count, e.last_download_at, e.created_at,
         e.updated_at, v.state, v.size_bytes, v.mime_type, v.sha256, v.object_key, v.expiration_policy,
         v.expires_at"
    };
}

macro_rules! tables {
    () => {
        "entries e JOIN versions v ON v.file_id = e.id AND v.number = e.version
         JOIN users u ON u.id = e.user_id AND u.deleted_at IS NULL"
    };
}

/// Files of all users, newest first.
pub(crate) const LIST: List = List {
    columns: columns!(),
    from: tables!(),
    order: "e.created_at DESC, e.id DESC",
};

const SELECT: &str = concat!("SELECT ", columns!(), " FROM ", tables!());

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<FileRow>> {
    sqlx::query_as(AssertSqlSafe(format!(
        "{SELECT} WHERE e.id = $1 AND e.trash_id IS NULL"
    )))
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Property by which a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    CreatedAt,
    UpdatedAt,
    Filename,
    SizeBytes,
}

/// The value by which a row is placed in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SortKey {
    Number(i64),
    Text(String),
}

impl Order {
    fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "e.created_at",
            Self::UpdatedAt => "e.updated_at",
            Self::Filename => "e.name",
            Self::SizeBytes => "v.size_bytes",
        }
    }

    pub(crate) fn key_of(self, row: &FileRow) -> SortKey {
        match self {
            Self::CreatedAt => SortKey::Number(row.created_at),
            Self::UpdatedAt => SortKey::Number(row.updated_at),
            Self::Filename => SortKey::Text(row.name.clone()),
            Self::SizeBytes => SortKey::Number(row.size_bytes),
        }
    }
}

/// A condition on one column, its value bound as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    Id(String),
    DirectoryId(String),
    /// Somewhere below the directory with this id.
    Below(String),
    Filename(String),
    Permissions(String),
    MimeType(String),
    Sha256(String),
    ExpirationPolicy(String),
    /// A part of the folded name.
    NameHas(String),
    /// JSON string with its quotes. No tag has a comma, so a match cannot span two of them.
    Tag(String),
    Category(String),
    /// Bytes and times as decimal digits, both ends included.
    MinSize(String),
    MaxSize(String),
    CreatedAfter(String),
    CreatedBefore(String),
    ExpiresBefore(String),
    /// A stored state; validated files past their expiry count as `expired` at once.
    State(FileStatus),
}

impl Filter {
    /// Returns the condition in SQL, with its value as the parameter of this number; `$2` is the time. It is
    /// written so that Postgres can estimate how many rows match.
    fn condition(&self, number: usize) -> String {
        let at_least = |column| format!("{column} >= CAST(${number} AS BIGINT)");
        let at_most = |column| format!("{column} <= CAST(${number} AS BIGINT)");
        let column = match self {
            Self::NameHas(_) => return format!("e.folded_name LIKE ${number} ESCAPE '\\'"),
            Self::Tag(_) => return format!("REPLACE(e.tags, ${number}, '') <> e.tags"),
            Self::MinSize(_) => return at_least("v.size_bytes"),
            Self::MaxSize(_) => return at_most("v.size_bytes"),
            Self::CreatedAfter(_) => return at_least("e.created_at"),
            Self::CreatedBefore(_) => return at_most("e.created_at"),
            Self::ExpiresBefore(_) => return at_most("v.expires_at"),
            Self::Below(_) => {
                return format!("e.parent_id IN ({})", tree::directories_from(number));
            }
            Self::Category(_) => "e.category",
            Self::Id(_) => "e.id",
            Self::DirectoryId(_) => "e.parent_id",
            Self::Filename(_) => "e.name",
            Self::Permissions(_) => "e.permissions",
            Self::MimeType(_) => "v.mime_type",
            Self::Sha256(_) => "v.sha256",
            Self::ExpirationPolicy(_) => "v.expiration_policy",
            Self::State(state) => {
                let is_it = format!("v.state = ${number}");
                return match state {
                    FileStatus::Validated => {
                        format!("{is_it} AND (v.expires_at IS NULL OR v.expires_at > $2)")
                    }
                    FileStatus::Expired => {
                        format!("({is_it} OR v.state = 'validated' AND v.expires_at <= $2)")
                    }
                    _ => is_it,
                };
            }
        };
        format!("{column} = ${number}")
    }

    fn value(&self) -> String {
        match self {
            Self::NameHas(part) => {
                let escaped = part.replace('\\', "\\\\").replace('%', "\\%");
                format!("%{}%", escaped.replace('_', "\\_"))
            }
            Self::Id(value)
            | Self::DirectoryId(value)
            | Self::Below(value)
            | Self::Filename(value)
            | Self::Permissions(value)
            | Self::MimeType(value)
            | Self::Sha256(value)
            | Self::ExpirationPolicy(value)
            | Self::Tag(value)
            | Self::Category(value)
            | Self::MinSize(value)
            | Self::MaxSize(value)
            | Self::CreatedAfter(value)
            | Self::CreatedBefore(value)
            | Self::ExpiresBefore(value) => value.clone(),
            Self::State(state) => state.as_str().to_owned(),
        }
    }
}

pub(crate) struct Listing<'a> {
    pub user_id: &'a str,
    pub now: i64,
    pub filters: &'a [Filter],
    pub order: Order,
    pub descending: bool,
    /// The last row of the previous page.
    pub after: Option<(SortKey, String)>,
    pub limit: i64,
    pub offset: i64,
}

impl Listing<'_> {
    /// Returns the WHERE clause: `$1` is the user, `$2` the time; the values of the filters follow from `$3`.
    fn conditions(&self) -> String {
        let mut conditions = String::from(
            "WHERE e.user_id = $1 AND e.kind = 'file' AND e.trash_id IS NULL AND $2 > 0",
        );
        for (index, filter) in self.filters.iter().enumerate() {
            conditions.push_str(&format!(" AND {}", filter.condition(index + 3)));
        }
        conditions
    }
}

/// Counts all rows that match.
pub(crate) async fn total(
    connection: &mut AnyConnection,
    listing: &Listing<'_>,
) -> sqlx::Result<i64> {
    // Finished files that have not expired: known without counting them.
    if matches!(listing.filters, [Filter::State(FileStatus::Validated)]) {
        return sqlx::query_scalar(
            "SELECT file_count - (
                 SELECT COUNT(*) FROM versions v
                 JOIN entries e ON e.id = v.file_id AND e.version = v.number
                 WHERE v.user_id = $1 AND v.state = 'validated' AND v.expires_at <= $2
                       AND e.trash_id IS NULL)
             FROM users WHERE id = $1",
        )
        .bind(listing.user_id)
        .bind(listing.now)
        .fetch_one(connection)
        .await;
    }
    let count = format!(
        "SELECT COUNT(*) FROM entries e
         JOIN versions v ON v.file_id = e.id AND v.number = e.version {}",
        listing.conditions()
    );
    let mut query = sqlx::query_scalar(AssertSqlSafe(count))
        .bind(listing.user_id)
        .bind(listing.now);
    for filter in listing.filters {
        query = query.bind(filter.value());
    }
    query.fetch_one(connection).await
}

/// Returns the rows of the page.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    listing: &Listing<'_>,
) -> sqlx::Result<Vec<FileRow>> {
    let conditions = listing.conditions();
    let first = listing.filters.len() + 3;
    let column = listing.order.column();
    let (comparison, direction) = if listing.descending {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    let keyset = match listing.after {
        Some(_) => format!(
            "AND ({column}, e.id) {comparison} (${first}, ${})",
            first + 1
        ),
        None => String::new(),
    };
    // The limit is a literal, since the best query plan for a few rows differs from the one for all.
    let page = format!(
        "{SELECT} {conditions} {keyset} ORDER BY {column} {direction}, e.id {direction}
         LIMIT {} OFFSET {}",
        listing.limit, listing.offset
    );
    let mut query = sqlx::query_as(AssertSqlSafe(page))
        .bind(listing.user_id)
        .bind(listing.now);
    for filter in listing.filters {
        query = query.bind(filter.value());
    }
    if let Some((key, id)) = &listing.after {
        query = match key {
            SortKey::Number(number) => query.bind(*number),
            SortKey::Text(text) => query.bind(text.as_str()),
        };
        query = query.bind(id.as_str());
    }
    query.fetch_all(connection).await
}
