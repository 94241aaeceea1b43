//! Reads the migrations, which are compiled into the program.

use rust_embed::Embed;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

#[derive(Embed)]
#[folder = "migrations/sqlite"]
#[include = "*.sql"]
struct Sqlite;

#[derive(Embed)]
#[folder = "migrations/postgres"]
#[include = "*.sql"]
struct Postgres;

/// Returns every migration for SQLite, in order. A file is named like `0001_what_for.sql`.
pub fn sqlite() -> Migrator {
    migrator::<Sqlite>()
}

/// Returns every migration for PostgreSQL, with the same numbers and names.
pub fn postgres() -> Migrator {
    migrator::<Postgres>()
}

fn migrator<Files: Embed>() -> Migrator {
    let mut migrations: Vec<Migration> = Files::iter().map(|name| read::<Files>(&name)).collect();
    migrations.sort_by_key(|migration| migration.version);
    Migrator::with_migrations(migrations)
}

fn read<Files: Embed>(name: &str) -> Migration {
    let file = Files::get(name).expect("a listed migration must exist");
    let sql = String::from_utf8(file.data.into_owned()).expect("a migration must be UTF-8 text");
    let (number, what_for) = name.split_once('_').expect("a migration must be named like 0001_what_for.sql");
    let number = number.parse().expect("a migration's name must begin with its number");
    let what_for = what_for.trim_end_matches(".sql").replace('_', " ");
    Migration::new(number, what_for.into(), MigrationType::Simple, AssertSqlSafe(sql).into_sql_str(), false)
}

#[cfg(test)]
mod tests {
    #[test]
    fn migrations_have_no_gaps_and_are_the_same_for_both_databases() {
        let names = |migrator: sqlx::migrate::Migrator| -> Vec<(i64, String)> {
            migrator.iter().map(|migration| (migration.version, migration.description.to_string())).collect()
        };
        let (sqlite, postgres) = (names(super::sqlite()), names(super::postgres()));
        let versions: Vec<i64> = sqlite.iter().map(|(version, _)| *version).collect();
        assert!(!versions.is_empty());
        assert_eq!(versions, (1..=i64::try_from(versions.len()).unwrap()).collect::<Vec<_>>());
        assert_eq!(sqlite, postgres);
    }
}
