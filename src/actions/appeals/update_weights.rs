//! Learns the weights of an appeal's variants from what each variant earned per view.

use keepopen_decision::bandit::{self, Learning, Results};
use keepopen_decision::{LearnedWeights, Learner};

use super::activate_snapshot::rebuild_snapshot;
use super::count_views::count_views;
use crate::app::{App, Context, MachineWrite};
use crate::appeals::StoredWeights;
use crate::clock::DAY_MS;
use crate::keys::sha256;
use crate::sites::SiteSettings;
use crate::store::{StoreError, planned_weights};

const HOUR_MS: i64 = 3_600_000;
/// Every instance stores the counts of an hour within this time after the hour ends.
const STORED_AFTER_MS: i64 = 60_000;
/// Only the views and gifts of this period before now count.
const LOOKBACK_MS: i64 = 90 * DAY_MS;

/// Learns and activates new weights when an hour has passed. Within the same hour, learns only the weights of appeals
/// that have none yet.
///
/// The weights depend only on the results of complete hours, and on a seed that is computed from the site, the appeal
/// and the hour. So every instance computes the same weights.
///
/// # Errors
/// The database does not answer; the active weights stay.
pub async fn update_weights(app: &App, context: &Context<'_>) -> Result<(), StoreError> {
    let now_ms = app.now_ms() - STORED_AFTER_MS;
    let until_ms = now_ms - now_ms.rem_euclid(HOUR_MS);
    let before = app.learned.load_full();
    let mut weights = Vec::new();
    for learner in app.snapshot.load().compiled.learners() {
        let known = before.of(&learner).filter(|_| before.until_ms == until_ms);
        match (known, app.site(&learner.site)) {
            (Some(known), _) => weights.push(known.clone()),
            (None, Some(site)) => weights.push(learn(app, context, learner, site, until_ms).await?),
            (None, None) => {}
        }
    }
    let has_changed = weights != before.weights;
    let learned = StoredWeights { until_ms, weights };
    if app.snapshot_inputs().last_good().learned != learned {
        app.update_last_good(|last_good| last_good.learned = learned.clone());
    }
    app.learned.store(learned.into());
    if has_changed {
        rebuild_snapshot(app);
    }
    Ok(())
}

/// Learns the weights of one appeal's variants from the results before `until_ms`. Stores them as the planned split of
/// the hour that begins then.
async fn learn(
    app: &App,
    context: &Context<'_>,
    learner: Learner,
    site: &SiteSettings,
    until_ms: i64,
) -> Result<LearnedWeights, StoreError> {
    let (site_id, appeal, from_ms) = (&learner.site, &learner.appeal, until_ms - LOOKBACK_MS);
    let (mut views, mut planned, mut gifts) = (Vec::new(), Vec::new(), Vec::new());
    for id in std::iter::once(appeal).chain(&learner.former_ids) {
        views.extend(app.store.first_views_by_hour(site_id, id, from_ms..until_ms).await?);
        planned.extend(app.store.planned_weights(site_id, id, from_ms..until_ms).await?);
        gifts.extend(app.store.retained_gifts(site_id, id, site.currency, from_ms..until_ms).await?);
    }
    let views = count_views(&learner.variants, &views, &planned);
    let results: Vec<Results> = learner
        .variants
        .iter()
        .zip(&views.counted)
        .map(|(id, views)| {
            let rows = || gifts.iter().filter(|row| row.variant == *id);
            let gifts = rows().map(|row| row.gifts).sum();
            let total_minor = rows().map(|row| row.total_minor).sum();
            Results { views: *views, gifts: non_negative(gifts), total_minor: non_negative(total_minor) }
        })
        .collect();
    let learning =
        Learning { floor_per_million: learner.floor_per_million, pace: 1.0, ..Learning::default() };
    let weights = bandit::weights(&results, None, learning, seed(site_id, appeal, until_ms));
    let has_changed = app
        .learned
        .load()
        .of(&learner)
        .is_none_or(|before| !before.weights.iter().map(|(_, weight)| weight).eq(&weights));
    if has_changed {
        tracing::info!(site = site_id, appeal, ?weights, "weights were learned");
    }
    let weights: Vec<(String, u32)> = learner.variants.iter().cloned().zip(weights).collect();
    if has_changed && views.ignored > 0 {
        tracing::warn!(
            site = site_id,
            appeal,
            ignored_views = views.ignored,
            "some first views do not fit the split between the appeal's variants; they are ignored when its weights are learned"
        );
    }
    let json = serde_json::to_string(&weights).map_err(StoreError::corrupt)?;
    let ignored = i64::try_from(views.ignored).unwrap_or(i64::MAX);
    let mut tx = context.machine_write(MachineWrite::Weights).await?;
    planned_weights::record(&mut tx, (site_id, appeal), until_ms, &json, ignored, from_ms).await?;
    tx.commit().await?;
    Ok(LearnedWeights { weights, site: learner.site, appeal: learner.appeal })
}

/// Converts a number from the database. A negative number becomes 0.
fn non_negative(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Returns the seed of the random numbers. It is the same on every instance, and different each hour.
fn seed(site: &str, appeal: &str, until_ms: i64) -> u64 {
    let hash = sha256(format!("{site}\0{appeal}\0{until_ms}").as_bytes());
    hash.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::seed;

    #[test]
    fn the_seed_depends_on_site_appeal_and_hour() {
        let seeds =
            [seed("a", "b", 1), seed("ab", "", 1), seed("a", "c", 1), seed("c", "b", 1), seed("a", "b", 2)];
        let different: std::collections::BTreeSet<u64> = seeds.into_iter().collect();
        assert_eq!(different.len(), seeds.len());
        assert_eq!(seed("a", "b", 1), seeds[0]);
    }
}
