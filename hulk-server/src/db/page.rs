//! Lists that come in pages by offset.

use sqlx::{AnyConnection, AssertSqlSafe, FromRow, any::AnyRow};

/// Returns a page and the total number of rows. The owner is `$1` of both statements, and the one for `rows`
/// ends with its ORDER BY.
pub(super) async fn page<R>(
    connection: &mut AnyConnection,
    (total, rows): (&'static str, &str),
    owner: &str,
    (limit, offset): (i64, i64),
) -> sqlx::Result<(Vec<R>, i64)>
where
    R: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
{
    let total = sqlx::query_scalar(total).bind(owner);
    let total = total.fetch_one(&mut *connection).await?;
    let rows = sqlx::query_as(AssertSqlSafe(format!("{rows} LIMIT $2 OFFSET $3")));
    let rows = rows.bind(owner).bind(limit).bind(offset);
    Ok((rows.fetch_all(connection).await?, total))
}
