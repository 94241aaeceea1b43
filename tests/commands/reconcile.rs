//! `keepopen reconcile` while another comparison runs, after a comparison was killed, and when one of Stripe's lists
//! can't be read.

use std::time::Duration;

use keepopen::clock::Clock;
use keepopen::store::Store;
use keepopen_practice::{PracticeStripe, Trouble};
use keepopen_testkit::{STRIPE_KEY, practice_stripe, wait_until};
use tokio::task::block_in_place;

use super::{JOURNAL, Sandbox};

async fn start_practice_stripe() -> PracticeStripe {
    practice_stripe(|| Clock::System.now_ms() / 1000).await
}

fn sandbox_with_stripe(stripe: &PracticeStripe) -> Sandbox {
    let settings =
        format!("[stripe]\nsecret_key = \"{STRIPE_KEY}\"\napi_url = \"{}\"\n{JOURNAL}", stripe.url());
    Sandbox::with_settings(&settings).with_database()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_is_refused_while_another_one_runs_but_not_after_that_one_is_killed() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    sandbox.run_ok(&["reconcile"]);
    stripe.break_api(Some(Trouble::Hang(Duration::from_secs(600))));
    let mut hanging = sandbox.command(&["reconcile"]).spawn().unwrap();
    let store = Store::open(sandbox.database_url()).await.unwrap();
    let is_held = async || store.lease_held_until_ms().await.unwrap().is_some();
    wait_until(Duration::from_secs(30), "the first comparison holds the lease", is_held).await;
    store.close().await;
    let output = sandbox.run_err(&["reconcile"]);
    assert!(output.starts_with("another comparison is running, so nothing was compared"), "{output}");
    hanging.kill().unwrap();
    hanging.wait().unwrap();
    stripe.break_api(None);
    // A new comparison is refused only until the lease of the killed process expires.
    let is_free = async || block_in_place(|| sandbox.run(&["reconcile"])).status == Some(0);
    wait_until(Duration::from_secs(60), "the lease of the killed process expires", is_free).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_list_makes_the_command_fail_with_an_error_that_names_the_list() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    sandbox.run_ok(&["reconcile"]);
    stripe.break_next_calls(Trouble::Status(403), 1);
    let output = sandbox.run(&["reconcile"]);
    assert_eq!(output.status, Some(1), "{output:?}");
    assert!(
        output.out.contains("Not complete: the list of events could not be read: Stripe refused"),
        "{output:?}"
    );
    assert!(
        output.err.contains("the comparison is not complete: the list of events is missing"),
        "{output:?}"
    );
    let shown = sandbox.run(&["reconcile", "--show"]);
    assert!(shown.status == Some(1) && shown.err.contains("the list of events is missing"), "{shown:?}");
    sandbox.run_ok(&["reconcile"]);
    sandbox.run_ok(&["reconcile", "--show"]);
}
