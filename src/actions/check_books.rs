//! Proves that the books are what the facts say.

use std::collections::BTreeMap;

use crate::app::App;
use crate::contributions::{Contribution, Entry, Fact, fold};

/// Folds every gift anew from all stored facts and compares: every entry and
/// every contribution must be there, the same, and no other. One sentence for
/// each thing that is wrong; none when the books are right.
///
/// # Errors
/// The database does not answer, or holds what can't be read.
pub async fn check_books(app: &App) -> Result<Vec<String>, sqlx::Error> {
    let facts = app.store.facts().await?;
    let stored: BTreeMap<String, Contribution> =
        app.store.contributions().await?.into_iter().map(|it| (it.id.to_string(), it)).collect();
    let booked: BTreeMap<String, Entry> =
        app.store.entries().await?.into_iter().map(|it| (it.cause(), it)).collect();
    let mut wrong = Vec::new();
    let mut right_entries = BTreeMap::new();
    let mut gifts = 0;
    for gift in by_gift(facts) {
        let Some(folded) = fold(&gift) else { continue };
        gifts += 1;
        right_entries.extend(folded.entries.into_iter().map(|it| (it.cause(), it)));
        let id = folded.contribution.id.to_string();
        let Some(known) = stored.get(&id) else {
            wrong.push(format!("{id} follows from the facts but is not stored"));
            continue;
        };
        let expected = Contribution { supporter: known.supporter.clone(), ..folded.contribution };
        if *known != expected {
            wrong.push(format!("{id} is stored as {known:?} but the facts say {expected:?}"));
        }
    }
    if gifts != stored.len() {
        wrong.push(format!("{} contributions are stored but the facts make {gifts}", stored.len()));
    }
    for cause in booked.keys().chain(right_entries.keys()) {
        if booked.get(cause) != right_entries.get(cause) {
            wrong.push(format!(
                "entry {cause}: booked {:?}, facts {:?}",
                booked.get(cause),
                right_entries.get(cause)
            ));
        }
    }
    wrong.extend(check_clearing(app, &booked).await?);
    Ok(wrong)
}

/// What the accounts hold by the database's own sum must be what the entries add up to.
async fn check_clearing(app: &App, booked: &BTreeMap<String, Entry>) -> Result<Option<String>, sqlx::Error> {
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for entry in booked.values() {
        let account = (entry.site.clone(), entry.money.currency.code().to_owned());
        *sums.entry(account).or_insert(0) += entry.kind.sign() * entry.money.amount_minor;
    }
    let held = app.store.clearing().await?;
    Ok((held != sums).then(|| format!("clearing holds {held:?} but the entries add up to {sums:?}")))
}

/// Groups facts that are tied to each other.
fn by_gift(facts: Vec<Fact>) -> Vec<Vec<Fact>> {
    // Union-find over ids; the ids named by a fact are in its own group.
    let mut parent: BTreeMap<String, String> = BTreeMap::new();
    fn root(parent: &mut BTreeMap<String, String>, id: &str) -> String {
        let mut at = id.to_owned();
        while let Some(up) = parent.get(&at).filter(|up| **up != at) {
            at = up.clone();
        }
        parent.insert(id.to_owned(), at.clone());
        at
    }
    for fact in &facts {
        let own = root(&mut parent, fact.id());
        for link in fact.links() {
            let other = root(&mut parent, link);
            parent.insert(other, own.clone());
        }
    }
    let mut groups: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for fact in facts {
        let group = root(&mut parent, fact.id());
        groups.entry(group).or_default().push(fact);
    }
    groups.into_values().collect()
}
