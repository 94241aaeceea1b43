//! Writes and reads the metadata with which our checkout marks Stripe's objects.
//!
//! Stripe does not copy metadata from a Checkout Session to its payment intent, subscription or invoice. So the same
//! metadata is written into each.

use std::collections::HashMap;

use super::field::{BadShape, Object};
use crate::contributions::Origin;
use crate::ids::ContributionId;

pub const CONTRIBUTION: &str = "keepopen_contribution";
pub const SITE: &str = "keepopen_site";
const APPEAL: &str = "keepopen_appeal";
const VARIANT: &str = "keepopen_variant";
const SURFACE: &str = "keepopen_surface";
/// The key of the fee that the reader covers. The fee is written only for people who look at a payment in Stripe's
/// dashboard. The ledger books the amount received, and does not use this key.
const FEE_COVER: &str = "keepopen_fee_cover_minor";

/// Returns the metadata of one gift. `fee_minor` (in the minor unit) is the part of the gift that covers Stripe's
/// fee.
pub fn write(origin: &Origin, fee_minor: Option<i64>) -> HashMap<String, String> {
    let always = [(CONTRIBUTION, origin.contribution.as_str()), (SITE, origin.site.as_str())];
    let attribution = [(APPEAL, &origin.appeal), (VARIANT, &origin.variant), (SURFACE, &origin.surface)];
    let attribution = attribution.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
    let fee = fee_minor.map(|fee| (FEE_COVER.to_owned(), fee.to_string()));
    always.into_iter().chain(attribution).map(|(k, v)| (k.to_owned(), v.to_owned())).chain(fee).collect()
}

/// Reads the metadata in `holder.metadata`. Returns `None` if the metadata is not ours. (Other software can use the
/// same Stripe account.)
///
/// # Errors
/// One of our fields is not a text, although Stripe's metadata values are always texts.
pub fn read(holder: Object<'_>) -> Result<Option<Origin>, BadShape> {
    let Some(metadata) = holder.child("metadata")? else { return Ok(None) };
    let (contribution, site) = (metadata.clean(CONTRIBUTION)?, metadata.clean(SITE)?);
    let contribution = contribution.and_then(|text| ContributionId::parse(text.trim()).ok());
    let (Some(contribution), Some(site)) = (contribution, site) else { return Ok(None) };
    Ok(Some(Origin {
        contribution,
        site: site.trim().to_owned(),
        appeal: metadata.clean(APPEAL)?,
        variant: metadata.clean(VARIANT)?,
        surface: metadata.clean(SURFACE)?,
    }))
}
