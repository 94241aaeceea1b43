//! SQL made from a row's own columns, so that no list of columns is written twice and no two can be swapped by their order.

use sqlx::AssertSqlSafe;

/// `INSERT INTO table (a, b) VALUES ($1, $2)`, for [`row!`]'s `bind_to`.
pub fn insert_into(table: &str, columns: &[&str]) -> AssertSqlSafe<String> {
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    AssertSqlSafe(format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), places.join(", ")))
}

/// `SELECT a, b FROM table`, followed by `rest`.
pub fn select_from(table: &str, columns: &[&str], rest: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("SELECT {} FROM {table} {rest}", columns.join(", ")))
}
