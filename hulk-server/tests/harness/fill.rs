//! Fills a database with users and files, with SQL alone: the store has no objects.

use sqlx::{AnyConnection, AssertSqlSafe, Row};

pub(crate) const EMAIL: &str = "user0@example.com";

/// Spreads ids over the whole range, like random ones: an odd factor maps each number below 2^48 to a
/// different one.
const STREW: &str = "* 2654435761 % 281474976710656";

struct Sql {
    is_postgres: bool,
}

impl Sql {
    /// SQL for one letter and a number of 11 digits.
    fn padded(&self, letter: char, number: &str) -> String {
        match self.is_postgres {
            true => format!("'{letter}' || lpad(({number})::text, 11, '0')"),
            false => format!("printf('{letter}%011d', {number})"),
        }
    }

    fn id(&self, number: &str) -> String {
        match self.is_postgres {
            true => format!("lpad(to_hex(({number})::bigint {STREW}), 12, '0')"),
            false => format!("printf('%012x', ({number}) {STREW})"),
        }
    }

    /// SQL for a table `numbers` with a column `n`, from `from` to `to`, which is excluded.
    fn numbers(&self, from: u64, to: u64) -> String {
        match self.is_postgres {
            true => {
                format!("WITH numbers AS (SELECT generate_series({from}, {to} - 1)::bigint AS n)")
            }
            false => format!(
                "WITH RECURSIVE numbers (n) AS
                     (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {to})"
            ),
        }
    }
}

/// Adds `users` users and `files` files, spread evenly over the users' root directories.
pub(crate) async fn fill(database: &mut AnyConnection, users: u64, files: u64) {
    let is_postgres = database.backend_name() == "PostgreSQL";
    let sql = Sql { is_postgres };
    let each = files / users;
    let (user, root, file) = (sql.padded('u', "n"), sql.padded('r', "n"), sql.id("n"));
    let owner = format!("n / {each}");
    let (file_user, parent) = (sql.padded('u', &owner), sql.padded('r', &owner));
    let name = sql.padded('f', "n");
    // Indexes are rebuilt once at the end; those of constraints stay.
    let indexes = drop_indexes(database, is_postgres).await;
    run(
        database,
        format!(
            "{} INSERT INTO users (id, email, password_hash, role, email_verified_at, root_id,
             quota_bytes, used_bytes, file_count, created_at, updated_at)
         SELECT {user}, 'user' || n || '@example.com', '-', 'user', 1, {root}, 1000000000000,
             1000 * {each}, {each}, n, n FROM numbers",
            sql.numbers(0, users),
        ),
    )
    .await;
    run(
        database,
        format!(
            "{} INSERT INTO entries (id, user_id, parent_id, name, kind, permissions,
             expiration_policy, version, tags, metadata, download_count, created_at, updated_at)
         SELECT {root}, {user}, '', {user}, 'directory', 'public', 'infinite', 0, '[]', '{{}}', 0,
             n, n FROM numbers",
            sql.numbers(0, users),
        ),
    )
    .await;
    run(
        database,
        format!(
        "{} INSERT INTO entries (id, user_id, parent_id, name, kind, permissions, version, tags,
             metadata, download_count, created_at, updated_at)
         SELECT {file}, {file_user}, {parent}, {name}, 'file', 'inherit', 1, '[]', '{{}}', 0,
             1700000000000 + n, 1700000000000 + n FROM numbers",
        sql.numbers(0, files),
    ),
    )
    .await;
    run(
        database,
        format!(
        "{} INSERT INTO versions (file_id, user_id, number, state, size_bytes, mime_type, sha256,
             direct, if_exists, upload_key, object_key, expiration_policy, created_at, updated_at)
         SELECT {file}, {file_user}, 1, 'validated', 1000, 'text/plain',
             {file} || {file} || {file} || {file} || {file} || 'abcd', 0, 'version', '',
             'dev/infinite/' || {file_user} || '/' || {file} || '/1', 'infinite',
             1700000000000 + n, 1700000000000 + n FROM numbers",
        sql.numbers(0, files),
    ),
    )
    .await;
    for index in indexes {
        run(database, index).await;
    }
    analyze(database).await;
}

/// Moves every sixteenth file made by `fill` to the trash and shares another sixteenth.
pub(crate) async fn throw_and_share(database: &mut AnyConnection) {
    for statement in [
        "UPDATE entries SET trash_id = id, parent_id = 'trash/' || id
         WHERE kind = 'file' AND id LIKE '%7'",
        "INSERT INTO trash (entry_id, user_id, path, trashed_at, is_doomed)
         SELECT id, user_id, name, created_at, 0 FROM entries WHERE trash_id = id",
        "INSERT INTO shares (id, user_id, entry_id, token, can_download, can_upload, can_share,
             can_delete, max_downloads, claim_count, download_count,
             created_at)
         SELECT 's' || id, user_id, id, 't' || id, 1, 0, 0, 0, 9, 1, 0, created_at
         FROM entries WHERE kind = 'file' AND id LIKE '%5'",
        "INSERT INTO claims (id, share_id, file_id, is_ended, ends_at)
         SELECT 'c' || id, id, entry_id, 0, created_at FROM shares",
    ] {
        run(database, statement.to_owned()).await;
    }
    analyze(database).await;
}

async fn analyze(database: &mut AnyConnection) {
    let analyze = match database.backend_name() {
        "PostgreSQL" => "VACUUM ANALYZE",
        _ => "ANALYZE",
    };
    run(database, analyze.to_owned()).await;
}

/// Id of the file with this number.
pub(crate) fn file_id(number: u64) -> String {
    format!("{:012x}", number * 2_654_435_761 % 281_474_976_710_656)
}

async fn drop_indexes(database: &mut AnyConnection, is_postgres: bool) -> Vec<String> {
    let all = match is_postgres {
        true => {
            "SELECT indexname::text, indexdef::text FROM pg_indexes
             WHERE tablename IN ('users', 'entries', 'versions') AND indexname NOT LIKE '%\\_key'
                   AND indexname NOT LIKE '%\\_pkey'"
        }
        false => {
            "SELECT name, sql FROM sqlite_master
             WHERE type = 'index' AND sql IS NOT NULL
                   AND tbl_name IN ('users', 'entries', 'versions')"
        }
    };
    let rows = sqlx::query(all).fetch_all(&mut *database).await.unwrap();
    let mut definitions = Vec::new();
    for row in rows {
        let name: String = row.get(0);
        definitions.push(row.get::<String, _>(1));
        run(database, format!("DROP INDEX {name}")).await;
    }
    definitions
}

async fn run(database: &mut AnyConnection, statement: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(database)
        .await;
    done.unwrap();
}
