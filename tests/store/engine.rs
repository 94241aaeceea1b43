//! The guarantees of the database engines.

use keepopen::store::{OpenError, Store};

use super::TestStore;
use keepopen_testkit::Database;

#[actix_web::test]
async fn sqlite_syncs_every_commit_to_disk_and_enforces_foreign_keys() {
    let test = TestStore::open_file().await;
    assert_eq!(test.pragma("journal_mode").await, "wal");
    assert_eq!(test.pragma("synchronous").await, "2", "synchronous must be FULL, which is 2");
    assert_eq!(test.pragma("foreign_keys").await, "1");
}

#[actix_web::test]
async fn every_table_enforces_its_types() {
    let test = TestStore::open_file().await;
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 \
         AND name NOT LIKE 'sqlite_%' AND name <> '_sqlx_migrations'";
    let not_strict = test.store.read_sql(sql).await.unwrap();
    assert_eq!(not_strict, Vec::<String>::new(), "these tables must end with STRICT");
}

#[actix_web::test]
async fn opening_a_database_again_changes_nothing() {
    let test = TestStore::open().await.with_sample_rows().await;
    let before = test.rows("ledger_entries").await;
    let migrations = test.rows("_sqlx_migrations").await;
    let test = test.open_again().await;
    assert_eq!(test.rows("ledger_entries").await, before);
    assert_eq!(test.rows("_sqlx_migrations").await, migrations);
    assert!(!migrations.is_empty(), "the migrations must be recorded");
}

#[actix_web::test]
async fn a_database_of_a_newer_version_is_not_opened() {
    let test = TestStore::open_file().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', 1, x'00', 1)";
    assert_eq!(test.sql(newer).await, Ok(1));
    test.store.close().await;
    let error = Store::open(test.database.url()).await.unwrap_err();
    assert!(matches!(error, OpenError::Migrate(_)), "{error}");
    assert!(error.to_string().contains("run the version that wrote it"), "{error}");
}

#[actix_web::test]
async fn a_database_that_cannot_be_opened_is_reported_with_what_to_do() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let path_below_file = format!("sqlite:{}", file.join("keepopen.db").display());
    let error = Store::open(&path_below_file).await.unwrap_err().to_string();
    assert!(error.contains("data_dir"), "{error}");
    let not_a_database = format!("sqlite:{}", file.display());
    let error = Store::open(&not_a_database).await.unwrap_err().to_string();
    assert!(error.contains("can't be opened"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "not a folder");
}

#[actix_web::test]
async fn an_uncommitted_transaction_changes_nothing() {
    let test = TestStore::open().await;
    let mut tx = test.store.begin().await.unwrap();
    super::put_contribution(&mut tx, 0).await;
    drop(tx);
    assert_eq!(test.store.contributions().await.unwrap(), []);
    assert_eq!(test.store.supporters().await.unwrap(), []);
}

#[actix_web::test]
async fn a_query_during_a_write_sees_only_committed_data() {
    let test = TestStore::open().await.with_sample_rows().await;
    let mut tx = test.store.begin().await.unwrap();
    keepopen::store::ledger::book(&mut tx, &super::payment("pi_2"), 3_000).await.unwrap();
    assert_eq!(test.store.entries().await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(test.store.entries().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_together_on_a_new_file_create_the_tables_once() {
    for _ in 0..20 {
        let folder = tempfile::TempDir::new().unwrap();
        let url = Database::file(folder.path()).url().to_owned();
        let starts: Vec<_> = std::iter::repeat_with(|| {
            let url = url.clone();
            tokio::spawn(async move { Store::open(&url).await })
        })
        .take(4)
        .collect();
        for start in starts {
            let store = start.await.unwrap().unwrap();
            store.close().await;
        }
    }
}

#[actix_web::test]
async fn a_query_for_some_days_reads_only_the_entries_and_counts_of_these_days() {
    let test = TestStore::open().await.with_sample_rows().await;
    let [money, gifts, counts] = Store::RESULT_QUERIES;
    let cases =
        [(money, "ledger_entries_of_site"), (gifts, "ledger_entries_of_site"), (counts, "banner_counts")];
    for (sql, index) in cases {
        let sql = sql.replace("$1", "'journal'").replace("$2", "86400000").replace("$3", "172800000");
        let plan = test.plan(&sql).await;
        let full_scan = plan
            .iter()
            .find(|step| step.starts_with("SCAN ") && !step.contains("gift") || step.contains("Seq Scan"));
        assert_eq!(full_scan, None, "the query must not read a whole table: {plan:#?}");
        assert!(
            plan.iter().any(|step| step.contains(index)),
            "the query must use the index {index}: {plan:#?}"
        );
    }
}
