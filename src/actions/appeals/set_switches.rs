//! Switches a site's appeals, or one of its surfaces, off and on again.

use keepopen_decision::Surface;

use crate::app::{Change, Context};
use crate::appeals::Switches;
use crate::store::StoreError;
use crate::store::switches::{self, SwitchRow};

/// Why no switch was changed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// There is no such site.
    #[error("there is no such site; the settings define the sites")]
    UnknownSite,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Applies `edit` to a site's switches. Returns their new state.
///
/// # Errors
/// See [`SwitchError`].
pub async fn set_switches(
    context: &Context<'_>,
    site: &str,
    edit: impl FnOnce(&mut Switches),
) -> Result<Switches, SwitchError> {
    if !context.settings.sites.contains_key(site) {
        return Err(SwitchError::UnknownSite);
    }
    let mut tx = context.change().await?;
    let rows = switches::of_site(&mut tx, site).await?;
    let before = switches::by_site(&rows).map_err(StoreError::from)?.remove(site).unwrap_or_default();
    let mut after = before;
    edit(&mut after);
    let mut change = Change::new("switch.set", site);
    let mut has_changed = false;
    for (surface, switch) in after.each() {
        if switch != before.get(surface) {
            let row = SwitchRow::new(site, surface, switch, context.now_ms(), context.actor.label());
            switches::record_change(&mut tx, &row).await?;
            let name = surface.map_or("all", Surface::as_str);
            change = change.field(name, before.get(surface).as_str(), switch.as_str());
            has_changed = true;
        }
    }
    tx.commit(has_changed.then_some(change)).await?;
    Ok(after)
}
