//! `keepopen alarms`: open alarms, and acknowledgements.

use keepopen::contributions::{Alarm, Contribution, ContributionState, Frequency, RaisedAlarm};
use keepopen::ids::{AlarmId, ContributionId};
use keepopen::store::{Store, alarms, ledger};

use super::Sandbox;

const GIFT: [u8; 16] = [7; 16];

/// A sandbox with two open alarms on one contribution, and their ids.
async fn with_two_alarms() -> (Sandbox, [AlarmId; 2]) {
    let sandbox = Sandbox::new().and_database();
    let store = Store::open(sandbox.database_url()).await.unwrap();
    let id = ContributionId::from_bytes(GIFT);
    let raised = |alarm: Alarm, objects: &[&str]| RaisedAlarm {
        id: AlarmId::of(&id, &serde_json::to_string(&alarm).unwrap()),
        objects: objects.iter().map(|object| (*object).to_owned()).collect(),
        alarm,
    };
    let warned = raised(Alarm::FraudWarning { warning: "issfr_1".to_owned() }, &["ch_1", "issfr_1"]);
    let stuck = raised(Alarm::InvoiceStuck { invoice: "in_1".to_owned() }, &["in_1", "sub_1"]);
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
    let ids = [warned.id.clone(), stuck.id.clone()];
    let mut tx = store.begin().await.unwrap();
    ledger::put_contribution(&mut tx, &gift, &alarms::written(&[warned, stuck]).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    (sandbox, ids)
}

#[tokio::test]
async fn an_alarm_is_listed_until_somebody_acknowledges_it() {
    let (sandbox, [warned, stuck]) = with_two_alarms().await;
    let gift = ContributionId::from_bytes(GIFT);
    let listed = sandbox.good(&["alarms", "list"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    for (id, objects) in [(&warned, "[ch_1, issfr_1]"), (&stuck, "[in_1, sub_1]")] {
        let starts = format!("{gift}  {id}: ");
        let line = listed.lines().find(|line| line.starts_with(&starts));
        assert!(line.is_some_and(|line| line.ends_with(objects)), "{id}: {listed}");
    }
    assert_eq!(sandbox.good(&["alarms", "list", "--acknowledged"]), "No alarm was acknowledged.\n");

    let looked = ["--name", " Finance desk ", "--reason", "Refunded at Stripe"];
    let said = sandbox.good(&[&["alarms", "acknowledge", warned.as_str()], &looked[..]].concat());
    assert!(said.starts_with(&format!("{gift}  {warned}: ")), "{said}");
    assert!(
        said.contains("  acknowledged 2") && said.ends_with(" by Finance desk: Refunded at Stripe\n"),
        "{said}"
    );
    let audited = sandbox.good(&["audit", "list"]);
    let row = format!("  operator  alarm.acknowledge  {warned}  name (not kept), reason (not kept)\n");
    assert!(audited.ends_with(&row), "{audited}");
    let listed = sandbox.good(&["alarms", "list"]);
    assert!(listed.lines().count() == 1 && listed.contains(stuck.as_str()), "{listed}");
    assert_eq!(sandbox.good(&["alarms", "list", "--acknowledged"]), said);

    // A second acknowledgement does not replace the first one.
    let again = ["alarms", "acknowledge", warned.as_str(), "--name", "Night desk", "--reason", "Me too"];
    assert_eq!(sandbox.good(&again), said);
    sandbox.good(&[
        "alarms",
        "acknowledge",
        stuck.as_str(),
        "--name",
        "Night desk",
        "--reason",
        "Deleted the draft",
    ]);
    assert_eq!(sandbox.good(&["alarms", "list"]), "There are no alarms.\n");
}

#[tokio::test]
async fn an_acknowledgement_needs_a_name_a_reason_and_an_existing_alarm() {
    let (sandbox, [warned, _]) = with_two_alarms().await;
    let long = "x".repeat(1_001);
    for (name, reason, sentence) in [
        (" ", "Refunded", "name: write who reviewed it"),
        ("Finance\ndesk", "Refunded", "name: write who reviewed it"),
        (&long[..101], "Refunded", "name: write who reviewed it"),
        ("Finance desk", "", "reason: write what you found"),
        ("Finance desk", &long[..], "reason: write what you found"),
    ] {
        let arguments = ["alarms", "acknowledge", warned.as_str(), "--name", name, "--reason", reason];
        let said = sandbox.stopped(&arguments);
        assert!(said.contains(sentence), "{said}");
    }
    let other = AlarmId::of(&ContributionId::from_bytes(GIFT), "other");
    let nowhere = ["alarms", "acknowledge", other.as_str(), "--name", "Finance desk", "--reason", "Refunded"];
    let said = sandbox.stopped(&nowhere);
    assert!(said.contains("there is no such alarm: "), "{said}");
    // Invalid arguments exit with 2, as for every command.
    for arguments in [
        &["alarms"][..],
        &["alarms", "acknowledge", "con_1", "--name", "Finance desk", "--reason", "Refunded"],
        &["alarms", "acknowledge", warned.as_str(), "--name", "Finance desk"],
        &["alarms", "acknowledge", warned.as_str(), "--reason", "Refunded"],
    ] {
        let said = sandbox.run(arguments);
        assert_eq!((said.status, said.out.as_str()), (Some(2), ""), "{said:?}");
    }
    assert_eq!(sandbox.good(&["alarms", "list"]).lines().count(), 2);
    assert_eq!(sandbox.good(&["alarms", "list", "--acknowledged"]), "No alarm was acknowledged.\n");
}
