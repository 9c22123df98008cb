//! Lists a user's files: filters, orders, and cursors whose cost does not grow with depth.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hulk_proto::{
    Category, File, FileStatus, ListQuery, Page, RemotePath, Timestamp, file::InvalidStatus,
    limits::DEFAULT_PAGE, page::OrderBy, path::InvalidPath,
};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::{
    app::App,
    auth::scope::Scope,
    db::{
        entries::fold,
        files::{self, FileRow, Filter, Listing, Order, SortKey},
        uploads,
        users::UserRow,
    },
    error::{Error, Result},
    ops::{present, uploads::finish::settle},
};

/// How many unreported uploads one list settles.
const MAX_SETTLED: i64 = 100;

/// Lists files; only finished, unexpired ones, unless the query filters by `status`.
///
/// # Errors
/// `VALIDATION_ERROR` for an unknown order or filter, or a cursor of another list.
pub async fn list_files(app: &App, scope: Scope<'_>, query: &ListQuery) -> Result<Page<File>> {
    let user = scope.user();
    let (order, descending) = order(query.order_by.as_ref())?;
    let cursor = query
        .cursor
        .as_deref()
        .map(|cursor| Cursor::decode(cursor, order, descending))
        .transpose()?;
    let (after, total) = cursor.unzip();
    let limit = query.limit.unwrap_or(DEFAULT_PAGE);
    if query.cursor.is_none() && query.offset.is_none() {
        settle_direct(app, user).await?;
    }
    let mut connection = app.db.read().await?;
    let Some(filters) = filters(&mut connection, scope, query).await? else {
        return Ok(Page {
            items: Vec::new(),
            total: 0,
            next_cursor: None,
        });
    };
    let listing = Listing {
        user_id: &user.id,
        now: Timestamp::now().unix_millis(),
        filters: &filters,
        order,
        descending,
        after,
        limit: i64::from(limit) + 1,
        offset: query
            .offset
            .and_then(|offset| i64::try_from(offset).ok())
            .unwrap_or(0),
    };
    let mut rows = files::list(&mut connection, &listing).await?;
    let total = match total {
        Some(total) => total,
        None => files::total(&mut connection, &listing).await?,
    };
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = match rows.last() {
        Some(last) if has_more => Some(Cursor::encode(last, total, order, descending)?),
        _ => None,
    };
    Ok(Page {
        items: present::files(app, &mut connection, rows).await?,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor,
    })
}

/// Settles unreported uploads before the first page is made.
async fn settle_direct(app: &App, user: &UserRow) -> Result<()> {
    let mut connection = app.db.read().await?;
    let files = uploads::direct_of_user(&mut connection, &user.id, MAX_SETTLED).await?;
    drop(connection);
    for file in files {
        settle(app, &file).await?;
    }
    Ok(())
}

fn order(order_by: Option<&OrderBy>) -> Result<(Order, bool)> {
    let Some(order_by) = order_by else {
        return Ok((Order::CreatedAt, true));
    };
    let order = match order_by.property.as_str() {
        "created_at" => Order::CreatedAt,
        "updated_at" => Order::UpdatedAt,
        "filename" => Order::Filename,
        "size_bytes" => Order::SizeBytes,
        _ => {
            return Err(Error::validation(
                "order_by",
                "files can be ordered by created_at, updated_at, filename or size_bytes",
            ));
        }
    };
    Ok((order, order_by.descending))
}

/// Returns `None` if nothing can match.
async fn filters(
    connection: &mut AnyConnection,
    scope: Scope<'_>,
    query: &ListQuery,
) -> Result<Option<Vec<Filter>>> {
    let mut filters = Vec::new();
    for (property, value) in &query.filters {
        let invalid = |message: String| Error::validation(format!("filter~{property}"), message);
        if value.contains('\0') {
            return Err(invalid("NUL is not allowed".into()));
        }
        filters.push(match property.as_str() {
            "path" => {
                let path: RemotePath = value
                    .parse()
                    .map_err(|error: InvalidPath| invalid(error.to_string()))?;
                match scope.find_by_path(connection, &path).await? {
                    Some(entry) => Filter::Id(entry.id),
                    None => return Ok(None),
                }
            }
            property => filter(property, value).map_err(invalid)?,
        });
    }
    let has_status = |filter: &Filter| matches!(filter, Filter::State(_));
    if !filters.iter().any(has_status) {
        filters.push(Filter::State(FileStatus::Validated));
    }
    filters.extend(scope.bound_to().map(|id| Filter::Below(id.to_owned())));
    Ok(Some(filters))
}

/// Returns the condition on one column.
///
/// # Errors
/// Says what is wrong with the value, or which properties files can be filtered by.
fn filter(property: &str, value: &str) -> std::result::Result<Filter, String> {
    let text = value.to_owned();
    Ok(match property {
        "directory_id" => Filter::DirectoryId(text),
        "filename" => Filter::Filename(text),
        "name" => Filter::NameHas(fold(value)),
        "tag" => Filter::Tag(serde_json::to_string(value).map_err(|error| error.to_string())?),
        "type" => kind(value)?,
        "min_size" => Filter::MinSize(number(value)?),
        "max_size" => Filter::MaxSize(number(value)?),
        "created_after" => Filter::CreatedAfter(time(value)?),
        "created_before" => Filter::CreatedBefore(time(value)?),
        "expires_before" => Filter::ExpiresBefore(time(value)?),
        "permissions" => Filter::Permissions(text),
        "mime_type" => Filter::MimeType(text),
        "sha256" => Filter::Sha256(value.to_ascii_lowercase()),
        "expiration_policy" => Filter::ExpirationPolicy(text),
        "status" => Filter::State(
            value
                .parse()
                .map_err(|error: InvalidStatus| error.to_string())?,
        ),
        _ => {
            return Err(
                "files can be filtered by path, directory_id, filename, name, tag, type, min_size, \
                 max_size, created_after, created_before, expires_before, status, permissions, \
                 mime_type, sha256 or expiration_policy"
                    .into(),
            );
        }
    })
}

/// Filters by a category or a media type.
fn kind(value: &str) -> std::result::Result<Filter, String> {
    match value.contains('/') {
        true => Ok(Filter::MimeType(value.to_owned())),
        false => match value.parse::<Category>() {
            Ok(category) => Ok(Filter::Category(category.to_string())),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// Checks that the database can hold the number; returns its decimal digits.
fn number(value: &str) -> std::result::Result<String, String> {
    match value.parse::<i64>() {
        Ok(number) if number >= 0 => Ok(number.to_string()),
        _ => Err("expected a whole number of bytes".to_owned()),
    }
}

fn time(value: &str) -> std::result::Result<String, String> {
    let time: std::result::Result<Timestamp, _> = value.parse();
    time.map(|time| time.unix_millis().to_string())
        .map_err(|error| error.to_string())
}

/// The last row of a page; valid only for the order that it came from.
#[derive(Serialize, Deserialize)]
struct Cursor {
    order: String,
    number: Option<i64>,
    text: Option<String>,
    id: String,
    /// Counted for the first page, so that the next ones need not count again.
    total: i64,
}

impl Cursor {
    fn encode(row: &FileRow, total: i64, order: Order, descending: bool) -> Result<String> {
        let (number, text) = match order.key_of(row) {
            SortKey::Number(number) => (Some(number), None),
            SortKey::Text(text) => (None, Some(text)),
        };
        let cursor = Self {
            order: format!("{order:?}{descending}"),
            number,
            text,
            id: row.id.clone(),
            total,
        };
        Ok(BASE64.encode(serde_json::to_vec(&cursor).map_err(Error::internal)?))
    }

    /// Returns the position of the row, and the total.
    fn decode(cursor: &str, order: Order, descending: bool) -> Result<((SortKey, String), i64)> {
        let invalid =
            || Error::validation("cursor", "is not the next_cursor of a list in this order");
        let json = BASE64.decode(cursor).map_err(|_| invalid())?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| invalid())?;
        let key = match (cursor.number, cursor.text) {
            (Some(number), None) if order != Order::Filename => SortKey::Number(number),
            (None, Some(text)) if order == Order::Filename && !text.contains('\0') => {
                SortKey::Text(text)
            }
            _ => return Err(invalid()),
        };
        let is_ours = cursor.order == format!("{order:?}{descending}") && !cursor.id.contains('\0');
        is_ours
            .then_some(((key, cursor.id), cursor.total))
            .ok_or_else(invalid)
    }
}
