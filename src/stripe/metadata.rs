//! What our checkout writes into Stripe's metadata, and reads back from events.
//!
//! Metadata does not travel from a Checkout Session to its payment intent,
//! subscription or invoice, so the same is written into each.

use std::collections::HashMap;

use super::field::Object;
use crate::contributions::Origin;
use crate::ids::ContributionId;

const CONTRIBUTION: &str = "keepopen_contribution";
const SITE: &str = "keepopen_site";
const APPEAL: &str = "keepopen_appeal";
const VARIANT: &str = "keepopen_variant";
const SURFACE: &str = "keepopen_surface";

/// The metadata of one gift.
pub fn write(origin: &Origin) -> HashMap<String, String> {
    let always = [(CONTRIBUTION, origin.contribution.as_str()), (SITE, origin.site.as_str())];
    let attribution = [(APPEAL, &origin.appeal), (VARIANT, &origin.variant), (SURFACE, &origin.surface)];
    let attribution = attribution.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
    always.into_iter().chain(attribution).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// Reads the metadata in `holder.metadata`. None when it is not ours: other
/// software may use the same Stripe account.
pub fn read(holder: Object<'_>) -> Option<Origin> {
    let metadata = holder.child("metadata")?;
    let text = |key| metadata.value.get(key).and_then(serde_json::Value::as_str);
    Some(Origin {
        contribution: ContributionId::parse(text(CONTRIBUTION)?).ok()?,
        site: text(SITE)?.to_owned(),
        appeal: text(APPEAL).map(str::to_owned),
        variant: text(VARIANT).map(str::to_owned),
        surface: text(SURFACE).map(str::to_owned),
    })
}
