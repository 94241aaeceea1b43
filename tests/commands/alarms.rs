//! `keepopen alarms`: open alarms, and acknowledgements.

use keepopen::contributions::{Alarm, Contribution, ContributionState, Frequency, RaisedAlarm};
use keepopen::ids::{AlarmId, ContributionId};
use keepopen::store::{Store, alarms, ledger};

use super::Sandbox;

const GIFT: [u8; 16] = [7; 16];

/// A sandbox with two open alarms on one contribution, and their ids.
async fn sandbox_with_two_alarms() -> (Sandbox, [AlarmId; 2]) {
    let sandbox = Sandbox::new().with_database();
    let store = Store::open(sandbox.database_url()).await.unwrap();
    let id = ContributionId::from_bytes(GIFT);
    let raised = |alarm: Alarm, objects: &[&str]| RaisedAlarm {
        id: AlarmId::of(&id, &serde_json::to_string(&alarm).unwrap()),
        objects: objects.iter().map(|object| (*object).to_owned()).collect(),
        alarm,
    };
    let fraud_warning = raised(Alarm::FraudWarning { warning: "issfr_1".to_owned() }, &["ch_1", "issfr_1"]);
    let stuck_invoice = raised(Alarm::InvoiceStuck { invoice: "in_1".to_owned() }, &["in_1", "sub_1"]);
    let gift = Contribution {
        id,
        site: "journal".to_owned(),
        supporter: None,
        frequency: Frequency::MONTHLY,
        money: None,
        state: ContributionState::Active,
        appeal: None,
        variant: None,
        started_at_ms: Some(1_000),
        last_retained_payment_at_ms: None,
        paid_until_ms: None,
        ended_at_ms: None,
        reversed_payments: 0,
        session: None,
        subscription: None,
        subscriptions: Vec::new(),
        customer: None,
    };
    let ids = [fraud_warning.id.clone(), stuck_invoice.id.clone()];
    let mut tx = store.begin().await.unwrap();
    ledger::put_contribution(&mut tx, &gift, &alarms::to_json(&[fraud_warning, stuck_invoice]).unwrap())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    (sandbox, ids)
}

#[tokio::test]
async fn an_alarm_is_listed_until_somebody_acknowledges_it() {
    let (sandbox, [fraud_warning, stuck_invoice]) = sandbox_with_two_alarms().await;
    let gift = ContributionId::from_bytes(GIFT);
    let listed = sandbox.run_ok(&["alarms", "list"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    for (id, objects) in [(&fraud_warning, "[ch_1, issfr_1]"), (&stuck_invoice, "[in_1, sub_1]")] {
        let start_of_line = format!("{gift}  {id}: ");
        let line = listed.lines().find(|line| line.starts_with(&start_of_line));
        assert!(line.is_some_and(|line| line.ends_with(objects)), "{id}: {listed}");
    }
    assert_eq!(sandbox.run_ok(&["alarms", "list", "--acknowledged"]), "No alarm has been acknowledged.\n");

    let review = ["--name", " Finance desk ", "--reason", "Refunded at Stripe"];
    let output = sandbox.run_ok(&[&["alarms", "acknowledge", fraud_warning.as_str()], &review[..]].concat());
    assert!(output.starts_with(&format!("{gift}  {fraud_warning}: ")), "{output}");
    assert!(
        output.contains("  acknowledged 2") && output.ends_with(" by Finance desk: Refunded at Stripe\n"),
        "{output}"
    );
    let audited = sandbox.run_ok(&["audit", "list"]);
    let row = format!(
        "  operator  alarm.acknowledge  {fraud_warning}  name (value not stored), reason (value not stored)\n"
    );
    assert!(audited.ends_with(&row), "{audited}");
    let listed = sandbox.run_ok(&["alarms", "list"]);
    assert!(listed.lines().count() == 1 && listed.contains(stuck_invoice.as_str()), "{listed}");
    assert_eq!(sandbox.run_ok(&["alarms", "list", "--acknowledged"]), output);

    // A second acknowledgement does not replace the first one.
    let again =
        ["alarms", "acknowledge", fraud_warning.as_str(), "--name", "Night desk", "--reason", "Me too"];
    assert_eq!(sandbox.run_ok(&again), output);
    sandbox.run_ok(&[
        "alarms",
        "acknowledge",
        stuck_invoice.as_str(),
        "--name",
        "Night desk",
        "--reason",
        "Deleted the draft",
    ]);
    assert_eq!(sandbox.run_ok(&["alarms", "list"]), "There are no open alarms.\n");
}

#[tokio::test]
async fn an_acknowledgement_needs_a_name_a_reason_and_an_existing_alarm() {
    let (sandbox, [fraud_warning, _]) = sandbox_with_two_alarms().await;
    let long = "x".repeat(1_001);
    for (name, reason, sentence) in [
        (" ", "Refunded", "name: write who reviewed it"),
        ("Finance\ndesk", "Refunded", "name: write who reviewed it"),
        (&long[..101], "Refunded", "name: write who reviewed it"),
        ("Finance desk", "", "reason: write what you found"),
        ("Finance desk", &long[..], "reason: write what you found"),
    ] {
        let arguments = ["alarms", "acknowledge", fraud_warning.as_str(), "--name", name, "--reason", reason];
        let output = sandbox.run_err(&arguments);
        assert!(output.contains(sentence), "{output}");
    }
    let other = AlarmId::of(&ContributionId::from_bytes(GIFT), "other");
    let unknown_alarm =
        ["alarms", "acknowledge", other.as_str(), "--name", "Finance desk", "--reason", "Refunded"];
    let output = sandbox.run_err(&unknown_alarm);
    assert!(output.contains("there is no such alarm: "), "{output}");
    // Every command exits with 2 if its arguments are invalid.
    for arguments in [
        &["alarms"][..],
        &["alarms", "acknowledge", "con_1", "--name", "Finance desk", "--reason", "Refunded"],
        &["alarms", "acknowledge", fraud_warning.as_str(), "--name", "Finance desk"],
        &["alarms", "acknowledge", fraud_warning.as_str(), "--reason", "Refunded"],
    ] {
        let output = sandbox.run(arguments);
        assert_eq!((output.status, output.out.as_str()), (Some(2), ""), "{output:?}");
    }
    assert_eq!(sandbox.run_ok(&["alarms", "list"]).lines().count(), 2);
    assert_eq!(sandbox.run_ok(&["alarms", "list", "--acknowledged"]), "No alarm has been acknowledged.\n");
}
