//! Builds SQL from a row's own columns. Each list of columns is written only once, so no two columns can be swapped.

use sqlx::AssertSqlSafe;

/// Returns `INSERT INTO table (a, b) VALUES ($1, $2)`.
pub fn insert(table: &str, columns: &[&str]) -> AssertSqlSafe<String> {
    AssertSqlSafe(insert_sql(table, columns))
}

/// Returns the statement of [`insert`], changed so that it adds nothing if a row with this key exists.
pub fn insert_new(table: &str, columns: &[&str], key: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("{} ON CONFLICT ({key}) DO NOTHING", insert_sql(table, columns)))
}

/// Returns the statement of [`insert`], changed so that it replaces the other columns if a row with this key exists.
pub fn upsert(table: &str, columns: &[&str], key: &str) -> AssertSqlSafe<String> {
    let keys: Vec<&str> = key.split(", ").collect();
    let others = columns.iter().filter(|column| !keys.contains(column));
    let replaced: Vec<String> = others.map(|column| format!("{column} = excluded.{column}")).collect();
    let insert = insert_sql(table, columns);
    AssertSqlSafe(format!("{insert} ON CONFLICT ({key}) DO UPDATE SET {}", replaced.join(", ")))
}

fn insert_sql(table: &str, columns: &[&str]) -> String {
    let parameters: Vec<String> = (1..=columns.len()).map(|number| format!("${number}")).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), parameters.join(", "))
}

/// Returns `SELECT a, b FROM table`, followed by `rest`.
pub fn select_from(table: &str, columns: &[&str], rest: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("SELECT {} FROM {table} {rest}", columns.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_name_each_column_once_and_in_the_same_order() {
        let columns = ["id", "site", "state"];
        assert_eq!(insert("a", &columns).0, "INSERT INTO a (id, site, state) VALUES ($1, $2, $3)");
        assert_eq!(
            insert_new("a", &columns, "id").0,
            "INSERT INTO a (id, site, state) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING"
        );
        assert_eq!(
            upsert("a", &columns, "id, site").0,
            "INSERT INTO a (id, site, state) VALUES ($1, $2, $3) ON CONFLICT (id, site) DO UPDATE SET state = excluded.state"
        );
        assert_eq!(
            select_from("a", &columns, "WHERE id = $1").0,
            "SELECT id, site, state FROM a WHERE id = $1"
        );
    }
}
