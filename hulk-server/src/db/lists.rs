//! Lists with conditions that the client chooses.

use sqlx::{AnyConnection, AssertSqlSafe, FromRow, any::AnyRow};

/// A list: its columns, its tables, and its order.
#[derive(Clone, Copy)]
pub(crate) struct List {
    pub columns: &'static str,
    pub from: &'static str,
    pub order: &'static str,
}

/// Conditions that all must hold. Their values are bound as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    sql: Vec<String>,
    values: Vec<String>,
}

impl Conditions {
    fn bind(&mut self, value: impl Into<String>) -> usize {
        self.values.push(value.into());
        self.values.len()
    }

    /// A condition without a value.
    pub(crate) fn is(&mut self, condition: &'static str) {
        self.sql.push(condition.to_owned());
    }

    pub(crate) fn equals(&mut self, column: &'static str, value: impl Into<String>) {
        let number = self.bind(value);
        self.sql.push(format!("{column} = ${number}"));
    }

    /// The column is NULL, or has another value.
    pub(crate) fn differs(&mut self, column: &'static str, value: impl Into<String>) {
        let number = self.bind(value);
        self.sql
            .push(format!("COALESCE({column}, '') <> ${number}"));
    }

    /// One of the columns has the text somewhere in it.
    pub(crate) fn contains(&mut self, columns: &[&'static str], text: &str) {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%");
        let number = self.bind(format!("%{}%", escaped.replace('_', "\\_")));
        let any = columns
            .iter()
            .map(|column| format!("{column} LIKE ${number} ESCAPE '\\'"));
        let any: Vec<String> = any.collect();
        self.sql.push(format!("({})", any.join(" OR ")));
    }

    /// The row comes after this one in a list whose newest comes first.
    pub(super) fn before(&mut self, time: (&'static str, i64), id: (&'static str, &str)) {
        let at = self.bind(time.1.to_string());
        let after = self.bind(id.1);
        let (time, id) = (time.0, id.0);
        self.sql.push(format!(
            "{time} <= CAST(${at} AS BIGINT) AND ({time} < CAST(${at} AS BIGINT) OR {id} < ${after})"
        ));
    }

    fn clause(&self) -> String {
        match self.sql.is_empty() {
            true => String::new(),
            false => format!("WHERE {}", self.sql.join(" AND ")),
        }
    }
}

/// Counts the rows that match.
pub(crate) async fn total(
    connection: &mut AnyConnection,
    list: List,
    conditions: &Conditions,
) -> sqlx::Result<i64> {
    let count = format!("SELECT COUNT(*) FROM {} {}", list.from, conditions.clause());
    let mut query = sqlx::query_scalar(AssertSqlSafe(count));
    for value in &conditions.values {
        query = query.bind(value);
    }
    query.fetch_one(connection).await
}

/// Returns a page of the rows that match.
pub(crate) async fn rows<R>(
    connection: &mut AnyConnection,
    list: List,
    conditions: &Conditions,
    (limit, offset): (i64, i64),
) -> sqlx::Result<Vec<R>>
where
    R: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
{
    let (columns, from, order) = (list.columns, list.from, list.order);
    let (clause, number) = (conditions.clause(), conditions.values.len());
    let select = format!(
        "SELECT {columns} FROM {from} {clause} ORDER BY {order} LIMIT ${} OFFSET ${}",
        number + 1,
        number + 2
    );
    let mut query = sqlx::query_as(AssertSqlSafe(select));
    for value in &conditions.values {
        query = query.bind(value);
    }
    query.bind(limit).bind(offset).fetch_all(connection).await
}

/// Returns a page of the rows that match, and how many match.
pub(crate) async fn page<R>(
    connection: &mut AnyConnection,
    list: List,
    conditions: &Conditions,
    page: (i64, i64),
) -> sqlx::Result<(Vec<R>, i64)>
where
    R: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
{
    let total = total(connection, list, conditions).await?;
    Ok((rows(connection, list, conditions, page).await?, total))
}
